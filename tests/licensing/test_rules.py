"""Keys, seats and editions: the articles and their borders."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.errors import Refused
from portal.licensing.rules import (
    Edition,
    Machine,
    check_edition,
    has_expired,
    key_expires_at,
    seats_for,
    takes_a_seat,
)

WORKSTATION = Edition("poste", max_users=1, max_internal_disks=2, network=False, external=False)
SERVER = Edition("serveur", max_users=None, max_internal_disks=None, network=True, external=True)


@pytest.mark.parametrize(
    ("last_paid", "expires"),
    [
        (date(2026, 12, 31), datetime(2026, 12, 31, 23, tzinfo=UTC)),  # winter
        (date(2026, 7, 14), datetime(2026, 7, 14, 22, tzinfo=UTC)),  # summer
        (date(2026, 10, 25), datetime(2026, 10, 25, 23, tzinfo=UTC)),  # a day of 25 hours
        (date(2026, 3, 29), datetime(2026, 3, 29, 22, tzinfo=UTC)),  # a day of 23 hours
    ],
)
def test_000_56_a_key_stops_when_the_last_paid_day_ends_in_paris(last_paid: date, expires: datetime) -> None:
    assert key_expires_at(last_paid) == expires


def test_000_56_the_last_paid_day_is_whole() -> None:
    last = date(2027, 11, 22)
    assert [has_expired(last + timedelta(days=n), last) for n in (-1, 0, 1)] == [False, False, True]


@given(st.dates(date(2000, 1, 1), date(2090, 1, 1)), st.dates(date(2000, 1, 1), date(2090, 1, 1)))
def test_000_56_expired_means_after_the_last_paid_day(on: date, last: date) -> None:
    assert has_expired(on, last) is (on > last)


def test_000_58_seats_are_the_quantity_and_copies_stay_inactive() -> None:
    seats = seats_for(5, 1)
    assert (seats.active, seats.archive) == (5, 1)
    assert seats_for(1, 0).active == 1
    with pytest.raises(Refused, match="au moins une licence"):
        seats_for(0, 1)


def test_002_18_000_58_no_machine_above_the_number() -> None:
    assert takes_a_seat(0, 2, holds_one=False) is True
    assert takes_a_seat(1, 2, holds_one=False) is True
    assert takes_a_seat(2, 2, holds_one=True) is False
    with pytest.raises(Refused, match=r"Tous les postes de cette clé \(2\)"):
        takes_a_seat(2, 2, holds_one=False)


@given(st.lists(st.sampled_from("abcdefgh")), st.integers(0, 6))
def test_002_18_active_machines_never_exceed_the_seats(arrivals: list[str], seats: int) -> None:
    active: list[str] = []
    for machine in arrivals:
        try:
            if takes_a_seat(len(active), seats, holds_one=machine in active):
                active.append(machine)
        except Refused:
            assert len(active) == seats
            assert machine not in active
    assert len(active) == len(set(active)) == min(seats, len(set(arrivals)))


@pytest.mark.parametrize(
    ("machine", "sentence"),
    [
        (Machine(1, 2, False, False), None),
        (Machine(2, 2, False, False), "1 utilisateur"),
        (Machine(1, 3, False, False), "2 disques internes"),
        (Machine(1, 1, True, False), "partage réseau"),
        (Machine(1, 1, False, True), "disque externe"),
    ],
)
def test_000_05_a_workstation_has_one_user_two_disks_and_nothing_else(
    machine: Machine, sentence: str | None
) -> None:
    check_edition(SERVER, machine)
    if sentence is None:
        check_edition(WORKSTATION, machine)
        return
    with pytest.raises(Refused, match=sentence):
        check_edition(WORKSTATION, machine)
