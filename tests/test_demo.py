"""The demonstration can be loaded at any hour of the day."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from portal.demo.machines import DAYS, _night


@pytest.mark.parametrize("hour", range(24))
def test_each_night_has_a_name_of_its_own(hour: int) -> None:
    last = datetime(2026, 11, 21, hour, 0, tzinfo=UTC) - timedelta(minutes=3)
    for seed in range(20):
        chance = random.Random(seed)
        names = [_night(age, last, 10**9, 1000, chance).run_id for age in range(DAYS)]
        assert len(set(names)) == DAYS
