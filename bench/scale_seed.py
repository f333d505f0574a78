"""A provider, resellers of 500 customers each, all written by the database itself; prints the cookies.

A customer has four contacts, three invoices, an order with its pro-forma, a subscription, a mandate, an
announced debit, a key with a machine, three mails and their tasks. Accounts and keys are truly sealed.
"""

import json
import sys
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy import insert, text

from app import create_app
from bench.sepa_rows import a_row
from portal import clock
from portal.access import Role
from portal.accounts.models import Organisation, OrganisationKind, User, open_sign_in
from portal.crypto.secrets import keyring
from portal.customers.words import CustomerWord, rows_of_words
from portal.db import EVERYTHING, db, new_uid, set_scope
from portal.deadlines import next_target_day
from portal.licensing.models import ActivationKey
from portal.search.keys import WORDS, rows_of_keys
from portal.search.models import SearchKey
from portal.sepa.models import Mandate
from tests.builders import House, a_house

CHUNK, OF_A_RESELLER = 5_000, 500
_FIRST = (
    "Atelier",
    "Boulangerie",
    "Cabinet",
    "Domaine",
    "Epicerie",
    "Forge",
    "Garage",
    "Hotel",
    "Imprimerie",
)
_LAST = ("du Port", "des Halles", "de la Gare", "du Moulin", "Martin", "Lefort", "du Marais")


class Writer:
    """``insert … select`` over the numbers 1 to ``count``; the engines spell few words apart."""

    def __init__(self, count: int) -> None:
        self.postgres = db.session.connection().dialect.name == "postgresql"
        self.count = count
        run("create table seq (n integer primary key)")
        run(
            "insert into seq with recursive s(n) as (select 1 union all select n + 1 from s where n < :c) "
            "select n from s",
            c=4 * count,
        )

    def uid(self, letter: str, number: str = "n") -> str:
        if self.postgres:
            return f"'{letter}' || lpad(({number})::text, 15, '0')"
        return f"printf('{letter}%015d', {number})"

    def day(self, offset: str) -> str:
        return f"(current_date + ({offset}))" if self.postgres else f"date('now', ({offset}) || ' days')"

    def instant(self, hours: str) -> str:
        if self.postgres:
            return f"(now() + ({hours}) * interval '1 hour')"
        return f"strftime('%Y-%m-%d %H:%M:%f000', 'now', ({hours}) || ' hours')"

    def write(self, table: str, times: int, letter: str, **values: str) -> None:
        """``c`` is the customer of row ``n``; ``times`` rows for each."""
        own = {"id": "n", "uid": self.uid(letter), "created_at": self.instant("-n % 5000")}
        own |= {"org_path": "c.org_path", "organisation_id": "c.organisation_id"} | values
        run(
            f"insert into {table} ({', '.join(own)}) select {', '.join(own.values())} "
            f"from seq join customer c on c.id = (seq.n - 1) / {times} + 1 where seq.n <= :c",
            c=times * self.count,
        )


def run(statement: str, **values: Any) -> None:
    db.session.execute(text(statement), values)


def pick(words: tuple[str, ...], number: str) -> str:
    cases = " ".join(f"when {at} then '{word}'" for at, word in enumerate(words))
    return f"(case ({number}) % {len(words)} {cases} end)"


