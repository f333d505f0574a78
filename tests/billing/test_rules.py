"""Totals and due dates."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.billing.rules import Priced, due_on, totals
from portal.errors import Refused


def net(cents: int, quantity: int = 1, rate: int = 2000) -> Priced:
    return Priced("x", quantity, cents, False, rate)


def gross(cents: int, quantity: int = 1, rate: int = 2000) -> Priced:
    return Priced("x", quantity, cents, True, rate)


def test_a_price_of_9_99_with_vat_keeps_its_total() -> None:
    sums = totals([gross(999)])
    assert (sums.net_cents, sums.vat_cents, sums.gross_cents) == (833, 166, 999)


def test_vat_is_rounded_once_per_rate() -> None:
    sums = totals([net(33), net(33), net(33)])  # 20 % of 0.99 is 0.198: 0.20, not 3 x 0.07
    assert (sums.net_cents, sums.vat_cents) == (99, 20)


def test_two_rates_are_two_sums() -> None:
    sums = totals([net(10_000), net(10_000, rate=850)])
    assert sums.vat_cents == 2000 + 850


def test_nothing_to_bill_is_refused() -> None:
    with pytest.raises(Refused):
        totals([])


LINES = st.lists(
    st.builds(
        Priced, st.just("x"), st.integers(1, 500), st.integers(0, 10**7), st.booleans(),
        st.sampled_from([0, 550, 850, 1000, 2000]),
    ),
    min_size=1, max_size=8,
)  # fmt: skip


@given(LINES)
def test_lines_add_up_to_the_totals(lines: list[Priced]) -> None:
    sums = totals(lines)
    assert sum(sums.line_net_cents) == sums.net_cents
    assert sums.net_cents + sums.vat_cents == sums.gross_cents
    if all(line.includes_vat for line in lines):
        assert sums.gross_cents == sum(line.quantity * line.unit_cents for line in lines)


def test_003_47_an_invoice_is_due_at_the_end_of_its_month() -> None:
    assert due_on(date(2026, 11, 30), "end_of_month", 30) == date(2026, 11, 30)
    assert due_on(date(2026, 12, 1), "end_of_month", 30) == date(2026, 12, 31)
    assert due_on(date(2026, 12, 1), None, 30) == date(2026, 12, 31)
    with pytest.raises(Refused):
        due_on(date(2026, 12, 1), None, 61)
