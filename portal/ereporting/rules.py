"""Periods of e-reporting by VAT regime, and what a payment settles of each rate."""

import tomllib
from calendar import monthrange
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import NamedTuple

_FILE = Path(__file__).parent / "regimes.toml"
FREEZE_AFTER = timedelta(days=5)  # of a period: by then the bank's files of its last days are in
TAXED, UNTAXED = "TPS1", "TNT1"  # services with French VAT; without it (categories of the reform)
FRENCH_VAT = ("", "FR", "GP", "MQ", "RE")  # states of a line's VAT that are French ("": an old line)


class ReportKind(StrEnum):
    SALES = "report_sales"
    PAYMENTS = "report_payments"


class Cadence(NamedTuple):
    """unit: decade, month or two_months. due: days after a decade, else a day of the next month."""

    unit: str
    due: int


class Period(NamedTuple):
    """Days of Paris, both included; due_on: the last one for telling it."""

    first: date
    last: date
    due_on: date


@cache
def regimes() -> dict[str, dict[ReportKind, Cadence]]:
    """By name. Source: regimes.toml (CGI art. 290, 290 A; ann. II art. 242 nonies M to P)."""
    rows = tomllib.loads(_FILE.read_text())
    return {
        name: {ReportKind.SALES: Cadence(**row["sales"]), ReportKind.PAYMENTS: Cadence(**row["payments"])}
        for name, row in rows.items()
    }


def _end(year: int, month: int) -> date:
    return date(year, month, monthrange(year, month)[1])


def period_of(cadence: Cadence, day: date) -> Period:
    """The period that a (Paris) day lies in.

    Source: CGI art. 290, 290 A; ann. II art. 242 nonies M to P (decree 2022-1299).
    """
    end = _end(day.year, day.month)
    if cadence.unit == "decade":
        start = min((day.day - 1) // 10, 2)
        last = day.replace(day=10 * (start + 1)) if start < 2 else end
        return Period(day.replace(day=10 * start + 1), last, last + timedelta(days=cadence.due))
    first = day.replace(day=1)
    if cadence.unit == "two_months":
        first = first.replace(month=(day.month - 1) // 2 * 2 + 1)
        end = _end(day.year, first.month + 1)
    following = end + timedelta(days=1)
    due = min(cadence.due, _end(following.year, following.month).day)
    return Period(first, end, following.replace(day=due))


def periods_between(cadence: Cadence, first: date, last: date) -> Iterator[Period]:
    """Those that begin on or after the first day and not after the last one, in order.

    Source: CGI ann. II art. 242 nonies M to P (each day lies in one period).
    """
    day = first
    while day <= last:
        period = period_of(cadence, day)
        if period.first >= first:
            yield period
        day = period.last + timedelta(days=1)


def operation_of(category: str, country: str) -> str:
    """Which kind of operation a service is. category: of EN 16931; country: whose VAT it bears.

    Source: CGI art. 290; AFNOR XP Z12-012 (flux 10, TPS1 and TNT1).
    """
    return TAXED if category == "S" and country in FRENCH_VAT else UNTAXED


def split_by_rate(amount_cents: int, rates: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """What a payment settles of each rate: basis points and cents with VAT, which add up to the payment.

    amount_cents: below zero for money that went back. rates: basis points and cents with VAT of the invoice.
    The last rate takes the cents that rounding leaves.

    Source: CGI art. 290 A (payments of services are reported by rate).
    """
    total = sum(cents for _points, cents in rates)
    if not total:
        return [(points, 0) for points, _cents in rates]
    parts = [(points, round(amount_cents * cents / total)) for points, cents in rates[:-1]]
    return [*parts, (rates[-1][0], amount_cents - sum(cents for _points, cents in parts))]
