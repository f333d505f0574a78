"""The demonstration can be loaded at any hour of the day."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from portal import clock
from portal.db import db
from portal.demo.late import add_late_payers
from portal.demo.machines import DAYS, _night
from portal.dunning.models import LatePayer
from tests.builders import House, a_customer


@pytest.mark.parametrize("hour", range(24))
def test_each_night_has_a_name_of_its_own(hour: int) -> None:
    last = datetime(2026, 11, 21, hour, 0, tzinfo=UTC) - timedelta(minutes=3)
    for seed in range(20):
        chance = random.Random(seed)
        names = [_night(age, last, 10**9, 1000, chance).run_id for age in range(DAYS)]
        assert len(set(names)) == DAYS


def test_two_customers_of_the_demonstration_are_late_at_different_steps(
    house: House, browser: Callable[..., FlaskClient]
) -> None:
    reminded = a_customer(house.reseller, name="Garage du Port")
    fresh = a_customer(house.reseller, name="Fromagerie des Halles", siren=None)
    add_late_payers(reminded, fresh)
    db.session.commit()
    page = browser(house.finance).get("/late").text
    assert "Garage du Port" in page and "Fromagerie des Halles" in page
    steps = {row.customer.name: row.step for row in db.session.scalars(db.select(LatePayer))}
    assert steps == {"Garage du Port": "second", "Fromagerie des Halles": "reminder"}
    assert all(row.due_on <= clock.today() for row in db.session.scalars(db.select(LatePayer)))
