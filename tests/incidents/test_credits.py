"""Service credits: the printed example, the tables' own figures, the caps."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.deadlines import PARIS
from portal.errors import Refused
from portal.incidents.credits import (
    Cap,
    Credit,
    Measured,
    Outage,
    counted_downtime_minutes,
    credit_usable_through,
    mean_month_cents,
    service_credit,
    usable_credit_cents,
)

NOVEMBER = (date(2026, 11, 1), date(2026, 12, 1))


def services(*pairs: tuple[str, str]) -> list[Measured]:
    return [
        Measured(f"S{n}", Decimal(promised), Decimal(seen)) for n, (promised, seen) in enumerate(pairs, 1)
    ]


def credit(
    measured: list[Measured], *, mean: int = 1_000_000, invoice: int = 1_000_000, overdue: bool = False
) -> Credit:
    return service_credit(
        measured,
        factor=10,
        mean_month_cents=mean,
        invoice_cents=invoice,
        invoice_cap_basis_points=3000,
        overdue=overdue,
    )


def outage(day: int, hour: int, minutes: int, **more: object) -> Outage:
    start = datetime(2026, 11, day, hour, tzinfo=PARIS)
    return Outage(start, start + timedelta(minutes=minutes), **more)


def test_003_75_the_printed_example_is_worth_3390_and_3000_are_payable() -> None:
    found = credit(services(("99.99", "97.9"), ("99.9", "99.95"), ("99.8", "98.5")))
    assert found == Credit((("S1", 209_000), ("S2", 0), ("S3", 130_000)), 339_000, 300_000, Cap.INVOICE)


def test_003_75_the_figures_of_the_tables_give_3350() -> None:
    found = credit(services(("99.97", "97.9"), ("99.9", "99.95"), ("99.78", "98.5")))
    assert (found.raw_cents, found.payable_cents, found.cap) == (335_000, 300_000, Cap.INVOICE)


def test_003_75_a_small_breach_is_paid_whole_and_a_kept_promise_gives_nothing() -> None:
    assert credit(services(("99.9", "99.8"))) == Credit((("S1", 10_000),), 10_000, 10_000, None)
    assert credit(services(("99.9", "99.9"), ("99.7", "100"))).raw_cents == 0


def test_003_31_the_cap_is_30_percent_of_the_invoice_of_the_month() -> None:
    found = credit(services(("99.9", "97.9")), invoice=123_457)
    assert (found.raw_cents, found.payable_cents, found.cap) == (200_000, 37_037, Cap.INVOICE)
    assert credit(services(("99.9", "96.9")), invoice=1_000_000).cap is None  # 3 000.00, just at the cap


def test_003_76_the_mean_month_caps_when_the_invoice_is_far_above_it() -> None:
    found = credit(services(("99.9", "80")), mean=10_000, invoice=1_000_000)
    assert (found.raw_cents, found.payable_cents, found.cap) == (19_900, 10_000, Cap.MEAN_MONTH)


def test_003_33_a_customer_who_is_late_loses_the_credit() -> None:
    found = credit(services(("99.9", "97.9")), overdue=True)
    assert (found.raw_cents, found.payable_cents, found.cap) == (200_000, 0, Cap.OVERDUE)


PERCENTS = st.integers(0, 10_000).map(lambda n: Decimal(n).scaleb(-2))
MEASURED = st.lists(st.builds(Measured, st.just("S"), PERCENTS, PERCENTS), max_size=5)


@given(MEASURED, st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9))
def test_003_31_and_003_76_no_cap_is_ever_passed(
    measured: list[Measured], mean: int, invoice: int, more: int
) -> None:
    found = credit(measured, mean=mean, invoice=invoice)
    assert 0 <= found.payable_cents <= min(found.raw_cents, mean, (invoice * 30 + 50) // 100)
    assert sum(cents for _, cents in found.parts) == found.raw_cents
    assert credit(measured, mean=mean, invoice=invoice + more).payable_cents >= found.payable_cents


def test_003_75_a_float_is_a_bug_and_a_percent_above_100_is_refused() -> None:
    with pytest.raises(TypeError):
        credit([Measured("S", 99.9, Decimal(90))])  # type: ignore[arg-type]
    with pytest.raises(Refused, match="100"):
        credit(services(("100.01", "90")))


def test_003_75_the_mean_month_of_a_young_account_is_that_of_its_months() -> None:
    assert mean_month_cents([1_000_000] * 12) == 1_000_000
    assert mean_month_cents([10_000, 0, 5_000]) == 5_000
    assert mean_month_cents([100, 101]) == 101
    assert mean_month_cents([7]) == 7
    for months in ([], [1] * 13):
        with pytest.raises(Refused):
            mean_month_cents(months)


def test_003_64_the_first_2_minutes_of_each_incident_do_not_count() -> None:
    outages = [outage(3, 10, 5), outage(4, 10, 2), outage(5, 10, 1)]
    assert counted_downtime_minutes(outages, *NOVEMBER) == 8
    assert counted_downtime_minutes(outages, *NOVEMBER, grace_minutes=2) == 3


def test_003_26_003_27_and_003_28_what_does_not_count() -> None:
    outages = [
        outage(3, 10, 5, reservation="R-1"),
        outage(4, 10, 7),
        outage(5, 10, 9, reservation="R-2", excluded=True),
    ]
    assert counted_downtime_minutes(outages, *NOVEMBER) == 12
    assert counted_downtime_minutes(outages, *NOVEMBER, reservation_needed=True) == 5


def test_001_23_outages_are_cut_at_the_month_and_never_counted_twice() -> None:
    across = Outage(datetime(2026, 10, 31, 23, tzinfo=PARIS), datetime(2026, 11, 1, 1, tzinfo=PARIS))
    late = Outage(datetime(2026, 11, 30, 23, 30, tzinfo=PARIS), datetime(2026, 12, 2, 0, tzinfo=PARIS))
    assert counted_downtime_minutes([late, across], *NOVEMBER) == 90
    assert (
        counted_downtime_minutes([outage(3, 10, 60), outage(3, 10, 20), outage(3, 10, 90)], *NOVEMBER) == 90
    )
    assert counted_downtime_minutes([outage(3, 10, 0)], *NOVEMBER) == 0
    with pytest.raises(Refused, match="finir avant"):
        counted_downtime_minutes([outage(3, 10, -1)], *NOVEMBER)


def test_003_30_a_credit_lives_one_year_on_its_own_account() -> None:
    granted = date(2026, 12, 10)
    assert credit_usable_through(granted, 12) == date(2027, 12, 10)

    def usable(on: date, account: str = "CT-1") -> int:
        return usable_credit_cents(5_000, granted, 12, on, account="CT-1", order_account=account)

    assert [usable(date(2027, 12, day)) for day in (9, 10, 11)] == [5_000, 5_000, 0]
    assert [usable(date(2026, 12, day)) for day in (9, 10)] == [0, 5_000]
    assert usable(date(2027, 1, 1), "CT-2") == 0
