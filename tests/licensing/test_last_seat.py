"""A thousand machines ask for the last seat: one has it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from portal.db import EVERYTHING, db, set_scope
from portal.licensing.models import Activation, ActivationKey, LicenseRefused
from portal.licensing.seating import take_seat
from tests.builders import House, a_house
from tests.installation import Installation, Installs
from tests.licensing.test_activation import a_key

MACHINES, AT_ONCE = 1000, 20


@pytest.fixture
def place(an_installation: Installs, tmp_path: Path) -> Iterator[Installation]:
    with an_installation(tmp_path) as place:
        yield place


def try_some(place: Installation, number: int) -> list[str]:
    """What the machines of one of the callers are told, one after the other, each in its transaction."""
    told = []
    for machine in range(number, MACHINES, AT_ONCE):
        with place.app.app_context():
            set_scope(EVERYTHING)
            key = db.session.scalars(db.select(ActivationKey)).one()
            try:
                take_seat(key, f"m{machine}", "")
                db.session.commit()
                told.append("SEATED")
            except LicenseRefused as refusal:
                db.session.rollback()
                told.append(refusal.code)
    return told


def test_000_58_a_thousand_machines_share_the_last_seat_and_one_has_it(place: Installation) -> None:
    with place.context():
        house: House = a_house()
        key = a_key(house, seats=2)
        take_seat(key, "first", "")
        db.session.commit()
        with ThreadPoolExecutor(AT_ONCE) as callers:
            answers = callers.map(lambda number: try_some(place, number), range(AT_ONCE))
            told = [each for some in answers for each in some]
        assert (told.count("SEATED"), told.count("NO_SEAT_LEFT")) == (1, MACHINES - 1)
        db.session.rollback()
        assert db.session.scalar(db.select(db.func.count(Activation.id))) == 2
        assert db.session.scalar(db.select(ActivationKey.seats_used)) == 2
