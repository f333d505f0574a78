"""A provider, resellers of 500 customers each, all written by the database itself; prints the cookies.

A customer has four contacts, three invoices, an order with its pro-forma, a subscription, a mandate, an
announced debit, a key with a machine, three mails and their tasks. Accounts and keys are truly sealed.
"""

import json
import sys
from types import SimpleNamespace
from typing import Any

from sqlalchemy import bindparam, insert, text

from app import create_app
from bench.owner import analyse, fit_sequences
from bench.scale_debits import write_debits, write_history, write_mandates
from bench.writer import CHUNK, Writer, pick, run
from portal.access import Role
from portal.accounts.models import Organisation, OrganisationKind, User, open_sign_in
from portal.crypto.secrets import keyring
from portal.customers.words import CustomerWord, rows_of_words
from portal.db import EVERYTHING, db, set_scope
from portal.licensing.codes import make_code
from portal.licensing.models import ActivationKey
from portal.paging import chunk_of
from portal.search.keys import WORDS, rows_of_keys
from portal.search.models import SearchKey
from tests.builders import House, a_house

OF_A_RESELLER = 500
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


def seed(count: int) -> dict[str, str]:
    set_scope(EVERYTHING)
    house = a_house()
    writer = Writer(count)
    write_tree(writer, house)
    _sales(writer)
    _watched(writer)
    write_mandates(count)
    write_debits(count)
    write_history(writer)
    _machinery(writer)
    _keys()
    finish()
    return _cookies(house)


def write_tree(writer: Writer, house: House) -> int:
    """Resellers and their customers; the organisation of the first one, the others follow it."""
    run("create temporary table res (k integer primary key, id integer, org_path varchar(200))")
    resellers = max(writer.count // OF_A_RESELLER, 1)
    for k in range(resellers):
        other = Organisation(parent=house.provider, kind=OrganisationKind.RESELLER, name=f"Revendeur {k}")
        db.session.add(other)
        db.session.flush()
        node = house.reseller if not k else other
        run("insert into res values (:k, :id, :path)", k=k, id=node.id, path=node.org_path)
    _customers(writer, other.id + 1, resellers)
    return other.id + 2


def finish() -> None:
    """The rows are there."""
    run("drop table seq")
    run("drop table res")
    db.session.commit()
    fit_sequences()
    analyse()


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
        part = rows[start : start + CHUNK]
        some = [values for row in part for values in rows_of_words(row, [_person(row)])]
        db.session.execute(insert(CustomerWord.__table__), some)
    roles = ("billing", "technical", "incident", "signatory")
    email = "'c' || c.id || '@client.example'"
    person = {"name": "'Camille'", "email": email, "phone": "'01' || c.id"}
    writer.write("contact", 4, "k", customer_id="c.id", role=pick(roles, "n - 1"), **person)


def _person(customer: Any) -> SimpleNamespace:
    """The contact as it is written above, whoever it is for."""
    return SimpleNamespace(email=f"c{customer.id}@client.example", phone=f"01{customer.id}")


def _keys() -> None:
    """What numbers and names are found by."""
    for kind in WORDS:
        table = db.metadata.tables[kind]
        last = 0
        while rows := chunk_of(table.select().where(table.c.id > last).order_by(table.c.id), CHUNK):
            some = [values for row in rows for values in rows_of_keys(kind, row)]
            db.session.execute(insert(SearchKey.__table__), some)
            last = rows[-1].id


def write_product(writer: Writer, months: int) -> None:
    run(
        "insert into product (id, uid, created_at, org_path, organisation_id, code, name, terms_stack, plan, "
        "key_product, billing_months, unit_name, unit_cents, price_includes_vat, vat_basis_points, has_keys, "
        f"is_on_sale) select 1, {writer.uid('p', '1')}, {writer.instant('0')}, org_path, id, 'p', 'Poste', "
        "'natso', 'annual', 1, :m, 'poste', 4990, false, 2000, true, true from organisation where id = 1",
        m=months,
    )


def _sales(writer: Writer) -> None:
    write_product(writer, months=12)
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
    ordered = {"number": writer.uid("C"), "ordered_on": writer.day("-(n % 900)")}
    writer.write("customer_order", 1, "d", state=waits, **ordered, **sold)
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


def _seal_keys(count: int) -> None:
    """Keys are sealed for their row, so Python writes them."""
    ring, key = keyring(), ActivationKey.__table__
    statement = key.update().where(key.c.id == bindparam("row")).values(code_sealed=bindparam("sealed"))
    for start in range(1, count + 1, CHUNK):
        rows = range(start, min(start + CHUNK, count + 1))
        sealed = [ring.seal(make_code(1).text, f"activation_key.code:y{row:015d}") for row in rows]
        some = [{"row": row, "sealed": each} for row, each in zip(rows, sealed, strict=True)]
        db.session.connection().execute(statement, some)


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
    _seal_keys(writer.count)
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
        outcome="case when n % 8 = 1 then 'failed' when n % 50 = 2 then 'partial' when n % 50 = 3 then null "
        "else 'ok' end",
        trouble="case when n % 500 = 1 then 'damaged' else '' end",
        incidents="0",
        ended_at=f"case when n % 50 = 3 then null else {writer.instant('-(n % 30)')} end",
        due_by=f"case when n % 50 = 3 then null else {writer.instant('48 - (n % 50)')} end",
        source_bytes="n * 1000",
        standing="case when n % 100 = 99 then 'unwatched' when n % 50 = 3 then 'unknown' "
        "when n % 500 = 1 then 'damaged' when n % 8 = 1 then 'failed' when n % 50 = 2 then 'partial' "
        "else 'fresh' end",
    )


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
    return tokens


if __name__ == "__main__":
    with create_app().app_context():
        print(json.dumps(seed(int(sys.argv[1]))))
