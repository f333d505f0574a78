"""Ends, notices and penalties: the worked examples of the contracts."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.answers.rules.breaches import (
    breach_effective_on,
    closes_on,
    cure_ends_on,
    ends_without_indemnity,
    inactivity_ends_on,
    may_act_from,
    may_suspend_at_once,
    provider_ends_on,
)
from portal.answers.rules.consumers import (
    clear_days_end_on,
    refund_due_on,
    withdrawal_ends_on,
    withdrawal_is_lost,
    withdrawal_refund_cents,
)
from portal.answers.rules.fees import (
    contract_reversibility_fee_cents,
    due_at_once_cents,
    early_end_penalty_cents,
    fees_left,
    reversibility_fee_cents,
    whole_months_left,
)
from portal.answers.rules.notices import (
    contract_end,
    early_end,
    effective_after_days,
    last_notice_day,
    may_leave_freely,
    notice_counts_on,
    reminder_window,
    switch_stages,
)
from portal.answers.rules.periods import contract_start, last_usable_day, period_at, price_kept_through
from portal.errors import Refused

days = st.dates(date(2020, 1, 1), date(2040, 12, 31))


def test_000_14_an_annual_contract_from_15_january_takes_notice_to_15_october() -> None:
    assert last_notice_day(date(2027, 1, 15), months=3) == date(2026, 10, 15)
    assert contract_end(date(2026, 1, 15), 12, date(2026, 10, 15), months=3) == date(2027, 1, 15)
    assert contract_end(date(2026, 1, 15), 12, date(2026, 10, 16), months=3) == date(2028, 1, 15)


def test_000_14_an_annual_contract_from_31_may_takes_notice_to_28_february() -> None:
    assert last_notice_day(date(2027, 5, 31), months=3) == date(2027, 2, 28)


def test_000_13_a_monthly_contract_from_1_february_takes_notice_to_14_february() -> None:
    assert last_notice_day(date(2026, 3, 1), days=15) == date(2026, 2, 14)
    assert contract_end(date(2026, 2, 1), 1, date(2026, 2, 14), days=15) == date(2026, 3, 1)
    assert contract_end(date(2026, 2, 1), 1, date(2026, 2, 15), days=15) == date(2026, 4, 1)


def test_004_37_36_months_from_31_august_2024_take_notice_to_28_february_2027() -> None:
    assert last_notice_day(date(2027, 8, 31), months=6) == date(2027, 2, 28)
    assert contract_end(date(2024, 8, 31), 36, date(2027, 2, 28), months=6) == date(2027, 8, 31)


def test_a_contract_of_the_31st_does_not_drift() -> None:
    ends = [period_at(date(2026, 1, 31), 1, date(2026, month, 15)).ends_on for month in range(2, 6)]
    assert ends == [date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30), date(2026, 5, 31)]


def test_a_contract_of_29_february_comes_back_to_the_29th() -> None:
    assert period_at(date(2024, 2, 29), 12, date(2027, 3, 1)).ends_on == date(2028, 2, 29)


def test_003_21_a_notice_of_21_november_2026_takes_effect_on_19_february_2027() -> None:
    assert effective_after_days(date(2026, 11, 21), 90) == date(2027, 2, 19)


def test_004_42_fourteen_months_left_at_300_cost_840_euros() -> None:
    assert whole_months_left(date(2024, 3, 1), date(2026, 1, 1), date(2027, 3, 1)) == 14
    assert early_end_penalty_cents(14, 30_000, 2000) == 84_000
    assert early_end(date(2026, 8, 31), 6) == date(2027, 2, 28)


@pytest.mark.parametrize(("monthly", "fee"), [(30_000, 150_000), (80_000, 240_000)])
def test_002_20_and_004_33_reversibility_costs_a_quarter_and_at_least_1500(monthly: int, fee: int) -> None:
    """002-20, 004-33."""
    assert contract_reversibility_fee_cents(monthly, 3, 150_000) == fee
    assert reversibility_fee_cents(fee, None, None) == fee


def test_002_20_the_law_allows_the_cost_of_a_switch_then_nothing() -> None:
    assert reversibility_fee_cents(150_000, "cost", 42_000) == 42_000
    assert reversibility_fee_cents(150_000, "cost", 400_000) == 150_000
    assert reversibility_fee_cents(150_000, "cost", None) is None
    assert reversibility_fee_cents(150_000, "none", 42_000) == 0
    with pytest.raises(Refused, match="négatif"):
        reversibility_fee_cents(150_000, "cost", -1)


def test_000_23_the_price_of_an_order_is_kept_two_months() -> None:
    assert price_kept_through(date(2026, 12, 31), 2) == date(2027, 2, 28)


def test_a_notice_before_the_start_is_refused() -> None:
    with pytest.raises(Refused, match="précéder"):
        contract_end(date(2026, 1, 15), 12, date(2026, 1, 14), months=3)


def test_000_12_the_contract_starts_when_the_confirmation_is_sent_not_at_the_download() -> None:
    """000-11, 000-12."""
    basis = ("confirmation_received", "first_download")
    happened = {"confirmation_received": date(2026, 3, 2), "first_download": date(2026, 2, 27)}
    assert contract_start(basis, happened, earliest=False) == date(2026, 3, 2)
    with pytest.raises(Refused, match="confirmation_received"):
        contract_start(basis, {"first_download": date(2026, 2, 27)}, earliest=False)


def test_001_10_the_contract_starts_at_registration() -> None:
    assert contract_start(("registration",), {"registration": date(2026, 5, 4)}, earliest=False) == date(
        2026, 5, 4
    )


def test_004_03_the_contract_starts_at_the_first_login_or_the_signature_whichever_is_first() -> None:
    basis = ("first_login", "order_signed")
    both = {"first_login": date(2026, 5, 4), "order_signed": date(2026, 5, 2)}
    assert contract_start(basis, both, earliest=True) == date(2026, 5, 2)
    assert contract_start(basis, {"first_login": date(2026, 5, 4)}, earliest=True) == date(2026, 5, 4)


def test_000_56_and_001_47_the_service_stops_after_the_last_paid_day() -> None:
    """000-56, 001-47."""
    assert last_usable_day(date(2026, 3, 1)) == date(2026, 2, 28)


def test_000_55_and_001_15_the_day_of_posting_counts() -> None:
    """000-55, 001-15."""
    assert notice_counts_on(date(2026, 10, 15), date(2026, 10, 19)) == date(2026, 10, 15)
    with pytest.raises(Refused, match="avant son envoi"):
        notice_counts_on(date(2026, 10, 15), date(2026, 10, 14))


def test_001_11_001_13_and_001_44_give_the_same_deadlines_as_the_other_publisher() -> None:
    """001-11, 001-13, 001-44."""
    assert contract_end(date(2026, 2, 1), 1, date(2026, 2, 14), days=15) == date(2026, 3, 1)
    assert contract_end(date(2026, 1, 15), 12, date(2026, 10, 16), months=3) == date(2028, 1, 15)


def test_000_14_an_annual_consumer_from_15_january_is_reminded_between_july_and_september() -> None:
    window = reminder_window(date(2026, 10, 15), 3, 1)
    assert (window.opens_on, window.closes_on) == (date(2026, 7, 15), date(2026, 9, 15))
    renewed = date(2027, 1, 15)
    assert not may_leave_freely(date(2026, 7, 15), window, renewed, date(2027, 2, 1))
    assert may_leave_freely(date(2026, 7, 14), window, renewed, date(2027, 2, 1))
    assert may_leave_freely(date(2026, 9, 16), window, renewed, date(2027, 2, 1))
    assert may_leave_freely(None, window, renewed, renewed)
    assert not may_leave_freely(None, window, renewed, date(2027, 1, 14))


def test_a_change_of_provider_takes_two_months_then_thirty_days_then_thirty_days() -> None:
    stages = switch_stages(date(2026, 12, 31), 2, 30, 30)
    assert stages.notice_ends_on == date(2027, 2, 28)
    assert stages.transition_ends_on == date(2027, 3, 30)
    assert stages.retrieval_ends_on == date(2027, 4, 29)


def test_003_17_a_formal_notice_of_1_december_leaves_seven_days() -> None:
    """003-15, 003-17."""
    assert cure_ends_on(date(2026, 12, 1), 7) == date(2026, 12, 8)
    assert may_act_from(date(2026, 12, 1), 7) == date(2026, 12, 9)
    assert breach_effective_on(date(2026, 12, 9), 10) == date(2026, 12, 19)


def test_004_40_a_letter_leaves_fifteen_days_from_its_receipt() -> None:
    assert cure_ends_on(date(2026, 11, 21), 15) == date(2026, 12, 6)
    assert due_at_once_cents(30_000, 1) == 30_000
    assert due_at_once_cents(30_000, 26) == 780_000


@pytest.mark.parametrize("clause", ["000-46", "001-31", "002-17", "003-11", "004-24"])
def test_a_breach_closes_the_service_at_once_or_after_the_warning(clause: str) -> None:
    assert closes_on(date(2026, 11, 21), 30, "immediate") == date(2026, 11, 21), clause
    assert closes_on(date(2026, 11, 21), 30, "warning") == date(2026, 12, 21)
    with pytest.raises(Refused, match="grave"):
        closes_on(date(2026, 11, 21), 30, "grave")


def test_003_14_a_judge_suspends_at_once_but_not_an_unpaid_invoice() -> None:
    causes = ("judicial", "administrative", "security", "unreasonable_use")
    assert may_suspend_at_once("judicial", causes)
    assert not may_suspend_at_once("non_payment", causes)


@pytest.mark.parametrize("clause", ["000-54", "001-45", "004-41"])
def test_the_provider_ends_without_notice_for_the_contract_s_causes_only(clause: str) -> None:
    assert provider_ends_on(date(2026, 4, 11), 0, "non_payment", ("non_payment", "breach")) == date(
        2026, 4, 11
    ), clause
    with pytest.raises(Refused, match="breach, non_payment"):
        provider_ends_on(date(2026, 4, 11), 0, "none", ("non_payment", "breach"))


def test_004_39_receivership_ends_early_without_indemnity() -> None:
    causes = ("receivership", "end_of_business", "competitor_control")
    assert ends_without_indemnity("receivership", causes)
    assert not ends_without_indemnity("switch", causes)


def test_003_19_an_account_unused_for_more_than_twelve_months_gets_three_more() -> None:
    assert inactivity_ends_on(date(2026, 11, 30), date(2025, 11, 29), 12, 3) == date(2027, 2, 28)
    with pytest.raises(Refused, match="30/11/2026"):
        inactivity_ends_on(date(2026, 11, 29), date(2025, 11, 29), 12, 3)


def test_000_36_the_law_gives_fourteen_days_and_the_contract_seven_clear_ones() -> None:
    assert withdrawal_ends_on(date(2026, 11, 20), 14, to_business_day=True) == date(2026, 12, 4)
    assert clear_days_end_on(date(2026, 11, 20), 7) == date(2026, 11, 28)
    assert withdrawal_ends_on(date(2026, 12, 11), 14, to_business_day=True) == date(2026, 12, 28)
    assert withdrawal_ends_on(date(2026, 12, 11), 14, to_business_day=False) == date(2026, 12, 25)


def test_000_37_the_money_is_back_in_sixty_days_by_contract_and_fourteen_by_law() -> None:
    assert refund_due_on(date(2026, 12, 1), 60) == date(2027, 1, 30)
    assert refund_due_on(date(2026, 12, 1), 14) == date(2026, 12, 15)


def test_000_38_the_law_keeps_no_bank_fee_and_pays_the_days_asked_for() -> None:
    assert withdrawal_refund_cents(24_000, 150, fees_kept=True) == 23_850
    assert withdrawal_refund_cents(24_000, 150, fees_kept=False) == 24_000
    assert withdrawal_refund_cents(24_000, 0, fees_kept=False, used_days=10, period_days=365) == 23_343
    with pytest.raises(Refused, match="dépassent"):
        withdrawal_refund_cents(24_000, 0, fees_kept=False, used_days=2, period_days=1)


@pytest.mark.parametrize(
    ("consented", "acknowledged", "confirmed"), [(True, True, False), (True, False, True)]
)
def test_000_36_the_right_is_only_lost_with_all_three_proofs(
    consented: bool, acknowledged: bool, confirmed: bool
) -> None:
    assert not withdrawal_is_lost(consented=consented, acknowledged=acknowledged, confirmed=confirmed)
    assert withdrawal_is_lost(consented=True, acknowledged=True, confirmed=True)


@given(days, st.integers(1, 36), st.integers(0, 3000))
def test_the_last_notice_day_never_passes_the_end_that_it_gives(
    anchor: date, months: int, later: int
) -> None:
    on = anchor + timedelta(days=later)
    end = contract_end(anchor, months, on, months=1)
    assert on <= last_notice_day(end, months=1) < end
    period = period_at(anchor, months, end)
    assert period.starts_on == end, "an end is always an échéance counted from the anchor"


@given(days, st.integers(0, 1200), st.integers(0, 10_000_000))
def test_the_penalty_never_grows_when_the_end_comes_later(start: date, later: int, monthly: int) -> None:
    """004-42: monotone in the effective day, a whole share of the fees left, never negative."""
    term = start + timedelta(days=1200)
    now = early_end_penalty_cents(whole_months_left(start, start, term), monthly, 2000)
    left = whole_months_left(start, start + timedelta(days=later), term)
    assert now >= early_end_penalty_cents(left, monthly, 2000) >= 0
    assert early_end_penalty_cents(left, monthly, 2000) <= left * monthly


@pytest.mark.parametrize(
    ("start", "end", "term", "whole", "with_begun"),
    [
        (date(2024, 8, 31), date(2026, 2, 28), date(2027, 8, 31), 18, 18),  # 28/02 begins the month of a 31st
        (date(2026, 1, 15), date(2027, 4, 30), date(2029, 1, 15), 20, 21),
        (date(2025, 11, 19), date(2028, 4, 19), date(2028, 11, 19), 7, 7),
        (date(2024, 5, 1), date(2027, 4, 30), date(2027, 5, 1), 0, 1),
        (date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 31), 1, 1),
        (date(2024, 1, 31), date(2024, 3, 1), date(2024, 3, 31), 0, 1),
    ],
)
def test_004_42_a_month_that_has_begun_is_not_counted_again(
    start: date, end: date, term: date, whole: int, with_begun: int
) -> None:
    assert fees_left(start, end, term, counts_begun_month=False) == whole
    assert fees_left(start, end, term, counts_begun_month=True) == with_begun
