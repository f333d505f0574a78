from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.deadlines import is_target_day, minus_target_days
from portal.errors import Refused
from portal.sepa.formats.epc import rum_fault
from portal.sepa.rules import (
    build_rum,
    first_debit_day,
    last_prenotification_day,
    mandate_lapses_on,
    refund_window_ends_on,
    revocation_effective_on,
    unauthorised_window_ends_on,
)


def test_003_50_a_debit_on_monday_7_december_is_announced_by_23_november():
    assert last_prenotification_day(date(2026, 12, 7), notice_days=14) == date(2026, 11, 23)


def test_003_50_a_debit_moved_by_christmas_is_announced_by_14_december():
    assert last_prenotification_day(date(2026, 12, 28), 14) == date(2026, 12, 14)


@pytest.mark.parametrize(
    ("announced", "notice", "lead", "first"),
    [
        (date(2026, 11, 21), 14, 2, date(2026, 12, 7)),  # the 5th is a Saturday
        (date(2026, 12, 11), 14, 2, date(2026, 12, 28)),
        (date(2026, 12, 24), 1, 2, date(2026, 12, 29)),  # the bank needs longer than the notice
        (date(2027, 3, 15), 14, 1, date(2027, 3, 30)),  # Easter Monday
    ],
)
def test_003_50_the_first_debit_day(announced, notice, lead, first):
    assert first_debit_day(announced, notice, lead) == first


def test_003_80_a_mandate_lapses_36_months_after_its_last_debit():
    signed = date(2023, 1, 10)
    assert mandate_lapses_on(date(2024, 8, 31), signed, 36) == date(2027, 8, 31)
    assert mandate_lapses_on(None, signed, 36) == date(2026, 1, 10)
    assert mandate_lapses_on(date(2024, 2, 29), signed, 12) == date(2025, 2, 28)


def test_003_80_a_revocation_takes_one_month():
    assert revocation_effective_on(date(2027, 1, 31), 1) == date(2027, 2, 28)
    assert revocation_effective_on(date(2026, 11, 21), 0) == date(2026, 11, 21)


def test_003_79_a_refund_may_be_asked_during_8_weeks():
    assert refund_window_ends_on(date(2026, 12, 7), 8) == date(2027, 2, 1)
    assert unauthorised_window_ends_on(date(2026, 12, 7), 13) == date(2028, 1, 7)


def test_003_78_a_rum_has_a_code_and_a_number():
    assert build_rum("DROPCLOUD", 42) == "DROPCLOUD-00000042"


@given(st.from_regex(r"[A-Z0-9]{1,20}", fullmatch=True), st.integers(1, 10**12 - 1))
def test_003_78_every_rum_suits_the_scheme(code, serial):
    rum = build_rum(code, serial)
    assert len(rum) <= 35
    assert rum_fault(rum) is None


@given(st.dates(date(2024, 1, 1), date(2040, 1, 1)), st.integers(1, 30), st.integers(1, 6))
def test_the_first_debit_day_is_open_announced_and_reachable(announced, notice, lead):
    day = first_debit_day(announced, notice, lead)
    assert is_target_day(day)
    assert last_prenotification_day(day, notice) >= announced
    assert minus_target_days(day, lead) >= announced
    earlier = minus_target_days(day, 1)
    assert earlier < announced + timedelta(days=notice) or (minus_target_days(earlier, lead) < announced)


ANY_DAY = st.dates(date(2020, 1, 1), date(2060, 12, 31))


@given(ANY_DAY, st.integers(1, 60))
def test_003_50_a_debit_told_on_its_last_day_may_take_place(debit, notice):
    announced = last_prenotification_day(debit, notice)
    assert (debit - announced).days == notice
    in_time = is_target_day(debit) and announced <= minus_target_days(debit, 1)  # for the bank, too
    assert not in_time or first_debit_day(announced, notice, 1) == debit


@given(ANY_DAY)
def test_003_79_an_unauthorised_debit_is_contested_longer(debited):
    assert debited < refund_window_ends_on(debited, 8) < unauthorised_window_ends_on(debited, 13)


def test_003_79_between_businesses_no_refund_is_owed_after_the_debit():
    assert refund_window_ends_on(date(2026, 12, 7), 0) == date(2026, 12, 7)


@given(ANY_DAY, ANY_DAY, st.integers(1, 48))
def test_003_80_a_debit_only_makes_a_mandate_live_longer(presented, signed, months):
    lapses = mandate_lapses_on(presented, signed, months)
    assert lapses >= mandate_lapses_on(None, signed, months) > signed
    assert lapses.day <= max(presented, signed).day


@given(ANY_DAY, st.integers(0, 12))
def test_003_80_a_notice_of_revocation_never_passes_the_month(received, months):
    end = revocation_effective_on(received, months)
    assert end.day <= received.day
    assert (end.year - received.year) * 12 + end.month - received.month == months


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: last_prenotification_day(date(2026, 12, 7), 0),
        lambda: first_debit_day(date(2026, 12, 7), 0, 1),
        lambda: first_debit_day(date(2026, 12, 7), 14, 0),
        lambda: mandate_lapses_on(None, date(2026, 12, 7), 0),
        lambda: revocation_effective_on(date(2026, 12, 7), -1),
        lambda: refund_window_ends_on(date(2026, 12, 7), -1),
        lambda: unauthorised_window_ends_on(date(2026, 12, 7), 0),
        lambda: build_rum("drop", 1),
        lambda: build_rum("A" * 21, 1),
        lambda: build_rum("DROP", 0),
    ],
)
def test_numbers_that_make_no_sense_are_refused(wrong):
    with pytest.raises(Refused):
        wrong()
