"""kill -9 in the middle of a billing run: no gap, no double, and it finishes by itself."""

import random
import time
from pathlib import Path

import pytest

from portal.billing.models import BillingRun, Charge, Invoice, RunState, add_charge
from portal.billing.run import start_run
from portal.catalogue.models import Method
from portal.db import db
from portal.journal import SYSTEM
from portal.resellers.models import LegalEntity
from portal.sepa.models import Collection
from tests.builders import a_customer, a_house
from tests.installation import Installs, kill
from tests.sepa.signed import sign_now

CUSTOMERS, KILLS = 18, 3


@pytest.mark.slow
def test_a_killed_run_bills_everybody_once(an_installation: Installs, tmp_path: Path) -> None:
    chance = random.Random(5)
    with an_installation(tmp_path) as place:
        with place.context():
            house = a_house()
            entity = db.session.scalars(db.select(LegalEntity)).one()
            for number in range(CUSTOMERS):
                customer = a_customer(house.reseller, name=f"Client {number}", siren=None, accepted="")
                sign_now(customer, entity)
                add_charge(
                    customer,
                    origin=f"x:{number}",
                    label="x",
                    quantity=1,
                    unit_cents=1000,
                    includes_vat=False,
                    method=Method.DIRECT_DEBIT,
                )
            start_run(entity, "2026-11", by=SYSTEM)
            db.session.commit()
        for _ in range(KILLS):
            worker = place.worker()
            time.sleep(chance.uniform(1.2, 2.2))
            kill(worker)
        worker = place.worker()
        try:
            _wait_until_done(place)
        finally:
            kill(worker)
        with place.context():
            numbers = sorted(db.session.scalars(db.select(Invoice.number)))
            assert numbers == [f"FA-2026-{n:06d}" for n in range(1, CUSTOMERS + 1)]
            assert db.session.scalar(db.select(db.func.count(Collection.id))) == CUSTOMERS
            unbilled = db.select(db.func.count(Charge.id)).where(Charge.invoice_id.is_(None))
            assert db.session.scalar(unbilled) == 0
            run = db.session.scalars(db.select(BillingRun)).one()
            assert (run.invoices, run.gross_cents) == (CUSTOMERS, CUSTOMERS * 1200)


def _wait_until_done(place: object, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with place.context():  # type: ignore[attr-defined]
            if db.session.scalars(db.select(BillingRun.state)).one() == RunState.DONE:
                return
        time.sleep(0.3)
    raise AssertionError("the run did not finish")
