"""Mandates, one announced debit of each, and a past in batches."""

from datetime import timedelta

from sqlalchemy import insert, text

from bench.sepa_rows import a_row
from bench.writer import CHUNK, Writer, pick, run
from portal import clock
from portal.crypto.secrets import keyring
from portal.db import db, new_uid
from portal.deadlines import next_target_day
from portal.sepa.models import Mandate
from portal.sepa.models.batch import BatchMonth, due_months


def write_mandates(count: int) -> None:
    """Accounts are sealed for their row, so Python writes them."""
    ring, now, today = keyring(), clock.now(), clock.today()
    customers = db.session.execute(text("select id, org_path, organisation_id, name from customer")).all()
    for start in range(0, count, CHUNK):
        mandates = []
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
        db.session.execute(insert(Mandate.__table__), mandates)


def write_debits(count: int) -> None:
    now, today = clock.now(), clock.today()
    days = [next_target_day(today + timedelta(days=20 + each)) for each in range(40)]
    customers = db.session.execute(text("select id, org_path, organisation_id from customer")).all()
    for start in range(0, count, CHUNK):
        debits = []
        for number, path, owner in customers[start : start + CHUNK]:
            row = a_row(number)
            base = {"created_at": now, "org_path": path, "organisation_id": owner, "version": 1}
            debits.append(
                base
                | {"id": number, "uid": new_uid(), "mandate_id": number, "legal_entity_id": 1}
                | {"amount_cents": row["cents"], "due_on": days[number % len(days)], "announced_at": now}
                | {"end_to_end_id": row["end_to_end_id"], "reference": f"F{number}", "attempt": 1}
                | {"source_uid": f"s{number}", "remittance": row["remittance"], "sequence_type": "RCUR"}
                | {"state": "announced", "notice_days": 14, "scheme": "CORE"}
            )
        db.session.execute(insert(db.metadata.tables["collection"]), debits)


_REASONS = ("AM04", "MD06", "AC04", "MS03")
_DAYS = 300  # of which debits fell due


def write_history(writer: Writer) -> None:
    """One debit of each customer in the past, a batch for each day; one in thirty came back."""
    entity = "1"
    day = writer.day(f"k - {_DAYS}")
    run(
        "insert into batch (id, uid, created_at, org_path, organisation_id, legal_entity_id, scheme, state, "
        f"msg_id, frozen_on, count, total_cents, version) select k + 1, {writer.uid('b', 'k')}, "
        f"{writer.instant('0')}, o.org_path, o.id, {entity}, 'CORE', 'sent', {writer.uid('b', 'k')}, {day}, "
        "0, 0, 1 from (select n - 1 as k from seq where n <= :days) as d "
        "join organisation o on o.id = 1",
        days=min(_DAYS, writer.count),
    )
    back = "n % 30 = 0"
    writer.write(
        "collection",
        1,
        "q",
        id="n + (select max(id) from mandate)",
        mandate_id="c.id",
        legal_entity_id=entity,
        scheme="'CORE'",
        amount_cents="1200",
        due_on=writer.day(f"n % {_DAYS} - {_DAYS}"),
        end_to_end_id=writer.uid("q"),
        reference=writer.uid("F"),
        source_uid=writer.uid("q"),
        remittance="'Facture'",
        sequence_type="'RCUR'",
        state=f"case when {back} then 'returned' else 'settled' end",
        announced_at=writer.instant("-9000"),
        notice_days="14",
        batch_id=f"n % {_DAYS} + 1",
        returned_on=f"case when {back} then {writer.day('-5')} end",
        return_reason=f"case when {back} then {pick(_REASONS, 'n')} end",
        attempt="1",
        version="1",
    )
    ids = list(db.session.scalars(text("select id from batch")))
    node = db.session.execute(text("select id, org_path from organisation where id = 1")).one()
    for (batch_id, month), number in due_months(ids).items():
        owner = {"organisation_id": node.id, "org_path": node.org_path}
        values = {"uid": new_uid(), "created_at": clock.now(), "batch_id": batch_id, "month": month}
        db.session.execute(insert(BatchMonth.__table__), owner | values | {"count": number})
