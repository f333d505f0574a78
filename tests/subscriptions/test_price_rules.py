"""The first day of a new price, from dates alone."""

from datetime import date
from typing import Any

import pytest

from portal.answers.rules.prices import first_day_of_new_price

ANCHOR = date(2026, 1, 10)


def first_day(**values: Any) -> date:
    defaults: dict[str, Any] = dict(
        billed_before=date(2026, 6, 10),
        effective_on=date(2026, 7, 1),
        told_on=date(2026, 5, 1),
        notice_months=1,
        kept_through=None,
    )
    return first_day_of_new_price(ANCHOR, 1, **{**defaults, **values})


@pytest.mark.parametrize(
    ("effective_on", "expected"),
    [
        (date(2026, 7, 9), date(2026, 7, 10)),
        (date(2026, 7, 10), date(2026, 7, 10)),  # a period that begins on that very day
        (date(2026, 7, 11), date(2026, 8, 10)),  # one begun keeps its price
    ],
)
def test_000_26_the_first_period_that_begins_on_or_after_the_day(effective_on: date, expected: date) -> None:
    assert first_day(effective_on=effective_on) == expected


@pytest.mark.parametrize(
    ("told_on", "expected"), [(date(2026, 6, 10), date(2026, 7, 10)), (date(2026, 6, 11), date(2026, 8, 10))]
)
def test_000_26_a_month_between_the_mail_and_the_price(told_on: date, expected: date) -> None:
    assert first_day(told_on=told_on) == expected


@pytest.mark.parametrize(
    ("kept_through", "expected"),
    [(date(2026, 7, 9), date(2026, 7, 10)), (date(2026, 7, 10), date(2026, 8, 10))],
)
def test_000_23_the_price_of_the_order_is_kept_to_its_last_day(kept_through: date, expected: date) -> None:
    assert first_day(kept_through=kept_through) == expected


def test_a_period_that_is_charged_already_keeps_its_price() -> None:
    assert first_day(billed_before=date(2026, 11, 10)) == date(2026, 11, 10)


def test_a_year_that_is_paid_runs_to_its_end() -> None:
    day = first_day_of_new_price(
        ANCHOR,
        12,
        billed_before=date(2027, 1, 10),
        effective_on=date(2026, 7, 1),
        told_on=date(2026, 5, 1),
        notice_months=1,
        kept_through=date(2026, 3, 10),
    )
    assert day == date(2027, 1, 10)
