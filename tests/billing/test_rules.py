"""Totals and due dates."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.billing.rules import (
    GridStep,
    Growth,
    Priced,
    bill_on,
    check_payment_terms,
    check_price_change,
    dispute_closes_on,
    due_on,
    earliest_price_change,
    is_deemed_accepted,
    next_quarter,
    physical_medium_line,
    revised_price_cents,
    scope_growth,
    totals,
)
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
        Priced,
        st.just("x"),
        st.integers(1, 500),
        st.integers(0, 10**7),
        st.booleans(),
        st.sampled_from([0, 550, 850, 1000, 2000]),
    ),
    min_size=1,
    max_size=8,
)


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


@pytest.mark.parametrize(
    ("days", "end_of_month", "sentence"),
    [
        (0, False, None),
        (0, True, None),
        (60, False, None),
        (61, False, "60 jours"),
        (-1, False, "60 jours"),
        (45, True, None),
        (46, True, "45 jours"),
    ],
)
def test_003_47_terms_of_payment_keep_to_the_law(days: int, end_of_month: bool, sentence: str | None) -> None:
    if sentence is None:
        check_payment_terms(days, end_of_month=end_of_month)
    else:
        with pytest.raises(Refused, match=sentence):
            check_payment_terms(days, end_of_month=end_of_month)


def test_003_53_an_invoice_is_accepted_when_nobody_disputes_it_in_15_days() -> None:
    issued = date(2026, 11, 30)
    assert dispute_closes_on(issued, 15) == date(2026, 12, 15)

    def accepted(day: int, disputed_on: date | None = None) -> bool:
        return is_deemed_accepted(issued, date(2026, 12, day), 15, disputed_on)

    assert [accepted(day) for day in (14, 15, 16)] == [False, False, True]
    assert not accepted(20, date(2026, 12, 15))
    assert accepted(20, date(2026, 12, 16))


@pytest.mark.parametrize(
    ("told_on", "earliest"),
    [(date(2026, 11, 23), date(2026, 12, 23)), (date(2027, 1, 31), date(2027, 2, 28))],
)
def test_000_26_a_new_price_is_told_one_month_before(told_on: date, earliest: date) -> None:
    assert earliest_price_change(told_on, 1) == earliest
    check_price_change(told_on, earliest, 1)
    with pytest.raises(Refused, match=f"{earliest:%d/%m/%Y}"):
        check_price_change(told_on, earliest - timedelta(days=1), 1)


def test_000_26_a_price_nobody_was_told_of_is_refused() -> None:
    with pytest.raises(Refused, match="informé"):
        check_price_change(None, date(2027, 1, 1), 1)


GRID = [GridStep(50, 30_000), GridStep(10, 9_000), GridStep(20, 15_000)]


@pytest.mark.parametrize(
    ("used", "price"), [(9, 8_000), (10, 8_000), (11, 15_000), (20, 15_000), (21, 30_000), (50, 30_000)]
)
def test_001_17_usage_above_the_contract_takes_the_public_price(used: int, price: int) -> None:
    assert revised_price_cents(10, used, 8_000, GRID) == price


def test_001_17_a_revision_never_lowers_the_price_nor_leaves_the_grid() -> None:
    assert revised_price_cents(10, 11, 16_000, GRID) == 16_000
    with pytest.raises(Refused, match="51"):
        revised_price_cents(10, 51, 8_000, GRID)


def test_003_45_a_fixed_term_is_billed_in_advance_and_usage_in_arrears() -> None:
    period = date(2026, 11, 1), date(2026, 12, 1)
    assert bill_on(*period, fixed_term=True) == date(2026, 11, 1)
    assert bill_on(*period, fixed_term=False) == date(2026, 12, 1)


@pytest.mark.parametrize(
    ("day", "first"),
    [
        (date(2026, 1, 1), date(2026, 4, 1)),
        (date(2026, 3, 31), date(2026, 4, 1)),
        (date(2026, 8, 31), date(2026, 10, 1)),
        (date(2026, 11, 23), date(2027, 1, 1)),
    ],
)
def test_004_36_the_next_calendar_quarter(day: date, first: date) -> None:
    assert next_quarter(day) == first


def test_004_36_growth_is_priced_at_the_next_due_date_or_quarter_and_commits_again() -> None:
    grown = date(2026, 11, 23)
    assert scope_growth(grown, date(2026, 12, 1), 36) == Growth(date(2026, 12, 1), date(2029, 12, 1))
    assert scope_growth(grown, date(2027, 6, 1), 36) == Growth(date(2027, 1, 1), date(2030, 1, 1))
    with pytest.raises(Refused, match="échéance"):
        scope_growth(grown, grown, 36)


def test_001_22_a_physical_medium_is_billed() -> None:
    line = physical_medium_line("Disque", 2, 9_000, includes_vat=True, vat_basis_points=2000)
    assert totals([line]).gross_cents == 18_000
    assert physical_medium_line("Disque", 1, 0, includes_vat=True, vat_basis_points=2000).quantity == 1
    with pytest.raises(Refused, match="prix du support"):
        physical_medium_line("Disque", 2, None, includes_vat=True, vat_basis_points=2000)
    with pytest.raises(Refused, match="au moins un"):
        physical_medium_line("Disque", 0, 9_000, includes_vat=True, vat_basis_points=2000)
