"""The month of a service, day by day, as pure functions: what was down, and what is known."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from portal.deadlines import add_months, end_of_paris_day, start_of_paris_day
from portal.incidents.credits import Outage, counted_downtime_minutes
from portal.incidents.instants import utc

Window = tuple[datetime, datetime]


class Known(StrEnum):
    """How a day of a service is known."""

    MEASURED = "measured"
    PARTLY = "partly"  # the probe saw a part of the day
    TYPED = "typed"  # no measure, and an outage that a person wrote down
    MISSING = "missing"  # nothing is known: not up, and not down
    AHEAD = "ahead"  # not over yet, or outside the contract


@dataclass(frozen=True, slots=True)
class ProbeDay:
    """What a probe saw in one day: minutes in which it looked, and those in which the service was up."""

    up: int
    measured: int


@dataclass(frozen=True, slots=True)
class ServiceDay:
    """One day of one service: minutes that it has and that are known, left out, and counted as down."""

    day: date
    known: Known
    whole: int
    minutes: int
    excluded: Decimal
    counted: Decimal


def service_of(key: str) -> str:
    """Whose level a value of the contract promises: « sla.region.percent » is that of « region ».

    "" for every other value; the example that the contract prints is no promise.

    Source: 003-61, 003-62, 003-63, 003-65, 003-66, 003-67, 003-69.
    """
    parts = key.split(".")
    return parts[1] if len(parts) == 3 and (parts[0], parts[2]) == ("sla", "percent") else ""


def without(outages: Iterable[Outage], windows: Iterable[Window], grace_minutes: int = 0) -> list[Outage]:
    """What is left of outages outside of windows that do not count; each first loses its minutes of grace.

    Source: 003-26, 003-27, 003-64.
    """
    left = [
        (utc(each.starts_at) + timedelta(minutes=grace_minutes), utc(each.ends_at))
        for each in outages
        if not each.excluded
    ]
    for first, last in windows:
        cut: list[Window] = []
        for start, end in left:
            cut += [(start, min(end, utc(first))), (max(start, utc(last)), end)]
        left = [(start, end) for start, end in cut if start < end]
    return [Outage(start, end) for start, end in left if start < end]


def service_month(
    month: date,
    outages: Iterable[Outage],
    windows: Iterable[Window],
    probe: Mapping[date, ProbeDay],
    *,
    grace_minutes: int = 0,
    first: date | None = None,
    before: date | None = None,
) -> list[ServiceDay]:
    """The days of a month, each with what is known and what counts.

    month: its first day. windows: announced maintenance and emergency work, which do not count. probe: by
    Paris day. first: first day of the contract. before: the first day that is not over, or not under it.
    A probe tells minutes and no hours, so that a day counts the larger of both: what people wrote down, and
    what the probe saw less the time of the windows. Two outages at once count once.

    Source: 003-26, 003-27, 003-64, 001-23.
    """
    outages, windows = list(outages), list(windows)
    pieces = without(outages, windows, grace_minutes)
    last = add_months(month, 1)
    days = (month + timedelta(days=n) for n in range((last - month).days))
    return [
        _day(day, outages, pieces, windows, probe.get(day))
        if (first is None or first <= day) and (before is None or day < before)
        else ServiceDay(day, Known.AHEAD, 0, 0, Decimal(0), Decimal(0))
        for day in days
    ]


def _day(
    day: date, outages: list[Outage], pieces: list[Outage], windows: list[Window], seen: ProbeDay | None
) -> ServiceDay:
    after = day + timedelta(days=1)
    whole = (end_of_paris_day(day) - start_of_paris_day(day)) // timedelta(minutes=1)
    typed = counted_downtime_minutes((Outage(o.starts_at, o.ends_at) for o in outages), day, after)
    counted = counted_downtime_minutes(pieces, day, after)
    window = counted_downtime_minutes((Outage(*each) for each in windows), day, after)
    if seen is None:
        if not typed:
            return ServiceDay(day, Known.MISSING, whole, 0, Decimal(0), Decimal(0))
        return ServiceDay(day, Known.TYPED, whole, whole, typed - counted, counted)
    missed = Decimal(seen.measured - seen.up)
    down = min(max(typed, missed), Decimal(whole))
    counted = max(counted, missed - window, Decimal(0))
    minutes = whole if typed else min(seen.measured, whole)
    known = Known.MEASURED if seen.measured >= whole else Known.PARTLY
    return ServiceDay(day, known, whole, minutes, max(down - counted, Decimal(0)), counted)


def known_percent(days: Iterable[ServiceDay]) -> Decimal | None:
    """Availability over what is known of a month, in percent; None where nothing is.

    A day of which nothing is known is neither up nor down. Where no probe looked at all, what people wrote
    down is the only record of the month, and its days that are over are the period.

    Source: 001-23, 003-75.
    """
    days = list(days)
    if not any(each.minutes for each in days):
        return None
    known = sum(each.whole if is_only_typed(days) else each.minutes for each in days)
    down = sum((each.counted for each in days), Decimal(0))
    return 100 * (known - min(down, Decimal(known))) / known


def is_only_typed(days: Iterable[ServiceDay]) -> bool:
    """Has no probe looked at all in these days, so that only what people wrote down is known?

    Source: 001-23, 003-75.
    """
    return not any(each.known in (Known.MEASURED, Known.PARTLY) for each in days)


def month_share_cents(cents: int, starts_on: date, months: int, month: date) -> int:
    """The part of a charge that stands for one month: a year paid at once is a twelfth each month.

    cents: without VAT. starts_on: first day that the charge is for. months: how many it covers. month: the
    first day of the month that is asked for. The cents that do not divide fall on the first months.

    Source: 003-31, 003-75.
    """
    months = max(months, 1)
    place = (month.year - starts_on.year) * 12 + month.month - starts_on.month
    if not 0 <= place < months:
        return 0
    whole, rest = divmod(cents, months)
    return whole + (1 if place < rest else 0)
