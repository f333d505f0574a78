"""Availability, service credits and what caps them (pénalités SLA), as pure functions.

Percents are exact decimals, amounts integer cents without VAT; an amount is rounded once, at the end.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from portal.deadlines import add_months, start_of_paris_day
from portal.errors import Refused
from portal.incidents.instants import utc
from portal.money import line_net_cents
from portal.wording import N_


@dataclass(frozen=True)
class Outage:
    """Time without the service; reservation is the reference of what the customer notified, or empty."""

    starts_at: datetime
    ends_at: datetime
    reservation: str = ""
    excluded: bool = False  # announced maintenance or emergency work


@dataclass(frozen=True)
class Measured:
    """One service over one period: percents promised and measured."""

    service: str
    promised: Decimal
    measured: Decimal


class Cap(StrEnum):
    """What made the credit smaller than the formula's result."""

    INVOICE = "invoice"
    MEAN_MONTH = "mean_month"
    OVERDUE = "overdue"


@dataclass(frozen=True)
class Credit:
    """A credit on services, in cents without VAT: the formula's result, and what may be used of it."""

    parts: tuple[tuple[str, int], ...]  # service and its own raw amount, as shown
    raw_cents: int
    payable_cents: int
    cap: Cap | None


def counted_downtime_minutes(
    outages: Iterable[Outage],
    starts_on: date,
    ends_on: date,
    *,
    grace_minutes: int = 0,
    reservation_needed: bool = False,
) -> Decimal:
    """Minutes of a period for which a service was down, as the contract counts them.

    starts_on: first Paris day; ends_on: day after the last one. grace_minutes: first minutes of each
    incident that never count. reservation_needed: only outages with a reservation count.
    Two outages at once count once; excluded ones do not count.
    Raises Refused for an outage that ends before it starts.

    Source: 003-26, 003-27, 003-28, 003-64, 001-23.
    """
    seen, stop = start_of_paris_day(starts_on), start_of_paris_day(ends_on)
    down = timedelta()
    for outage in sorted(outages, key=lambda each: utc(each.starts_at)):
        if utc(outage.ends_at) < utc(outage.starts_at):
            raise Refused(N_("Une interruption ne peut pas finir avant d'avoir commencé."))
        if outage.excluded or (reservation_needed and not outage.reservation):
            continue
        first = max(utc(outage.starts_at) + timedelta(minutes=grace_minutes), seen)
        last = min(utc(outage.ends_at), stop)
        if first < last:
            down, seen = down + (last - first), last
    return _in_minutes(down)


def mean_month_cents(month_cents: Sequence[int]) -> int:
    """Mean monthly turnover of an account, from its months of the rolling year, in cents without VAT.

    month_cents: one amount per month, 1 to 12 of them; a younger account has fewer.
    Raises Refused for no month or more than twelve.

    Source: 003-75.
    """
    if not 1 <= len(month_cents) <= 12:
        raise Refused(N_("La moyenne porte sur un à douze mois."))
    return _cents(Decimal(sum(month_cents)) / len(month_cents))


def service_credit(
    services: Iterable[Measured],
    *,
    factor: int,
    mean_month_cents: int,
    invoice_cents: int,
    invoice_cap_basis_points: int,
    overdue: bool,
) -> Credit:
    """The credit of a period: the sum over the services, then the lowest of the two caps.

    factor: 10 in the formula (promised - measured) x 10 x mean month; a service at or above its promise
    gives nothing. mean_month_cents: mean month of the rolling year, which is also a cap.
    invoice_cents: invoice of the month of the incidents; invoice_cap_basis_points: 3000 for 30 %.
    overdue: the customer is late in paying while the service runs; the credit is then lost.

    Source: 003-31, 003-33, 003-75, 003-76.
    """
    parts: list[tuple[str, int]] = []
    exact, raw = Decimal(0), 0
    for each in services:
        exact += _missing(each) * factor * mean_month_cents / 100
        parts.append((each.service, _cents(exact) - raw))  # by difference, so that the parts add up
        raw = _cents(exact)
    if overdue:
        return Credit(tuple(parts), raw, 0, Cap.OVERDUE)
    invoice_cap = _cents(Decimal(invoice_cents * invoice_cap_basis_points) / 10_000)
    payable, cap = min(
        (raw, None), (invoice_cap, Cap.INVOICE), (mean_month_cents, Cap.MEAN_MONTH), key=_first
    )
    return Credit(tuple(parts), raw, payable, cap)


def credit_usable_through(granted_on: date, months: int) -> date:
    """Last day on which a credit may be used.

    months: how long it is valid, 12 for one year; counted from the day it was granted.

    Source: 003-30.
    """
    return add_months(granted_on, months)


def usable_credit_cents(
    left_cents: int, granted_on: date, months: int, on: date, *, account: str, order_account: str
) -> int:
    """How much of a credit an order may use on a day: nothing for another technical account, or too late.

    left_cents: what is left of the credit. months: how long it is valid.
    account: technical account of the breach; order_account: that of the order to be paid.

    Source: 003-30.
    """
    usable = account == order_account and granted_on <= on <= credit_usable_through(granted_on, months)
    return left_cents if usable else 0


def _first(candidate: tuple[int, Cap | None]) -> int:
    return candidate[0]


def _missing(service: Measured) -> Decimal:
    return max(_percent(service.promised) - _percent(service.measured), Decimal(0))


def _percent(percent: Decimal) -> Decimal:
    if not isinstance(percent, Decimal):
        raise TypeError("a percent is an exact decimal, never a float")
    if not 0 <= percent <= 100:
        raise Refused(N_("Un taux de disponibilité va de 0 à 100."))
    return percent


def _in_minutes(length: timedelta) -> Decimal:
    return Decimal(length // timedelta(microseconds=1)) / 60_000_000


def _cents(amount: Decimal) -> int:
    return line_net_cents(amount, 1)
