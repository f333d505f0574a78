"""The worked examples of the clause table."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.answers.rules.handover import (
    contractual_erasure_on,
    delivery_due_on,
    effective_after_recovery,
    held_until,
    is_deleted_at_end,
    kept_through,
    may_erase,
    reload_price_day,
    request_closes_on,
    silent_acceptance_on,
)
from portal.deadlines import is_business_day, start_of_paris_day
from portal.errors import Refused

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)
DAYS = st.dates(date(2020, 1, 1), date(2060, 1, 1))


def test_001_50_request_on_18_december():
    assert delivery_due_on(date(2026, 12, 18), business_days=15) == date(2027, 1, 12)


def test_001_51_silence_after_a_copy_on_12_january():
    assert silent_acceptance_on(date(2027, 1, 12), 15) == date(2027, 2, 2)


def test_002_23_end_on_24_december():
    assert contractual_erasure_on(date(2026, 12, 24), business_days=10) == date(2027, 1, 11)


def test_004_30_letter_received_on_21_november():
    assert delivery_due_on(date(2026, 11, 21), days=60) == date(2027, 1, 20)


def test_001_49_the_window_is_thirty_days():
    assert request_closes_on(date(2026, 11, 20), 30) == date(2026, 12, 20)


def test_a5_a_request_on_day_28_holds_the_erasure_until_its_validation():
    plain = contractual_erasure_on(date(2026, 11, 20), days=30, window_days=30)
    assert plain == date(2026, 12, 20)
    assert held_until(plain, date(2027, 2, 2)) == date(2027, 2, 2)


def test_a4_the_window_of_the_request_holds_the_erasure():
    assert contractual_erasure_on(date(2026, 12, 24), business_days=10, window_days=30) == date(2027, 1, 23)


@pytest.mark.parametrize(
    ("on", "accepted", "now", "held", "expected"),
    [
        (date(2027, 2, 1), True, False, date(2027, 2, 2), False),
        (date(2027, 2, 2), True, False, date(2027, 2, 2), True),
        (date(2026, 12, 1), True, True, date(2027, 2, 2), True),
        (date(2027, 6, 1), False, True, date(2027, 2, 2), False),
        (date(2027, 6, 1), False, False, None, False),
        (date(2027, 6, 1), True, False, None, False),
        (date(2027, 6, 1), True, True, None, True),
    ],
)
def test_an_erasure_is_held(on, accepted, now, held, expected):
    assert may_erase(on, accepted=accepted, asked_now=now, held_until_on=held) is expected


def test_001_46_after_an_end_by_the_provider_the_data_go_30_days_later():
    plain = contractual_erasure_on(date(2026, 11, 20), days=30)
    assert plain == date(2026, 12, 20)
    assert held_until(plain, None) == plain
    for on, expected in [(date(2026, 12, 19), False), (plain, True)]:
        assert may_erase(on, accepted=True, asked_now=False, held_until_on=plain) is expected


def test_001_48_the_data_can_be_recovered_30_days_then_go():
    plain = contractual_erasure_on(date(2026, 11, 20), days=30, window_days=30)
    assert plain == date(2026, 12, 20)
    for on, expected in [(date(2026, 12, 19), False), (plain, True)]:
        assert may_erase(on, accepted=True, asked_now=False, held_until_on=plain) is expected


def test_001_46_001_48_001_49_001_50_001_51_a_request_on_day_28_goes_through_every_deadline():
    """A5: end on 20/11/2026, request on 18/12/2026."""
    ends, asked = date(2026, 11, 20), date(2026, 12, 18)
    assert asked <= request_closes_on(ends, 30)
    copied = delivery_due_on(asked, business_days=15)
    validated = silent_acceptance_on(copied, 15)
    assert (copied, validated) == (date(2027, 1, 12), date(2027, 2, 2))
    held = held_until(contractual_erasure_on(ends, days=30, window_days=30), validated)
    assert held == date(2027, 2, 2)
    assert not may_erase(date(2026, 12, 20), accepted=False, asked_now=False, held_until_on=held)
    assert not may_erase(date(2027, 2, 1), accepted=True, asked_now=False, held_until_on=held)
    assert may_erase(date(2027, 2, 2), accepted=True, asked_now=False, held_until_on=held)


def test_002_23_the_tenth_business_day_passes_christmas_and_new_year():
    days = [date(2026, 12, 24) + n * DAY for n in range(1, 19)]
    assert [day for day in days if is_business_day(day)][9] == date(2027, 1, 11)
    assert contractual_erasure_on(date(2026, 12, 24), business_days=10) == date(2027, 1, 11)


def test_003_24_accounts_close_at_midnight_and_the_data_go_within_90_days():
    effective = date(2027, 2, 19)
    assert start_of_paris_day(effective) == datetime(2027, 2, 18, 23, tzinfo=UTC)
    assert contractual_erasure_on(effective, days=90) == date(2027, 5, 20)


def test_003_24_a_date_on_a_sunday_is_not_moved():
    assert contractual_erasure_on(date(2027, 2, 21), days=90) == date(2027, 5, 22)  # Sunday, then Saturday


def test_004_32_nothing_is_kept_once_the_restitution_is_accepted():
    assert may_erase(date(2027, 1, 20), accepted=True, asked_now=True, held_until_on=None)
    assert not may_erase(date(2027, 1, 20), accepted=False, asked_now=True, held_until_on=None)
    assert held_until(date(2027, 1, 11), date(2027, 1, 20)) == date(2027, 1, 20)


@given(DAYS, st.integers(0, 60), st.integers(0, 40), st.integers(0, 60))
def test_001_48_001_49_002_23_an_erasure_never_comes_before_the_window_has_run(ends, days, business, window):
    on = contractual_erasure_on(ends, days=days, business_days=business, window_days=window)
    assert on >= request_closes_on(ends, window)
    assert on >= ends + timedelta(days=days)
    later = contractual_erasure_on(ends, days=days, business_days=business + 1, window_days=window)
    assert later >= on


@given(DAYS, st.none() | DAYS)
def test_001_50_001_51_a_hold_only_postpones(contractual, validation):
    held = held_until(contractual, validation)
    assert held >= contractual
    assert validation is None or held >= validation


def test_002_21_004_34_reloading_is_billed_at_the_tariff_of_the_notice():
    notified = date(2026, 11, 21)
    assert reload_price_day(notified, date(2027, 6, 1)) == notified
    assert reload_price_day(notified, notified) == notified
    with pytest.raises(Refused, match="précéder"):
        reload_price_day(notified, notified - DAY)


def test_003_22_data_left_behind_are_kept_90_days_at_most():
    effective = date(2027, 2, 19)
    assert kept_through(effective, 90) == date(2027, 5, 20)
    assert kept_through(effective, 90, date(2027, 3, 1)) == date(2027, 3, 1)
    assert kept_through(effective, 90, date(2027, 5, 21)) == date(2027, 5, 20)


def test_003_23_a_recovery_moves_the_end_to_the_day_the_data_are_received():
    effective = date(2027, 2, 19)
    assert effective_after_recovery(effective, date(2027, 2, 18), date(2027, 3, 4)) == date(2027, 3, 4)
    assert effective_after_recovery(effective, date(2027, 2, 18), None) is None
    assert effective_after_recovery(effective, date(2026, 12, 1), date(2027, 1, 4)) == effective
    for late in (effective, effective + DAY):
        with pytest.raises(Refused, match="avant la date d'effet"):
            effective_after_recovery(effective, late, None)


def test_003_59_everything_is_deleted_unless_told_otherwise():
    assert is_deleted_at_end(told_otherwise=False)
    assert not is_deleted_at_end(told_otherwise=True)