def seed(count: int) -> dict[str, str]:
    set_scope(EVERYTHING)
    house = a_house()
    run("create table res (k integer primary key, id integer, org_path varchar(200))")
    resellers = max(count // OF_A_RESELLER, 1)
    for k in range(resellers):
        other = Organisation(parent=house.provider, kind=OrganisationKind.RESELLER, name=f"Revendeur {k}")
        db.session.add(other)
        db.session.flush()
        node = house.reseller if not k else other
        run("insert into res values (:k, :id, :path)", k=k, id=node.id, path=node.org_path)
    writer = Writer(count)
    _customers(writer, other.id + 1, resellers)
    _sales(writer)
    _watched(writer)
    _debits(count)
    _machinery(writer)
    _keys()
    run("drop table seq")
    run("drop table res")
    if writer.postgres:
        for table in set(db.metadata.tables) - {"customer_word", "search_key"}:
            run(
                f"select setval(pg_get_serial_sequence('{table}', 'id'), "
                f"coalesce((select max(id) from {table}), 1))"
            )
    db.session.commit()
    return _cookies(house)


def _customers(writer: Writer, first_node: int, resellers: int) -> None:
    name = f"{pick(_FIRST, 'n')} || ' ' || {pick(_LAST, 'n / 7')} || ' ' || n"
    uid, where = writer.uid("o"), f"from seq join res r on r.k = seq.n % {resellers} where n <= :c"
    run(
        "insert into organisation (id, uid, created_at, org_path, kind, name, parent_id) "
        f"select n + {first_node}, {uid}, {writer.instant('0')}, r.org_path || {uid} || '/', 'customer', "
        f"{name}, r.id {where}",
        c=writer.count,
    )
    siren = "lpad(n::text, 9, '0')" if writer.postgres else "printf('%09d', n)"
    columns = "kind, street, postcode, town, country, health_data, language"
    run(
        f"insert into customer (id, uid, created_at, org_path, organisation_id, reseller_id, name, "
        f"name_folded, siren, {columns}) select n, {writer.uid('c')}, {writer.instant('0')}, "
        f"r.org_path || {uid} || '/', n + {first_node}, r.id, {name}, lower({name}), "
        f"{siren}, "
        f"'business', '1 rue du Port', '35000', 'Rennes', 'FR', false, 'fr' {where}",
        c=writer.count,
    )
    rows = db.session.execute(
        text("select id, name, name_folded, reseller_id, org_path, town, siren, siret from customer")
    ).all()
    for start in range(0, len(rows), CHUNK):
        some = [
            values for row in rows[start : start + CHUNK] for values in rows_of_words(row, [_person(row)])
        ]
        db.session.execute(insert(CustomerWord.__table__), some)
    roles = ("billing", "technical", "incident", "signatory")
    email = "'c' || c.id || '@client.example'"
    person = {"name": "'Camille'", "email": email, "phone": "'01' || c.id"}
    writer.write("contact", 4, "k", customer_id="c.id", role=pick(roles, "n - 1"), **person)


def _person(customer: Any) -> SimpleNamespace:
    """The contact as it is written below, whoever it is for."""
    return SimpleNamespace(email=f"c{customer.id}@client.example", phone=f"01{customer.id}")


def _keys() -> None:
    """What the numbers and names are found by."""
    for kind in WORDS:
        rows = db.session.execute(db.metadata.tables[kind].select()).all()
        for start in range(0, len(rows), CHUNK):
            some = [values for row in rows[start : start + CHUNK] for values in rows_of_keys(kind, row)]
            db.session.execute(insert(SearchKey.__table__), some)


def _sales(writer: Writer) -> None:
    run(
        "insert into product (id, uid, created_at, org_path, organisation_id, code, name, terms_stack, plan, "
        "key_product, billing_months, unit_name, unit_cents, price_includes_vat, vat_basis_points, has_keys, "
        f"is_on_sale) select 1, {writer.uid('p', '1')}, {writer.instant('0')}, org_path, id, 'p', 'Poste', "
        "'natso', 'annual', 1, 12, 'poste', 4990, false, 2000, true, true from organisation where id = 1"
    )
    buyer = '{"issuer": {"name": "DROPCLOUD SAS"}, "buyer": {"kind": "business", "name": "'
    parties = f"'{buyer}' || c.name || '\"}}}}'"
    writer.write(
        "invoice",
        3,
        "i",
        customer_id="c.id",
        legal_entity_id="1",
        number=writer.uid("F"),
        issued_on=writer.day("-(n % 900)"),
        due_on=writer.day("30 - (n % 900)"),
        net_cents="1000",
        vat_cents="200",
        gross_cents="1200",
        method="'direct_debit'",
        state="case when n % 10 = 0 then 'issued' else 'paid' end",
        parties=f"({parties}){'::json' if writer.postgres else ''}",
        version="1",
    )
    sold = {
        "customer_id": "c.id",
        "legal_entity_id": "1",
        "product_id": "1",
        "product_name": "'Poste'",
        "plan": "'annual'",
        "terms_stack": "'natso'",
        "terms_versions": "'[\"000-2026\"]'" + ("::json" if writer.postgres else ""),
        "billing_months": "12",
        "quantity": "1",
        "unit_cents": "4990",
        "includes_vat": "false",
        "vat_basis_points": "2000",
        "method": "'wire'",
        "version": "1",
    }
    waits = "case when n % 50 = 0 then 'awaiting_payment' else 'delivered' end"
    writer.write("customer_order", 1, "d", state=waits, ordered_on=writer.day("-(n % 900)"), **sold)
    writer.write(
        "proforma",
        1,
        "r",
        customer_id="c.id",
        legal_entity_id="1",
        number=writer.uid("P"),
        order_uid=writer.uid("d"),
        issued_on=writer.day("-(n % 900)"),
        valid_through=writer.day("60"),
        gross_cents="5988",
    )
    writer.write(
        "subscription",
        1,
        "s",
        order_uid=writer.uid("d"),
        started_on=writer.day("-(n % 900)"),
        billed_before=writer.day("300 - n % 300"),
        state="'active'",
        period_ends_on=writer.day("300 - n % 300"),
        last_notice_on=writer.day("240 - n % 300"),
        **sold,
    )


def _watched(writer: Writer) -> None:
    key = {"product": "'Poste'", "code_sealed": "'x'", "code_index": writer.uid("x"), "seats": "1"}
    writer.write(
        "activation_key",
        1,
        "y",
        customer_id="c.id",
        source_uid=writer.uid("d"),
        seats_used="1",
        valid_through=writer.day("300"),
        **key,
    )
    writer.write(
        "activation",
        1,
        "v",
        key_id="n",
        fingerprint=writer.uid("f"),
        hostname="'poste-' || n",
        license_file="'x'",
    )
    writer.write(
        "machine",
        1,
        "m",
        activation_id="n",
        customer_id="c.id",
        name="'poste-' || n",
        name_folded="'poste-' || n",
        schedule_hours="24",
        is_watched="n % 100 <> 99",
        outcome="case when n % 50 = 1 then 'failed' when n % 50 = 2 then 'partial' when n % 50 = 3 then null "
        "else 'ok' end",
        trouble="case when n % 500 = 1 then 'damaged' else '' end",
        incidents="0",
        ended_at=f"case when n % 50 = 3 then null else {writer.instant('-(n % 30)')} end",
        due_by=f"case when n % 50 = 3 then null else {writer.instant('48 - (n % 50)')} end",
        source_bytes="n * 1000",
        standing="case when n % 100 = 99 then 'unwatched' when n % 50 = 3 then 'unknown' "
        "when n % 500 = 1 then 'damaged' when n % 50 = 1 then 'failed' when n % 50 = 2 then 'partial' "
        "else 'fresh' end",
    )


def _debits(count: int) -> None:
    """Accounts are sealed for their row, so Python writes them."""
    ring, now, today = keyring(), clock.now(), clock.today()
    days = [next_target_day(today + timedelta(days=20 + each)) for each in range(40)]
    customers = db.session.execute(text("select id, org_path, organisation_id, name from customer")).all()
    for start in range(0, count, CHUNK):
        mandates, debits = [], []
        for number, path, owner, name in customers[start : start + CHUNK]:
            row, uid = a_row(number), new_uid()
            base = {"created_at": now, "org_path": path, "organisation_id": owner, "version": 1}
            mandates.append(
                base
                | {"id": number, "uid": uid, "customer_id": number, "legal_entity_id": 1, "rum": row["rum"]}
                | {"scheme": "CORE", "language": "fr", "debtor_name": name, "street": "1 rue du Port"}
                | {"postcode": "35000", "town": "Rennes", "country": "FR", "signed_on": today}
                | {"state": "sent" if number % 100 == 0 else "signed", "iban_masked": "FR76…189"}
                | {"iban_sealed": ring.seal(row["iban"], f"mandate.iban:{uid}"), "text_version": "x"}
                | {"text_sha256": "x", "evidence_head": "x", "evidence_length": 1}
            )
            debits.append(
                base
                | {"id": number, "uid": new_uid(), "mandate_id": number, "legal_entity_id": 1}
                | {"amount_cents": row["cents"], "due_on": days[number % len(days)], "announced_at": now}
                | {"end_to_end_id": row["end_to_end_id"], "reference": f"F{number}", "attempt": 1}
                | {"source_uid": f"s{number}", "remittance": row["remittance"], "sequence_type": "RCUR"}
                | {"state": "announced", "notice_days": 14, "scheme": "CORE"}
            )
        db.session.execute(insert(Mandate.__table__), mandates)
        db.session.execute(insert(db.metadata.tables["collection"]), debits)
    for key in db.session.scalars(db.select(ActivationKey).where(ActivationKey.id <= 200)):
        key.code = f"AAAA-BBBB-CCCC-{key.id:04d}"


def _machinery(writer: Writer) -> None:
    empty = "'[]'" + ("::json" if writer.postgres else "")
    writer.write(
        "mail",
        3,
        "l",
        recipient="'c' || c.id || '@client.example'",
        subject="'Votre facture'",
        body_sealed="'x'",
        language="'fr'",
        subject_uid="c.uid",
        attachments=empty,
        state="'sent'",
        sent_at=writer.instant("-(n % 5000)"),
        message_id="'m' || n",
        server_answer="'250 OK'",
    )
    counters = dict.fromkeys(
        ("done", "total", "lease_until", "not_before", "attempts", "put_off", "claims"), "0"
    )
    words = {
        "unit": "''",
        "cursor": "''",
        "error": "''",
        "state": "'done'",
        "lane": "'mail'",
        "kind": "'mail.send'",
    }
    writer.write("task", 3, "t", ref=writer.uid("l"), **words, **counters)


def _cookies(house: House) -> dict[str, str]:
    people: dict[str, User] = {
        "operator": house.people[Role.OPERATOR],
        "finance": house.people[Role.FINANCE],
        "owner": house.people[Role.OWNER],
    }
    tokens = {
        role: open_sign_in(user, address="127.0.0.1", browser="bench")[1] for role, user in people.items()
    }
    db.session.commit()
    connection = db.session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
    connection.execute(text("vacuum analyze" if connection.dialect.name == "postgresql" else "analyze"))
    return tokens


if __name__ == "__main__":
    with create_app().app_context():
        print(json.dumps(seed(int(sys.argv[1]))))
