"""Fill an empty database with one creditor, so many signed mandates and one announced debit of each.

``clear_account`` holds the accounts in the clear, for the floor alone.
"""

import json
import sys
import time
from datetime import timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import insert, text

from app import create_app
from bench.owner import analyse, fit_sequences, owner
from bench.sepa_rows import a_row
from portal import clock
from portal.crypto.secrets import keyring
from portal.customers.models import Customer
from portal.db import EVERYTHING, db, new_uid, set_scope
from portal.journal import SYSTEM
from portal.resellers.models import LegalEntity
from portal.sepa.models import Collection, Mandate
from portal.sepa.models.freezing import Place, begin, complete, join_next
from tests.builders import a_house

CHUNK = 5_000


def seed(count: int) -> None:
    set_scope(EVERYTHING)
    house = a_house()
    with owner() as connection:
        connection.execute(text("create table clear_account (mandate_id integer primary key, iban text)"))
        connection.execute(text("grant select, insert on clear_account to public"))
    reseller, now, today = house.reseller, clock.now(), clock.today()
    base: dict[str, Any] = {"created_at": now, "org_path": reseller.org_path, "organisation_id": reseller.id}
    customer = Customer(
        organisation=reseller,
        reseller_id=reseller.id,
        kind="business",
        name="Client",
        siren="732829320",
        street="1 rue du Port",
        postcode="35000",
        town="Rennes",
        country="FR",
        health_data=False,
        language="fr",
    )
    db.session.add(customer)
    db.session.flush()
    due_on = clock.today() + timedelta(days=30)
    while due_on.weekday() or due_on.day in {1, 25, 26}:
        due_on += timedelta(days=1)
    for start in range(1, count + 1, CHUNK):
        numbers = range(start, min(start + CHUNK, count + 1))
        _some(numbers, base, customer.id, today, due_on)
    db.session.commit()
    fit_sequences()
    analyse()


def _some(numbers: range, base: dict[str, Any], customer_id: int, today: Any, due_on: Any) -> None:
    ring, mandates, debits, clear = keyring(), [], [], []
    for number in numbers:
        row, uid = a_row(number), new_uid()
        mandates.append(
            base
            | {
                "id": number,
                "uid": uid,
                "customer_id": customer_id,
                "legal_entity_id": 1,
                "rum": row["rum"],
                "scheme": "CORE",
                "language": "fr",
                "state": "signed",
                "debtor_name": row["name"],
                "street": "1 rue du Port",
                "postcode": "35000",
                "town": "Rennes",
                "country": "FR",
                "iban_sealed": ring.seal(row["iban"], f"mandate.iban:{uid}"),
                "signed_on": row["signed_on"],
                "text_version": "x",
                "text_sha256": "x",
                "evidence_head": "x",
                "evidence_length": 1,
                "version": 1,
            }
        )
        debits.append(
            base
            | {
                "uid": new_uid(),
                "mandate_id": number,
                "legal_entity_id": 1,
                "amount_cents": row["cents"],
                "scheme": "CORE",
                "due_on": due_on,
                "end_to_end_id": row["end_to_end_id"],
                "reference": f"FA-{number}",
                "source_uid": f"s{number}",
                "remittance": row["remittance"],
                "sequence_type": "RCUR",
                "state": "announced",
                "announced_at": clock.now(),
                "notice_days": 14,
                "version": 1,
            }
        )
        clear.append({"m": number, "i": row["iban"]})
    db.session.execute(insert(Mandate.__table__), mandates)
    db.session.execute(insert(Collection.__table__), debits)
    db.session.execute(text("insert into clear_account values (:m, :i)"), clear)


def freeze() -> dict[str, float]:
    """Everything into one batch, as the task does it; seconds in all, and of the longest transaction."""
    db.session.remove()
    set_scope(EVERYTHING)
    entity = db.session.scalars(db.select(LegalEntity)).one()
    entity.max_rows, entity.max_bytes = 10**9, 10**12
    db.session.commit()
    through = clock.today().replace(year=2099)
    started = time.perf_counter()
    marks = [started]
    place: Place | None = begin(entity, "CORE", SYSTEM)
    while place is not None:
        place = join_next(entity, "CORE", through, place)
        db.session.commit()
        marks.append(time.perf_counter())
    complete(entity, "CORE", SYSTEM)
    db.session.commit()
    marks.append(time.perf_counter())
    longest = max(after - before for before, after in pairwise(marks))
    return {
        "freeze_seconds": round(marks[-1] - started, 2),
        "freeze_longest_transaction_ms": round(longest * 1000),
    }


with create_app().app_context():
    seed(int(sys.argv[1]))
    print(json.dumps(freeze()))
