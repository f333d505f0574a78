from datetime import UTC, date, datetime, timedelta

import dateutil.easter
import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.clock import paris_day
from portal.deadlines import (
    add_business_days,
    add_months,
    add_target_days,
    business_days_between,
    end_of_month,
    end_of_paris_day,
    french_holidays,
    is_business_day,
    is_target_day,
    minus_target_days,
    month_length,
    next_business_day,
    next_target_day,
    period_bounds,
    start_of_paris_day,
)
from portal.errors import Refused

DAYS = st.dates(date(2000, 1, 1), date(2090, 12, 31))
MONTHS = st.integers(-600, 600)


# Part E of the clause table, in its order.


def test_annual_from_15_january_has_its_last_notice_on_15_october():
    start, ends = period_bounds(date(2026, 1, 15), 12, 0)
    assert (start, ends) == (date(2026, 1, 15), date(2027, 1, 15))
    last_notice = add_months(ends, -3)
    assert last_notice == date(2026, 10, 15)
    window = add_months(last_notice, -3), add_months(last_notice, -1)
    assert window == (date(2026, 7, 15), date(2026, 9, 15))


def test_annual_from_31_may_is_clamped_to_28_february():
    ends = period_bounds(date(2026, 5, 31), 12, 0)[1]
    assert ends == date(2027, 5, 31)
    assert add_months(ends, -3) == date(2027, 2, 28)


def test_monthly_from_1_february_with_15_days():
    ends = period_bounds(date(2026, 2, 1), 1, 0)[1]
    assert ends == date(2026, 3, 1)
    assert ends - timedelta(days=15) == date(2026, 2, 14)


def test_monthly_anchored_on_31_january_does_not_drift():
    starts = [period_bounds(date(2026, 1, 31), 1, index)[0] for index in range(5)]
    assert [(day.day, day.month) for day in starts] == [(31, 1), (28, 2), (31, 3), (30, 4), (31, 5)]


def test_36_months_from_31_august_2024_with_6_months_notice():
    ends = period_bounds(date(2024, 8, 31), 36, 0)[1]
    assert ends == date(2027, 8, 31)
    assert add_months(ends, -6) == date(2027, 2, 28)


def test_003_notice_sent_on_21_november_2026():
    effective = date(2026, 11, 21) + timedelta(days=90)
    assert effective == date(2027, 2, 19)
    assert start_of_paris_day(effective) == datetime(2027, 2, 18, 23, tzinfo=UTC)
    assert effective + timedelta(days=90) == date(2027, 5, 20)


def test_003_formal_notice_of_1_december_2026():
    assert start_of_paris_day(date(2026, 12, 1) + timedelta(days=8)) == datetime(2026, 12, 8, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("issued", "due"),
    [
        (date(2026, 11, 30), date(2026, 11, 30)),
        (date(2026, 12, 1), date(2026, 12, 31)),
        (date(2028, 2, 1), date(2028, 2, 29)),
    ],
)
def test_003_47_due_at_the_end_of_the_month(issued, due):
    assert end_of_month(issued) == due


def test_001_request_of_18_december_2026():
    copy_by = add_business_days(date(2026, 12, 18), 15)
    assert copy_by == date(2027, 1, 12)
    assert add_business_days(copy_by, 15) == date(2027, 2, 2)


def test_002_end_on_24_december_2026_plus_10_business_days():
    assert add_business_days(date(2026, 12, 24), 10) == date(2027, 1, 11)


def test_004_closing_on_15_december_2026_plus_20_business_days():
    assert add_business_days(date(2026, 12, 15), 20) == date(2027, 1, 14)


def test_004_registered_letter_received_on_21_november_2026():
    assert date(2026, 11, 21) + timedelta(days=60) == date(2027, 1, 20)


@pytest.mark.parametrize(
    ("ordered", "last"), [(date(2026, 11, 20), date(2026, 12, 4)), (date(2026, 12, 11), date(2026, 12, 28))]
)
def test_withdrawal_ends_on_a_business_day(ordered, last):
    assert next_business_day(ordered + timedelta(days=14)) == last


