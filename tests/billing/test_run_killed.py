"""kill -9 in the middle of a billing run: no gap, no double, and it finishes by itself."""

import random
import time
from pathlib import Path

import pytest

from portal.billing import run as billing_run
from portal.billing.models import BillingRun, Charge, Invoice, RunState, add_charge
from portal.billing.run import start_run
from portal.blobs import Document, content_of
from portal.catalogue.models import Method
from portal.db import db
from portal.jobs import Task, TaskState
from portal.journal import SYSTEM
from portal.mail import Mail
from portal.resellers.models import LegalEntity
from portal.sepa.models import Collection
from tests.builders import a_customer, a_house
from tests.forked import a_crew
from tests.installation import Installation, Installs, kill
from tests.sepa.signed import sign_now
from tests.vaulting import wait_for

TOGETHER, KILLS = 8, 3  # so few here, for several freezings in a short run
CUSTOMERS = 2 * TOGETHER + 5


@pytest.mark.slow
def test_a_killed_run_bills_everybody_once(
    an_installation: Installs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(billing_run, "TOGETHER", TOGETHER)  # of the workers that are forked from here
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
        for number in range(KILLS):
            crew = a_crew(place.app)
            try:
                wait_for(lambda before=number: _has_begun(place, before))
                time.sleep(chance.uniform(0, 0.1))
            finally:
                kill(crew)
        worker = a_crew(place.app)
        try:
            _wait_until_done(place)
            _wait_until_nothing_is_left(place)
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
            documents = db.session.scalars(db.select(Document).where(Document.kind == "invoice")).all()
            assert len(documents) == CUSTOMERS
            for document in documents:
                assert content_of(document).startswith(b"%PDF")
            carried = [mail.attachments for mail in db.session.scalars(db.select(Mail)) if mail.attachments]
            assert sorted(uid for [uid] in carried if uid in {row.uid for row in documents}) == sorted(
                document.uid for document in documents
            )
            blobs = [
                path
                for path in (place.folder / "blobs").rglob("*")
                if path.is_file() and path.suffix != ".part"
            ]
            assert len(blobs) == db.session.scalar(db.select(db.func.count(Document.id)))


def _has_begun(place: Installation, before: int) -> bool:
    """Somebody has taken the run once more than ``before`` times, or it is over already."""
    with place.context():
        task = db.session.scalars(db.select(Task).where(Task.kind == "billing.run")).one()
        return task.claims > before or task.state == TaskState.DONE


def _wait_until_nothing_is_left(place: Installation, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with place.context():
            states = set(db.session.scalars(db.select(Task.state)))
            if states == {TaskState.DONE}:
                return
        time.sleep(0.1)
    raise AssertionError(f"something is left: {states}")


def _wait_until_done(place: Installation, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with place.context():
            if db.session.scalars(db.select(BillingRun.state)).one() == RunState.DONE:
                return
        time.sleep(0.1)
    raise AssertionError("the run did not finish")
