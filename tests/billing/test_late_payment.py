"""Penalties and fixed fee of late payments: the worked examples, the half-years, the missing rate."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.billing.late import late_answers
from portal.billing.late_payment import (
    EcbRate,
    LatePayment,
    Slice,
    ecb_rates,
    late_payment,
    penalty_slices,
    read_ecb_rates,
    recovery_fee_cents,
    semester_of,
)
from portal.errors import Refused
from portal.terms.shipped import find_stack
from portal.terms.stack import Amendment


def owed(cents: int, due_on: date, on: date, *, professional: bool = True) -> LatePayment:
    return late_payment(
        cents,
        due_on,
        on,
        professional=professional,
        rates=ecb_rates(),
        margin_basis_points=1000,
        fee_cents=4000,
    )


def test_003_52_1200_euros_50_days_late_across_30_june_2025() -> None:
    found = owed(120_000, date(2025, 5, 31), date(2025, 7, 20))
    assert found.slices == (
        Slice("2025 S1", date(2025, 6, 1), date(2025, 6, 30), 30, 1315, 1297),
        Slice("2025 S2", date(2025, 7, 1), date(2025, 7, 20), 20, 1215, 799),
    )
    assert (found.penalty_cents, found.recovery_fee_cents, found.total_cents) == (2096, 4000, 6096)


def test_003_52_712_euros_44_paid_43_days_late_in_2026() -> None:
    found = owed(71_244, date(2026, 1, 31), date(2026, 3, 15))
    assert [(each.days, each.rate_basis_points) for each in found.slices] == [(43, 1215)]
    assert (found.penalty_cents, found.recovery_fee_cents) == (1020, 4000)


def test_003_52_the_year_end_is_a_cut_too() -> None:
    found = owed(100_000, date(2024, 12, 30), date(2025, 1, 1))
    assert [(each.semester, each.days, each.rate_basis_points) for each in found.slices] == [
        ("2024 S2", 1, 1425),
        ("2025 S1", 1, 1315),
    ]


@pytest.mark.parametrize(
    ("semester", "basis_points"),
    [
        ("2023 S1", 1250),
        ("2023 S2", 1400),
        ("2024 S1", 1450),
        ("2024 S2", 1425),
        ("2025 S1", 1315),
        ("2025 S2", 1215),
        ("2026 S1", 1215),
    ],
)
def test_003_52_the_rates_of_the_half_years(semester: str, basis_points: int) -> None:
    first = date(int(semester[:4]), 1 if semester.endswith("1") else 7, 1)
    assert owed(100_000, first - timedelta(days=1), first).slices[0].rate_basis_points == basis_points
    assert semester_of(first) == semester


def test_003_52_a_half_year_without_a_rate_is_refused_and_never_zero() -> None:
    owed(100_000, date(2026, 6, 1), date(2026, 6, 30))
    with pytest.raises(Refused, match="2026 S2"):
        owed(100_000, date(2026, 6, 1), date(2026, 7, 1))


def test_003_51_the_fee_is_owed_from_the_first_day_late_and_once() -> None:
    due = date(2026, 3, 31)
    fees = [recovery_fee_cents(due, due + timedelta(days=n), 4000, professional=True) for n in (-1, 0, 1, 60)]
    assert fees == [0, 0, 4000, 4000]
    assert owed(100, due, due) == LatePayment((), 0, 0)


def test_003_51_and_003_52_a_consumer_owes_neither_even_without_a_rate() -> None:
    assert owed(120_000, date(2025, 5, 31), date(2026, 11, 21), professional=False) == LatePayment((), 0, 0)


def test_003_52_nothing_is_owed_on_nothing() -> None:
    with pytest.raises(Refused, match="pas due"):
        owed(0, date(2026, 1, 31), date(2026, 3, 15))


@given(st.integers(1, 10**9), st.integers(0, 900), st.integers(0, 200))
def test_003_52_slices_add_up_and_grow_with_the_days(cents: int, days: int, more: int) -> None:
    due = date(2023, 6, 15)
    short, long = (
        owed(cents, due, due + timedelta(days=days)),
        owed(cents, due, due + timedelta(days=days + more)),
    )
    assert sum(each.days for each in short.slices) == days
    assert sum(each.cents for each in short.slices) == short.penalty_cents <= long.penalty_cents
    exact = sum(cents * each.rate_basis_points * each.days for each in short.slices)
    assert abs(short.penalty_cents * 3_650_000 - exact) <= 3_650_000 // 2  # half a cent


def test_003_52_the_contract_gives_the_margin() -> None:
    rates = {"2026 S1": EcbRate("2026 S1", 215, "essai", date(2026, 1, 2))}
    slices = penalty_slices(
        365_000, date(2026, 1, 1), date(2026, 1, 11), margin_basis_points=785, rates=rates, professional=True
    )
    assert [each.cents for each in slices] == [1000]


@pytest.mark.parametrize(
    "row",
    [
        'semester = "2026"\nbasis_points = 215\nsource = "x"\nentered = 2026-01-02',
        'semester = "2026 S1"\nbasis_points = 2.15\nsource = "x"\nentered = 2026-01-02',
        'semester = "2026 S1"\nbasis_points = 215\nsource = ""\nentered = 2026-01-02',
        'semester = "2026 S1"\nbasis_points = 215\nsource = "x"',
    ],
)
def test_003_52_a_rate_without_its_source_or_date_is_not_read(tmp_path: Path, row: str) -> None:
    file = tmp_path / "rates.toml"
    file.write_text(f"[[rate]]\n{row}\n")
    with pytest.raises(ValueError, match=r"rates\.toml"):
        read_ecb_rates(file)


def test_003_52_a_half_year_has_one_rate(tmp_path: Path) -> None:
    file = tmp_path / "rates.toml"
    file.write_text(
        '[[rate]]\nsemester = "2026 S1"\nbasis_points = 215\nsource = "x"\nentered = 2026-01-02\n' * 2
    )
    with pytest.raises(ValueError, match="deux taux"):
        read_ecb_rates(file)


@pytest.mark.parametrize(("points", "counted"), [(500, 786), (600, 815)])
def test_an_agreed_rate_counts_down_to_three_times_the_legal_interest_rate(points: int, counted: int) -> None:
    """L6: ECB 2.15 % and 5 points are 7.15 % in 2026 S1, below three times 2.62 %."""
    key, contract = "late.rate_points_basis_points", find_stack("numspot")
    lower = replace(contract.get(key), value=points)
    agreed = contract.amended([Amendment("avenant", date(2026, 1, 1), date(2026, 1, 1), {key: lower})])
    owed_now = late_answers(
        agreed.on(date(2026, 1, 31)), "business", 120_000, date(2026, 1, 31), date(2026, 3, 2), ecb_rates()
    )
    assert owed_now[0].cents == round(120_000 * counted * 30 / 10_000 / 365)
