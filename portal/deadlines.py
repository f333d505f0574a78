"""Days and months as contracts, banks and French law count them.

Days are Paris dates; instants are aware UTC datetimes. Months are always counted from an anchor, so
a monthly contract of the 31st never drifts to the 28th. Nothing here reads the clock.
"""

from calendar import isleap
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Literal
from zoneinfo import ZoneInfo

from portal.errors import Refused
from portal.wording import N_

PARIS = ZoneInfo("Europe/Paris")

Region = Literal["FR", "FR-alsace-moselle"]

_SATURDAY = 5
_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def month_length(year: int, month: int) -> int:
    """Number of days of a month."""
    return 29 if month == 2 and isleap(year) else _LENGTHS[month - 1]


def end_of_month(day: date) -> date:
    """Last day of the month of ``day``."""
    return day.replace(day=month_length(day.year, day.month))


def add_months(anchor: date, n: int) -> date:
    """The day ``n`` months after ``anchor`` (before it if negative), at most the last of its month.

    anchor: the day from which every period of the contract is counted, never a previous result.
    n: calendar months.

    Source: code de procédure civile, art. 641 (a missing day is the last day of the month).
    """
    years, month0 = divmod(anchor.month - 1 + n, 12)
    year, month = anchor.year + years, month0 + 1
    return date(year, month, min(anchor.day, month_length(year, month)))


def period_bounds(anchor: date, months: int, index: int) -> tuple[date, date]:
    """First day of the period ``index`` (0 is the first one) and first day after it (échéance).

    months: length of one period, at least 1.
    Raises Refused if ``months`` is below 1.
    """
    if months < 1:
        raise Refused(N_("Une période compte au moins un mois."))
    return add_months(anchor, months * index), add_months(anchor, months * (index + 1))


_FIXED = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
_FROM_EASTER = (1, 39, 50)  # Easter Monday, Ascension, Whit Monday


@cache
def french_holidays(year: int, region: Region = "FR") -> frozenset[date]:
    """Public holidays of a year; Alsace and Moselle add Good Friday and 26 December.

    Source: code du travail, art. L3133-1, L3134-13.
    """
    easter = _easter(year)
    found = {date(year, month, day) for month, day in _FIXED}
    found |= {easter + timedelta(days=days) for days in _FROM_EASTER}
    if region == "FR-alsace-moselle":
        found |= {easter - timedelta(days=2), date(year, 12, 26)}
    return frozenset(found)


def is_business_day(day: date, region: Region = "FR") -> bool:
    """True from Monday to Friday except public holidays (jour ouvré)."""
    return day.weekday() < _SATURDAY and day not in french_holidays(day.year, region)


def next_business_day(day: date, region: Region = "FR") -> date:
    """``day`` itself if it is a business day, else the first one after it."""
    return _first(day, 1, lambda each: is_business_day(each, region))


def add_business_days(day: date, n: int, region: Region = "FR") -> date:
    """The ``n``-th business day after ``day``, which is not counted; before it if negative.

    n: business days; 0 gives ``day`` back, whatever it is.
    """
    return _step(day, n, lambda each: is_business_day(each, region))


def business_days_between(start: date, end: date, region: Region = "FR") -> int:
    """Business days after ``start`` up to ``end`` included; 0 when ``end`` is not after it."""
    days = (start + timedelta(days=n) for n in range(1, (end - start).days + 1))
    return sum(is_business_day(each, region) for each in days)


@cache
def _target_closed(year: int) -> frozenset[date]:
    easter = _easter(year)
    return frozenset(
        {
            date(year, 1, 1),
            easter - timedelta(days=2),  # Good Friday
            easter + timedelta(days=1),  # Easter Monday
            date(year, 5, 1),
            date(year, 12, 25),
            date(year, 12, 26),
        }
    )


def is_target_day(day: date) -> bool:
    """True if euro payments are settled that day (système TARGET), French holiday or not."""
    return day.weekday() < _SATURDAY and day not in _target_closed(day.year)


def next_target_day(day: date) -> date:
    """``day`` itself if euro payments are settled that day, else the first such day after it."""
    return _first(day, 1, is_target_day)


def add_target_days(day: date, n: int) -> date:
    """The ``n``-th TARGET day after ``day``, which is not counted; before it if negative."""
    return _step(day, n, is_target_day)


def minus_target_days(day: date, n: int) -> date:
    """The ``n``-th TARGET day before ``day``: when a file must reach the bank for that day."""
    return add_target_days(day, -n)


def start_of_paris_day(day: date) -> datetime:
    """Midnight at which ``day`` begins in Paris, in UTC."""
    return datetime.combine(day, time(), PARIS).astimezone(UTC)


def end_of_paris_day(day: date) -> datetime:
    """Midnight at which ``day`` ends in Paris, in UTC; not part of the day (compare with ``<``)."""
    return start_of_paris_day(day + timedelta(days=1))


def _easter(year: int) -> date:
    # Meeus' method for the Gregorian calendar.
    a, (b, c) = year % 19, divmod(year, 100)
    (d, e), (i, k) = divmod(b, 4), divmod(c, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    weekday = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * weekday) // 451
    month, day0 = divmod(h + weekday - 7 * m + 114, 31)
    return date(year, month, day0 + 1)


def _first(day: date, way: int, is_open: Callable[[date], bool]) -> date:
    while not is_open(day):
        day += timedelta(days=way)
    return day


def _step(day: date, n: int, is_open: Callable[[date], bool]) -> date:
    way = 1 if n >= 0 else -1
    for _ in range(abs(n)):
        day = _first(day + timedelta(days=way), way, is_open)
    return day
