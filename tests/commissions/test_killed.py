"""kill -9 while a statement is written: one statement, one paper, one amount to pay."""

import time
from pathlib import Path

import pytest

from portal import jobs
from portal.billing.credit_models import Refund
from portal.catalogue.models import Method
from portal.catalogue.price_lists import set_wholesale
from portal.clock import today
from portal.commissions.models import CommissionLine, CommissionStatement
from portal.db import db
from portal.jobs import Task, TaskState
from portal.journal import SYSTEM
from portal.subscriptions.ordering import place_order, record_wire
from tests.builders import a_customer, a_house
from tests.forked import a_crew
from tests.installation import Installation, Installs, kill
from tests.margins.test_price_lists import reseller_of
from tests.subscriptions.builders import a_product
from tests.vaulting import wait_for

CUSTOMERS = 6


def _begun(place: Installation) -> None:
    with place.context():
        house = a_house()
        product = a_product(house)
        set_wholesale(house.reseller, product, unit_cents=3600, effective_on=today(), by=SYSTEM)
        for number in range(CUSTOMERS):
            customer = a_customer(house.reseller, name=f"Client {number}", siren=None)
            order = place_order(customer, product, 1, Method.WIRE, by=SYSTEM)
            paid = {"amount_cents": 5988, "reference": f"VIR {number}"}
            record_wire(order, received_on=today(), by=SYSTEM, **paid)
        reseller = reseller_of(house.reseller)
        jobs.enqueue("commissions.write", f"{reseller.uid}:{today():%Y-%m}", reseller.organisation)
        db.session.commit()


def _is_done(place: Installation) -> bool:
    with place.context():
        query = db.select(Task).where(Task.kind == "commissions.write")
        task = db.session.scalars(query.where(Task.ref.endswith(f"{today():%Y-%m}"))).one()
        return task.state == TaskState.DONE


@pytest.mark.slow
def test_a_killed_statement_is_written_once(an_installation: Installs, tmp_path: Path) -> None:
    with an_installation(tmp_path) as place:
        _begun(place)
        for pause in (0.02, 0.1):
            crew = a_crew(place.app)
            time.sleep(pause)
            kill(crew)
        worker = a_crew(place.app)
        try:
            wait_for(lambda: _is_done(place))
        finally:
            kill(worker)
        with place.context():
            statement = db.session.scalars(db.select(CommissionStatement)).one()
            refund = db.session.scalars(db.select(Refund)).one()
            assert refund.cents == statement.payable_cents == CUSTOMERS * 1_990
            assert db.session.scalar(db.select(db.func.count(CommissionLine.id))) == CUSTOMERS
