"""kill -9 while maintenance is announced: every customer is told in the end, each once."""

import random
import time
from datetime import timedelta
from pathlib import Path

import pytest

from portal import clock
from portal.availability.planned import TELL, WorkNotice, plan_work
from portal.catalogue.models import Method
from portal.customers.models import Customer
from portal.db import db
from portal.jobs import Task, TaskState
from portal.journal import SYSTEM
from portal.mail import Mail
from portal.subscriptions.ordering import place_order
from tests.builders import a_customer, a_house
from tests.forked import a_crew
from tests.installation import Installation, Installs, kill
from tests.subscriptions.builders import a_monthly_product
from tests.vaulting import wait_for

CUSTOMERS, KILLS = 12, 2


@pytest.mark.slow
def test_a_killed_worker_tells_every_customer_of_maintenance_once(
    an_installation: Installs, tmp_path: Path
) -> None:
    chance = random.Random(11)
    with an_installation(tmp_path) as place:
        with place.context():
            _planned_for_all()
        for number in range(KILLS):
            crew = a_crew(place.app)
            try:
                wait_for(lambda before=number: _has_begun(place, before))
                time.sleep(chance.uniform(0, 0.1))
            finally:
                kill(crew)
        worker = a_crew(place.app)
        try:
            wait_for(lambda: _is_done(place))
        finally:
            kill(worker)
        with place.context():
            wanted = sorted(db.session.scalars(db.select(Customer.id)))
            assert sorted(db.session.scalars(db.select(WorkNotice.customer_id))) == wanted
            mails = db.select(Mail.organisation_id).where(Mail.kind == "availability/mail_planned")
            told = list(db.session.scalars(mails))
            assert len(told) == len(set(told)) == CUSTOMERS


def _planned_for_all() -> None:
    house = a_house()
    product = a_monthly_product(house)
    for number in range(CUSTOMERS):
        customer = a_customer(house.reseller, accepted="dropcloud", name=f"Client {number}", siren=None)
        place_order(customer, product, 1, Method.DIRECT_DEBIT, by=SYSTEM).deliver(by=SYSTEM)
    start = clock.now() + timedelta(days=3)
    plan_work(house.provider, "dropcloud", ["access"], start, start + timedelta(1), "Baies", by=SYSTEM)
    db.session.commit()


def _is_done(place: Installation) -> bool:
    return _claims(place)[1]


def _claims(place: Installation) -> tuple[int, bool]:
    """How often the task was taken, and whether it is over."""
    with place.context():
        task = db.session.scalars(db.select(Task).where(Task.kind == TELL)).one()
        return task.claims, task.state == TaskState.DONE


def _has_begun(place: Installation, before: int) -> bool:
    """Somebody has taken the task once more than ``before`` times, or it is over already."""
    claims, is_done = _claims(place)
    return claims > before or is_done
