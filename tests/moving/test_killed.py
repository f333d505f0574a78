"""kill -9 in the middle of taking in: no row twice, and it finishes by itself."""

import random
import time
from pathlib import Path

import pytest
from sqlalchemy import func, select

from portal.customers.models import Customer
from portal.db import db
from portal.jobs import Task, TaskState, drain
from portal.moving.depositing import deposit
from portal.moving.jobs import TOGETHER
from portal.moving.models import Moving, MovingRow, MovingState
from portal.sepa.models import Mandate
from tests.builders import a_house
from tests.forked import a_crew
from tests.installation import Installation, Installs, kill
from tests.subscriptions.builders import a_monthly_product
from tests.vaulting import wait_for
from tests.workbooks import a_workbook

CUSTOMERS, KILLS = 4 * TOGETHER + 3, 2


@pytest.mark.slow
def test_a_killed_import_takes_in_everybody_once(an_installation: Installs, tmp_path: Path) -> None:
    chance = random.Random(7)
    with an_installation(tmp_path) as place:
        with place.context():
            house = a_house()
            a_monthly_product(house)
            moving = deposit(a_workbook(CUSTOMERS), "reprise.xlsx", by=house.operator)
            db.session.commit()
            drain()
            moving = the_moving()
            moving.take_in(by=moving.by_user)
            db.session.commit()
        for number in range(KILLS):
            crew = a_crew(place.app)
            try:
                wait_for(lambda before=number: _has_begun(place, before))
                time.sleep(chance.uniform(0, 0.15))
            finally:
                kill(crew)
        worker = a_crew(place.app)
        try:
            wait_for(lambda: _is_taken(place))
        finally:
            kill(worker)
        with place.context():
            for model in (Customer, Mandate):
                assert db.session.scalar(select(func.count(model.id))) == CUSTOMERS
            own = select(func.count(MovingRow.id)).where(MovingRow.sheet == "customers")
            assert db.session.scalar(own) == CUSTOMERS


def the_moving() -> Moving:
    return db.session.scalars(select(Moving)).one()


def _has_begun(place: Installation, before: int) -> bool:
    with place.context():
        task = db.session.scalars(select(Task).where(Task.kind == "moving.take")).one()
        return task.claims > before or task.state == TaskState.DONE


def _is_taken(place: Installation) -> bool:
    with place.context():
        return the_moving().state == MovingState.TAKEN
