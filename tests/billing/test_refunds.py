"""Refunds of what is unused and the penalty of metered modules: the worked examples."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.billing.refunds import (
    NO_REFUND,
    PRORATA,
    metered_end_penalty_cents,
    refund_at_end_cents,
    unused_refund_cents,
)
from portal.errors import Refused


@pytest.mark.parametrize("clause", ["000-54", "001-45"])
def test_000_54_and_001_45_the_provider_pays_back_what_is_unused(clause: str) -> None:
    assert unused_refund_cents(24_000, 365, 100) == 17_425, clause
    assert refund_at_end_cents(PRORATA, 24_000, 365, 100) == 17_425, clause


@pytest.mark.parametrize("clause", ["003-18", "003-06"])
def test_003_18_and_003_06_a_reserve_is_paid_back_for_the_days_left(clause: str) -> None:
    assert unused_refund_cents(120_000, 365, 365 - 120) == 39_452, clause


@pytest.mark.parametrize("clause", ["000-57", "001-47", "004-38", "004-41", "003-45"])
def test_000_57_and_others_nothing_is_paid_back(clause: str) -> None:
    assert refund_at_end_cents(NO_REFUND, 24_000, 365, 100) == 0, clause


@pytest.mark.parametrize(("used", "refund"), [(0, 1_000), (1, 667), (2, 333), (3, 0)])
def test_000_54_from_the_whole_to_nothing(used: int, refund: int) -> None:
    assert unused_refund_cents(1_000, 3, used) == refund


def test_000_54_half_a_cent_goes_up() -> None:
    assert unused_refund_cents(3, 6, 1) == 3  # 2.5


@pytest.mark.parametrize(("total", "used"), [(0, 0), (365, 366), (365, -1)])
def test_000_54_days_outside_the_period_are_refused(total: int, used: int) -> None:
    with pytest.raises(Refused, match="période"):
        unused_refund_cents(24_000, total, used)


def test_001_45_an_unknown_policy_is_refused() -> None:
    with pytest.raises(Refused, match="inconnue"):
        refund_at_end_cents("", 24_000, 365, 100)


@given(st.integers(0, 10**9), st.integers(1, 1200), st.data())
def test_003_18_the_refund_and_the_used_part_make_the_price(
    paid: int, total: int, data: st.DataObject
) -> None:
    used = data.draw(st.integers(0, total))
    refund, rest = unused_refund_cents(paid, total, used), unused_refund_cents(paid, total, total - used)
    assert 0 <= refund <= paid
    assert refund + rest - paid in (0, 1)  # 1 when both halves of a cent go up


def test_004_43_480_units_at_0_12_with_200_days_left_cost_378_74() -> None:
    assert metered_end_penalty_cents(Decimal(480), 120_000, 200) == 37_874
    assert metered_end_penalty_cents(Decimal("480.5"), 120_000, 365) == 69_192  # 480.5 x 0.12 x 12
    assert metered_end_penalty_cents(Decimal(480), 120_000, 0) == 0
    assert metered_end_penalty_cents(Decimal(0), 0, 200) == 0


def test_004_43_floats_and_negative_numbers_do_not_pass() -> None:
    with pytest.raises(TypeError):
        metered_end_penalty_cents(480.0, 120_000, 200)  # type: ignore[arg-type]
    with pytest.raises(Refused, match="négatif"):
        metered_end_penalty_cents(Decimal(480), 120_000, -1)
