"""The state of a cell: the edges of the schedule, and never green by default."""

from datetime import timedelta
from itertools import product

import pytest

from portal.backups.health import Health, Outcome, Trouble, due_by, health
from tests.backups.reporting import NIGHT

DUE = due_by(NIGHT, 24)


def test_a_machine_is_late_after_two_schedules_and_not_before() -> None:
    assert timedelta(hours=48) == DUE - NIGHT
    assert health(Outcome.OK, Trouble.NONE, 0, DUE, DUE) == Health.FRESH
    assert health(Outcome.OK, Trouble.NONE, 0, DUE, DUE + timedelta(microseconds=1)) == Health.LATE


@pytest.mark.parametrize(
    ("outcome", "trouble", "incidents", "hours", "expected"),
    [
        (Outcome.OK, Trouble.NONE, 0, 0, "fresh"),
        (Outcome.OK, Trouble.NONE, 1, 0, "partial"),
        (Outcome.OK, Trouble.NONE, 1, 49, "late"),
        (Outcome.PARTIAL, Trouble.NONE, 1, 48, "partial"),
        (Outcome.PARTIAL, Trouble.NONE, 1, 49, "late"),
        (Outcome.FAILED, Trouble.NONE, 1, 49, "failed"),
        (Outcome.FAILED, Trouble.LOCKED, 1, 49, "locked"),
        (Outcome.FAILED, Trouble.DAMAGED, 1, 0, "damaged"),
    ],
)
def test_the_gravest_thing_known_is_shown(
    outcome: Outcome, trouble: Trouble, incidents: int, hours: int, expected: str
) -> None:
    assert health(outcome, trouble, incidents, DUE, NIGHT + timedelta(hours=hours)) == expected


def test_only_a_good_run_in_time_is_green() -> None:
    green = [
        (outcome, trouble, incidents, late)
        for outcome, trouble, incidents, late in product(
            [None, *Outcome], Trouble, [0, 1], [timedelta(0), timedelta(seconds=1)]
        )
        if health(outcome, trouble, incidents, DUE if outcome else None, DUE + late) == Health.FRESH
    ]
    assert green == [(Outcome.OK, Trouble.NONE, 0, timedelta(0))]


def test_a_machine_that_nobody_watches_is_never_an_alarm() -> None:
    assert health(Outcome.FAILED, Trouble.DAMAGED, 9, DUE, DUE, watched=False) == Health.UNWATCHED