def test_november_2026_allows_43_2_minutes_at_99_9_percent():
    length = start_of_paris_day(date(2026, 12, 1)) - start_of_paris_day(date(2026, 11, 1))
    assert length * 0.001 == timedelta(minutes=43.2)


def test_25_october_2026_has_25_hours_and_29_march_has_23():
    for day, hours in [(date(2026, 10, 25), 25), (date(2026, 3, 29), 23)]:
        assert end_of_paris_day(day) - start_of_paris_day(day) == timedelta(hours=hours)


def test_25_october_2026_ends_on_winter_time_and_29_march_on_summer_time():
    assert start_of_paris_day(date(2026, 10, 25)) == datetime(2026, 10, 24, 22, tzinfo=UTC)
    assert end_of_paris_day(date(2026, 10, 25)) == datetime(2026, 10, 25, 23, tzinfo=UTC)
    assert start_of_paris_day(date(2026, 3, 29)) == datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert end_of_paris_day(date(2026, 3, 29)) == datetime(2026, 3, 29, 22, tzinfo=UTC)


def test_a_contract_of_29_february_finds_its_day_again_in_leap_years():
    ends = [period_bounds(date(2024, 2, 29), 12, index)[1] for index in range(4)]
    assert ends == [date(2025, 2, 28), date(2026, 2, 28), date(2027, 2, 28), date(2028, 2, 29)]
    assert add_months(date(2096, 2, 29), 48) == date(2100, 2, 28)  # 2100 is no leap year


# French holidays: the eleven of the code du travail (L3133-1), and two more of the local law (L3134-13)


def by_the_code(year, *, local):
    easter = dateutil.easter.easter(year)
    fixed = [(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)]
    days = {date(year, month, day) for month, day in fixed}
    days |= {easter + timedelta(days=n) for n in (1, 39, 50)}
    return days | ({easter - timedelta(days=2), date(year, 12, 26)} if local else set())


@pytest.mark.parametrize("region", ["FR", "FR-alsace-moselle"])
@pytest.mark.parametrize("year", range(2020, 2036))
def test_business_days_are_those_of_the_code(year, region):
    closed = by_the_code(year, local=region == "FR-alsace-moselle")
    assert french_holidays(year, region) == closed
    day = date(year, 1, 1)
    while day.year == year:
        assert is_business_day(day, region) == (day.weekday() < 5 and day not in closed), day
        day += timedelta(days=1)


# TARGET


@pytest.mark.parametrize("year", range(2020, 2036))
def test_target_closed_days_are_those_of_the_ecb(year):
    closed = holidays.financial_holidays("ECB", years=year)
    day = date(year, 1, 1)
    while day.year == year:
        assert is_target_day(day) == (day.weekday() < 5 and day not in closed), day
        day += timedelta(days=1)


def test_a_debit_due_at_christmas_2026_settles_on_28_december():
    assert next_target_day(date(2026, 12, 25)) == date(2026, 12, 28)
    assert minus_target_days(date(2026, 12, 28), 1) == date(2026, 12, 24)
    assert minus_target_days(date(2026, 12, 28), 2) == date(2026, 12, 23)


def test_a_debit_due_on_easter_monday_2027_settles_the_next_day():
    assert next_target_day(date(2027, 3, 29)) == date(2027, 3, 30)
    assert minus_target_days(date(2027, 3, 30), 1) == date(2027, 3, 25)


def test_14_july_stops_business_in_france_and_not_payments():
    assert is_target_day(date(2026, 7, 14))
    assert not is_business_day(date(2026, 7, 14))


def test_alsace_moselle_has_two_more_holidays():
    more = french_holidays(2026, "FR-alsace-moselle") - french_holidays(2026)
    assert more == {date(2026, 4, 3), date(2026, 12, 26)}
    assert len(french_holidays(2026)) == 11
    assert not is_business_day(date(2026, 4, 3), "FR-alsace-moselle")


def test_a_period_of_no_month_is_refused():
    with pytest.raises(Refused):
        period_bounds(date(2026, 1, 1), 0, 0)


# Properties


