"""Ends, notices and penalties: the worked examples of the contracts."""

from datetime import date

import pytest

from portal.errors import Refused
from portal.subscriptions.rules import (
    contract_end,
    early_end,
    early_end_penalty_cents,
    effective_after_days,
    last_notice_day,
    period_at,
    price_kept_through,
    reversibility_fee_cents,
)


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
    assert early_end_penalty_cents(30_000, date(2026, 1, 1), date(2027, 3, 1), 2000) == 84_000
    assert early_end(date(2026, 8, 31), 6) == date(2027, 2, 28)


@pytest.mark.parametrize(("monthly", "fee"), [(30_000, 150_000), (80_000, 240_000)])
def test_002_20_reversibility_costs_a_quarter_and_at_least_1500(monthly: int, fee: int) -> None:
    due = reversibility_fee_cents(monthly, 3, 150_000, reason="copy", on=date(2026, 11, 23), cost_cents=0)
    assert due == fee


def test_002_20_a_switch_costs_its_cost_until_11_january_2027_and_nothing_from_the_12th() -> None:
    def fee(day: int) -> int:
        return reversibility_fee_cents(
            30_000, 3, 150_000, reason="switch", on=date(2027, 1, day), cost_cents=42_000
        )

    assert (fee(11), fee(12)) == (42_000, 0)


def test_000_23_the_price_of_an_order_is_kept_two_months() -> None:
    assert price_kept_through(date(2026, 12, 31), 2) == date(2027, 2, 28)


def test_a_notice_before_the_start_is_refused() -> None:
    with pytest.raises(Refused, match="précéder"):
        contract_end(date(2026, 1, 15), 12, date(2026, 1, 14), months=3)
