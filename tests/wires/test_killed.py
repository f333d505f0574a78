"""kill -9 while transfers are booked: each pays its invoice once, and the rest follows by itself."""

import random
import time
from pathlib import Path

import pytest

from portal.billing.models import Invoice, InvoiceState, Payment
from portal.db import db
from portal.jobs import Task, TaskState
from portal.journal import SYSTEM
from portal.sepa.returns.book import import_bank_file
from portal.wires.models import IncomingTransfer, WireState
from portal.wires.taking import MATCH
from tests.builders import a_customer, a_house
from tests.forked import a_crew
from tests.installation import Installation, Installs, kill
from tests.sepa.people import the_entity
from tests.sepa.raw_bank_files import camt
from tests.vaulting import wait_for
from tests.wires.builders import an_invoice, wire
from tests.wires.test_wires import DAYS

TRANSFERS, KILLS = 60, 2


@pytest.mark.slow
def test_a_killed_worker_books_every_transfer_once(
    an_installation: Installs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(11)
    with an_installation(tmp_path) as place:
        with place.context():
            customer = a_customer(a_house().reseller)
            invoices = [an_invoice(customer, 1_000 + number, number, **DAYS) for number in range(TRANSFERS)]
            lines = [
                wire(1_000 + number, invoice.number, reference=f"V{number}", on="2026-11-23")
                for number, invoice in enumerate(invoices)
            ]
            import_bank_file(the_entity(), camt(*lines), "m.xml", by=SYSTEM)
            db.session.commit()
        for number in range(KILLS):
            crew = a_crew(place.app)
            try:
                wait_for(lambda before=number: _has_begun(place, before))
                time.sleep(chance.uniform(0, 0.2))
            finally:
                kill(crew)
        worker = a_crew(place.app)
        try:
            wait_for(lambda: _is_done(place))
        finally:
            kill(worker)
        with place.context():
            rows = db.session.scalars(db.select(IncomingTransfer)).all()
            assert {(row.state, row.free_cents) for row in rows} == {(WireState.BOOKED, 0)}
            paid = db.session.scalars(db.select(Invoice)).all()
            assert {row.state for row in paid} == {InvoiceState.PAID}
            amounts = sorted(db.session.scalars(db.select(Payment.amount_cents)))
            assert amounts == [1_000 + number for number in range(TRANSFERS)], "each once"


def _tasks() -> list[Task]:
    """That of the file, and the day's own, which the crew asks for."""
    return list(db.session.scalars(db.select(Task).where(Task.kind == MATCH)))


def _has_begun(place: Installation, before: int) -> bool:
    with place.context():
        return sum(task.claims for task in _tasks()) > before or _all_done()


def _is_done(place: Installation) -> bool:
    with place.context():
        return _all_done()


def _all_done() -> bool:
    return {task.state for task in _tasks()} == {TaskState.DONE}