@given(DAYS, MONTHS)
def test_months_keep_the_day_of_the_anchor(anchor, n):
    day = add_months(anchor, n)
    assert day.day == min(anchor.day, month_length(day.year, day.month))
    assert (day.year * 12 + day.month) - (anchor.year * 12 + anchor.month) == n


@given(DAYS, MONTHS)
def test_months_grow_with_their_number(anchor, n):
    assert add_months(anchor, n) < add_months(anchor, n + 1)


@given(DAYS, st.integers(1, 36), st.integers(0, 40))
def test_periods_touch_and_never_overlap(anchor, months, index):
    assert period_bounds(anchor, months, index)[1] == period_bounds(anchor, months, index + 1)[0]


@given(DAYS, st.integers(1, 36), st.integers(1, 60))
def test_periods_never_drift_from_their_anchor(anchor, months, index):
    start, end = period_bounds(anchor, months, index)
    assert start.day == min(anchor.day, month_length(start.year, start.month))
    assert end.day == min(anchor.day, month_length(end.year, end.month))
    assert start < end


@given(DAYS, MONTHS)
def test_only_the_end_of_a_short_month_clamps(anchor, n):
    day = add_months(anchor, n)
    assert day.day == anchor.day or (day == end_of_month(day) and anchor.day > day.day)


@given(st.integers(2000, 2090).filter(lambda year: month_length(year, 2) == 29), st.integers(1, 12))
def test_29_february_is_clamped_in_common_years_only(year, years):
    day = add_months(date(year, 2, 29), 12 * years)
    assert (day.month, day.day) == (2, month_length(day.year, 2))


@given(DAYS, st.integers(0, 40), st.sampled_from(["FR", "FR-alsace-moselle"]))
def test_as_many_business_days_lie_between_as_were_counted(day, n, region):
    later = add_business_days(day, n, region)
    between = (day + timedelta(days=passed) for passed in range(1, (later - day).days + 1))
    assert sum(is_business_day(each, region) for each in between) == n


@given(DAYS, st.integers(0, 40))
def test_alsace_moselle_is_never_earlier(day, n):
    assert add_business_days(day, n, "FR-alsace-moselle") >= add_business_days(day, n)


@given(DAYS, st.integers(0, 40))
def test_as_many_target_days_lie_between_as_were_counted(day, n):
    later = add_target_days(day, n)
    between = (day + timedelta(days=passed) for passed in range(1, (later - day).days + 1))
    assert sum(map(is_target_day, between)) == n


@given(DAYS)
def test_the_next_target_day_is_open_and_none_was_passed(day):
    found = next_target_day(day)
    assert is_target_day(found)
    assert not any(is_target_day(day + timedelta(days=n)) for n in range((found - day).days))


@given(DAYS)
def test_paris_days_touch(day):
    assert end_of_paris_day(day) == start_of_paris_day(day + timedelta(days=1))


@given(DAYS, st.integers(1, 40))
def test_target_days_forward_then_back_meet(day, n):
    start = next_target_day(day)
    assert minus_target_days(add_target_days(start, n), n) == start


@given(DAYS, st.integers(1, 40))
def test_business_days_are_open_and_grow(day, n):
    later = add_business_days(day, n)
    assert is_business_day(later)
    assert later < add_business_days(day, n + 1)


@given(DAYS)
def test_a_paris_day_has_23_to_25_hours_and_contains_itself(day):
    start, end = start_of_paris_day(day), end_of_paris_day(day)
    assert start.tzinfo is UTC
    assert timedelta(hours=23) <= end - start <= timedelta(hours=25)
    assert paris_day(start) == day == paris_day(end - timedelta(microseconds=1))
    assert paris_day(end) == day + timedelta(days=1)


def test_business_days_between_two_days_leave_out_the_first() -> None:
    friday, monday = date(2026, 12, 18), date(2026, 12, 21)
    assert business_days_between(friday, monday) == 1
    assert business_days_between(monday, friday) == 0
    assert business_days_between(date(2026, 12, 24), date(2026, 12, 28)) == 1  # Christmas is a Friday
    assert all(business_days_between(friday, add_business_days(friday, n)) == n for n in range(1, 40))
