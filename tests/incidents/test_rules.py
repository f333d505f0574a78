"""Clocks of incidents and planned work: the figures of the contracts, and their borders."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.deadlines import PARIS
from portal.errors import Refused
from portal.incidents.rules import (
    Work,
    check_contest,
    contest_until,
    fix_due_at,
    fix_due_in_business_hours,
    fix_time,
    interruption_starts_at,
    interruption_time,
    is_announced_in_time,
    is_excluded_from_downtime,
    is_off_hours,
    is_ticket_billable,
    last_announcement_at,
    report_due_on,
    response_due_at,
    restore_due_at,
)

MINUTE = timedelta(minutes=1)


def paris(month: int, day: int, hour: int, minute: int = 0, second: int = 0, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, second, tzinfo=PARIS)


def restored(at: datetime, hours: int) -> datetime:
    return restore_due_at(at, hours, off_hours_factor=2, night_from=20, night_to=8)


def test_001_24_backup_and_restore_are_back_in_4_hours_on_a_working_day() -> None:
    assert restored(paris(11, 23, 10), 4) == paris(11, 23, 14)


def test_001_25_secondary_functions_are_back_in_8_hours() -> None:
    assert restored(paris(11, 23, 10), 8) == paris(11, 23, 18)


@pytest.mark.parametrize(
    ("start", "off"),
    [
        (paris(11, 23, 7, 59), True),  # Monday, before 8:00
        (paris(11, 23, 8), False),
        (paris(11, 23, 19, 59), False),
        (paris(11, 23, 20), True),
        (paris(11, 21, 12), True),  # Saturday
        (paris(11, 22, 12), True),  # Sunday
        (paris(11, 11, 12), True),  # Wednesday, holiday
        (datetime(2026, 11, 23, 7, 30, tzinfo=UTC), False),  # 8:30 in Paris
        (datetime(2026, 11, 23, 19, 0, tzinfo=UTC), True),  # 20:00 in Paris
    ],
)
def test_001_26_nights_week_ends_and_holidays_double_the_time(start: datetime, off: bool) -> None:
    assert is_off_hours(start, 20, 8) == off
    assert restored(start, 4) == start.astimezone(UTC) + timedelta(hours=8 if off else 4)


def test_001_26_the_start_decides_and_the_longer_time_is_only_possible() -> None:
    assert restored(paris(11, 23, 19, 59), 4) == paris(11, 23, 23, 59)
    kept = restore_due_at(paris(11, 23, 22), 4, off_hours_factor=1, night_from=20, night_to=8)
    assert kept == paris(11, 24, 2)


def test_001_26_four_hours_doubled_are_eight_real_hours_when_the_hour_changes() -> None:
    assert restored(paris(10, 25, 0), 4) == paris(10, 25, 7)  # 2:00 to 3:00 comes twice


def test_an_instant_without_a_time_zone_is_a_bug() -> None:
    with pytest.raises(ValueError, match="time zone"):
        is_off_hours(datetime(2026, 11, 23, 10), 20, 8)


@pytest.mark.parametrize("clause", ["000-48", "001-33"])
def test_000_48_planned_work_is_announced_8_hours_before(clause: str) -> None:
    work = paris(11, 24, 6)
    assert last_announcement_at(work, 8) == paris(11, 23, 22), clause
    assert is_announced_in_time(paris(11, 23, 22), work, 8)
    assert not is_announced_in_time(paris(11, 23, 22, 0, 1), work, 8)
    assert not is_announced_in_time(None, work, 8)


@pytest.mark.parametrize(
    ("announced_on", "excluded"),
    [(date(2026, 11, 23), True), (date(2026, 11, 24), False), (date(2026, 11, 26), False), (None, False)],
)
def test_003_26_maintenance_is_left_out_if_told_2_calendar_days_before(
    announced_on: date | None, excluded: bool
) -> None:
    assert is_excluded_from_downtime(Work(date(2026, 11, 25), announced_on, False), 2) == excluded


def test_003_27_emergency_work_is_left_out_without_notice() -> None:
    assert is_excluded_from_downtime(Work(date(2026, 11, 25), None, True), 2)


@pytest.mark.parametrize(
    ("clause", "response_minutes", "fix_minutes", "answer_by", "fixed_by"),
    [
        ("003-70", 15, 120, paris(11, 21, 23, 15), paris(11, 22, 1)),
        ("003-71", 30, 240, paris(11, 21, 23, 30), paris(11, 22, 3)),
    ],
)
def test_003_70_and_003_71_severe_incidents_run_day_and_night(
    clause: str, response_minutes: int, fix_minutes: int, answer_by: datetime, fixed_by: datetime
) -> None:
    opened = paris(11, 21, 23)  # a Saturday
    assert response_due_at(opened, response_minutes) == answer_by, clause
    assert fix_due_at(opened, fix_minutes) == fixed_by, clause


@pytest.mark.parametrize(
    ("complete_at", "due_at"),
    [
        (paris(11, 23, 10), paris(12, 1, 10)),  # Monday: Tuesday of the next week
        (paris(11, 5, 16), paris(11, 16, 16)),  # 11 November is closed
        (paris(11, 21, 15), paris(12, 1, 0)),  # Saturday counts from Monday 0:00
    ],
)
def test_003_72_48_business_hours_are_6_days(complete_at: datetime, due_at: datetime) -> None:
    assert response_due_at(complete_at, 60) == complete_at.astimezone(UTC) + timedelta(hours=1)
    assert fix_due_in_business_hours(complete_at, 48, 8) == due_at


def test_003_72_hours_that_are_not_whole_days_are_refused() -> None:
    with pytest.raises(Refused, match="nombre entier"):
        fix_due_in_business_hours(paris(11, 23, 10), 50, 8)


def test_003_73_the_fix_clock_stops_while_the_customer_answers() -> None:
    opened, solved = paris(11, 23, 10), paris(11, 23, 13)
    asked, answered = paris(11, 23, 11), paris(11, 23, 11, 45)
    assert fix_time(opened, solved) == timedelta(hours=3)
    assert fix_time(opened, opened) == timedelta()
    assert fix_time(opened, solved, [(asked, answered)]) == timedelta(hours=2, minutes=15)
    assert fix_due_at(opened, 120, answered - asked) == paris(11, 23, 12, 45)
    assert fix_due_in_business_hours(opened, 48, 8, timedelta(days=1, hours=15)) == paris(12, 3, 1)
    assert fix_due_in_business_hours(paris(11, 19, 22), 48, 8, timedelta(hours=3)) == paris(
        11, 30, 1
    )  # no week-end


def test_003_73_two_questions_at_once_stop_the_clock_once() -> None:
    waits = [
        (paris(11, 23, 9), paris(11, 23, 10, 30)),  # half of it before the ticket was complete
        (paris(11, 23, 10, 15), paris(11, 23, 11)),
        (paris(11, 23, 12, 30), paris(11, 23, 15)),  # still open when solved
    ]
    assert fix_time(paris(11, 23, 10), paris(11, 23, 13), waits) == timedelta(hours=1, minutes=30)


def test_003_73_times_that_run_backwards_are_refused() -> None:
    with pytest.raises(Refused, match="résolu avant"):
        fix_time(paris(11, 23, 10), paris(11, 23, 9))
    with pytest.raises(Refused, match="précéder la question"):
        fix_time(paris(11, 23, 10), paris(11, 23, 13), [(paris(11, 23, 12), paris(11, 23, 11))])


HOURS = st.integers(0, 240).map(lambda minutes: paris(11, 23, 10) + minutes * MINUTE)


@given(st.lists(st.tuples(HOURS, HOURS).map(sorted).map(tuple), max_size=6))
def test_003_73_waiting_never_makes_the_fix_longer_nor_negative(waits: list) -> None:
    spent = fix_time(paris(11, 23, 10), paris(11, 23, 13), waits)
    assert timedelta() <= spent <= timedelta(hours=3)
    assert fix_time(paris(11, 23, 10), paris(11, 23, 13), waits * 2) == spent


@pytest.mark.parametrize(
    ("confirmed_at", "starts_at"),
    [
        (paris(11, 23, 10, 20), paris(11, 23, 10)),
        (paris(11, 23, 10, 28), paris(11, 23, 10)),  # 30 minutes after the call of 9:58
        (paris(11, 23, 10, 28, 1), paris(11, 23, 10, 28, 1)),
        (paris(11, 23, 17), paris(11, 23, 17)),
        (None, None),
    ],
)
def test_004_13_the_ticket_time_counts_if_confirmed_within_30_minutes(
    confirmed_at: datetime | None, starts_at: datetime | None
) -> None:
    assert interruption_starts_at(paris(11, 23, 10), paris(11, 23, 9, 58), confirmed_at, 30) == starts_at


def test_004_16_closing_sets_the_duration() -> None:
    starts = interruption_starts_at(paris(11, 23, 10), paris(11, 23, 9, 58), paris(11, 23, 10, 5), 30)
    assert interruption_time(starts, paris(11, 23, 12, 10)) == timedelta(hours=2, minutes=10)
    assert interruption_time(None, paris(11, 23, 12)) == timedelta()
    assert interruption_time(starts, paris(11, 23, 10)) == timedelta()
    with pytest.raises(Refused, match="avant d'avoir commencé"):
        interruption_time(starts, paris(11, 23, 9))


def test_004_17_a_closing_may_be_contested_for_24_hours_with_reasons() -> None:
    told = paris(11, 23, 16)
    assert contest_until(told, 24) == paris(11, 24, 16)
    check_contest(told, paris(11, 24, 16), "le coffre est encore injoignable", 24)
    with pytest.raises(Refused, match="délai de contestation"):
        check_contest(told, paris(11, 24, 16, 0, 1), "le coffre est encore injoignable", 24)
    with pytest.raises(Refused, match="motivée"):
        check_contest(told, paris(11, 23, 17), "  ", 24)


def test_004_18_the_report_comes_within_20_business_days() -> None:
    assert report_due_on(date(2026, 12, 15), 20) == date(2027, 1, 14)


@pytest.mark.parametrize(
    ("outside", "abnormal"), [(False, False), (True, False), (False, True), (True, True)]
)
def test_004_15_a_ticket_outside_the_scope_may_be_billed(outside: bool, abnormal: bool) -> None:
    assert is_ticket_billable(outside_scope=outside, abnormal_use=abnormal) == (outside or abnormal)
