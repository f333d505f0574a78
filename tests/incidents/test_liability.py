"""Caps on liability, which never bind a consumer, and force majeure."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.answers.rules.force_majeure import (
    force_majeure_end_on,
    is_ended_by_failed_talks,
    may_end_for_force_majeure,
    suspended_until,
)
from portal.deadlines import PARIS
from portal.errors import Refused
from portal.incidents.liability import (
    NOT_AGAINST_CONSUMERS,
    NOT_FOR_GROSS_FAULT,
    Basis,
    LiabilityCap,
    annual_fee_cap,
    extended_end,
    general_cap,
    hosting_caps,
)

FREE = LiabilityCap(None, Basis.NONE, NOT_AGAINST_CONSUMERS)
GROSS = LiabilityCap(None, Basis.NONE, NOT_FOR_GROSS_FAULT)


def cap(
    loss: int, *, cashed: int = 2_400_000, last: int = 90_000, consumer: bool = False, gross: bool = False
) -> LiabilityCap:
    return general_cap(
        cashed_cents=cashed,
        cashed_share_basis_points=5000,
        last_month_cents=last,
        months=12,
        loss_cents=loss,
        threshold_cents=500_000,
        consumer=consumer,
        gross_fault=gross,
    )


@pytest.mark.parametrize("clause", ["000-50", "001-35"])
def test_000_50_and_001_35_the_cap_is_the_yearly_fee_and_never_against_a_consumer(clause: str) -> None:
    assert annual_fee_cap(24_000, consumer=False, gross_fault=False) == LiabilityCap(
        24_000, Basis.ANNUAL_FEE
    ), clause
    assert annual_fee_cap(24_000, consumer=True, gross_fault=False) == FREE
    assert annual_fee_cap(24_000, consumer=False, gross_fault=True) == GROSS


def test_003_35_the_lowest_of_three_amounts() -> None:
    assert cap(3_000_000) == LiabilityCap(1_080_000, Basis.LAST_MONTH)
    assert cap(3_000_000, cashed=2_000_000) == LiabilityCap(1_000_000, Basis.HALF_CASHED)
    assert cap(700_000) == LiabilityCap(700_000, Basis.LOSS)


def test_003_36_nothing_below_5000_and_the_whole_loss_from_5000() -> None:
    assert cap(499_999) == LiabilityCap(0, Basis.BELOW_THRESHOLD)
    assert cap(500_000) == LiabilityCap(500_000, Basis.LOSS)


def test_003_35_gross_fault_and_consumers_have_no_cap() -> None:
    assert cap(3_000_000, gross=True) == GROSS
    assert cap(100, gross=True) == GROSS
    assert cap(3_000_000, consumer=True) == FREE


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9))
def test_003_35_a_larger_loss_never_lowers_the_cap(loss: int, more: int, cashed: int, last: int) -> None:
    first, second = cap(loss, cashed=cashed, last=last), cap(loss + more, cashed=cashed, last=last)
    assert first.cents is not None and second.cents is not None
    assert first.cents <= second.cents <= loss + more


def test_004_22_and_004_26_both_caps_are_shown() -> None:
    def caps(consumer: bool = False, gross: bool = False) -> tuple[LiabilityCap, LiabilityCap]:
        return hosting_caps(
            monthly_hosting_cents=30_000, months=1, paid_cents=150_000, consumer=consumer, gross_fault=gross
        )

    assert caps() == (LiabilityCap(30_000, Basis.HOSTING_MONTH), LiabilityCap(150_000, Basis.PAID_MONTHS))
    assert caps(consumer=True) == (FREE, FREE)
    assert caps(gross=True) == (GROSS, GROSS)


@pytest.mark.parametrize("clause", ["000-51", "001-36"])
def test_000_51_and_001_36_force_majeure_suspends_30_days_and_talks_last_15(clause: str) -> None:
    assert suspended_until(date(2026, 11, 23), 30) == date(2026, 12, 23), clause
    began = date(2026, 12, 1)
    assert not is_ended_by_failed_talks(began, date(2026, 12, 16), 15, solution_found=False)
    assert is_ended_by_failed_talks(began, date(2026, 12, 17), 15, solution_found=False)
    assert not is_ended_by_failed_talks(began, date(2027, 1, 17), 15, solution_found=True)


def test_004_23_after_more_than_60_days_a_letter_ends_it_8_days_later() -> None:
    began = date(2026, 1, 1)
    assert not may_end_for_force_majeure(began, date(2026, 3, 2), 60)  # the 60th day
    assert may_end_for_force_majeure(began, date(2026, 3, 3), 60)
    ends = force_majeure_end_on(began, date(2026, 3, 3), lasting_days=60, notice_days=8)
    assert ends == date(2026, 3, 11)
    with pytest.raises(Refused, match="plus de 60 jours"):
        force_majeure_end_on(began, date(2026, 3, 2), lasting_days=60, notice_days=8)


def test_003_37_a_fixed_term_order_ends_later_by_the_outage() -> None:
    ends = datetime(2026, 12, 31, tzinfo=PARIS)
    start = datetime(2026, 10, 24, 12, tzinfo=PARIS)
    night = (start, datetime(2026, 10, 25, 12, tzinfo=PARIS))  # 25 hours long
    later = (start + timedelta(days=9), start + timedelta(days=10))
    assert extended_end(ends, [night, later]) == datetime(2027, 1, 2, 1, tzinfo=PARIS)
    assert extended_end(ends, []) == extended_end(ends, [(start, start)]) == ends
    with pytest.raises(Refused, match="finir avant"):
        extended_end(ends, [(night[1], night[0])])
