"""What a change costs for the periods that have begun."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from portal.answers.rules.periods import period_at
from portal.deadlines import add_months


@dataclass(frozen=True, slots=True)
class Piece:
    """The difference for a part of one billed period: ``days`` of ``of``, ``ends_on`` not included, cents."""

    starts_on: date
    ends_on: date
    days: int
    of: int
    cents: int


def share_cents(difference_cents: int, days: int, of: int) -> int:
    """The part of a difference of price that falls on some days of its period, rounded down to the cent.

    difference_cents: for the whole period, not negative. days: calendar days that count, the first included.
    of: calendar days of the period.

    Source: 004-35, 001-17 (a price begins on its day).
    """
    return difference_cents * days // of


def pieces(
    anchor: date, months: int, *, effective_on: date, billed_before: date, difference_cents: int
) -> Sequence[Piece]:
    """What a higher price that begins on a day adds to periods that are billed at the old one.

    anchor, months: of the billed periods. billed_before: first day that no charge covers. A period that has
    begun before the day keeps its price, and the rest of it is owed by days; one that begins on the day or
    later is owed whole, as far as it was billed before. difference_cents: for a whole period.

    Source: 004-35, 004-36, 001-17.
    """
    found = []
    period = period_at(anchor, months, effective_on)
    while period.starts_on < max(billed_before, effective_on):
        start = max(period.starts_on, effective_on)
        days, of = (period.ends_on - start).days, (period.ends_on - period.starts_on).days
        cents = share_cents(difference_cents, days, of)
        if cents > 0:
            found.append(Piece(start, period.ends_on, days, of, cents))
        period = period_at(anchor, months, period.ends_on)
    return found


def begun_anew(
    anchor: date,
    months: int,
    *,
    effective_on: date,
    billed_before: date,
    period_cents: int,
    new_months: int,
    new_cents: int,
) -> Sequence[Piece]:
    """The first period of another length, whole, and what it takes the place of, as negative cents.

    anchor, months: of the periods billed so far, each at period_cents. billed_before: first day that no
    charge covers, the day itself or later. new_months, new_cents: of the period that begins on the day.
    What is taken off is rounded up to the cent, for the customer.

    Source: 000-13, 000-14, 001-11, 001-13 (no day is paid twice).
    """
    end = add_months(effective_on, new_months)
    days = (end - effective_on).days
    found = [Piece(effective_on, end, days, days, new_cents)]
    period = period_at(anchor, months, effective_on)
    while period.starts_on < billed_before:
        start = max(period.starts_on, effective_on)
        unused, of = (period.ends_on - start).days, (period.ends_on - period.starts_on).days
        found.append(Piece(start, period.ends_on, unused, of, -period_cents * unused // of))
        period = period_at(anchor, months, period.ends_on)
    return found


def first_period_from(anchor: date, months: int, day: date) -> date:
    """First day of the first billed period that begins on a day or later.

    Source: 000-26, 004-36 (the next due date).
    """
    period = period_at(anchor, months, day)
    return period.starts_on if period.starts_on >= day else period.ends_on
