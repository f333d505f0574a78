"""Starts and periods of a subscription."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from portal.deadlines import add_months, period_bounds
from portal.errors import Refused
from portal.wording import N_


@dataclass(frozen=True, slots=True)
class Period:
    """A paid period: first day, and the day after its last (échéance)."""

    index: int
    starts_on: date
    ends_on: date


def contract_start(basis: Sequence[str], happened: Mapping[str, date], *, earliest: bool) -> date:
    """The day on which a contract takes effect.

    basis: the events that the contract names, the deciding one first. happened: the Paris day of each event
    that has taken place. earliest: whichever came first counts, not the order in which they are named.
    Raises Refused while no event has happened that counts.

    Source: 000-11, 000-12, 001-10, 004-03.
    """
    known = [happened[event] for event in basis if event in happened]
    if not known or (not earliest and basis[0] not in happened):
        raise Refused(N_("Le contrat n'a pas commencé : il manque « %(event)s »."), event=basis[0])
    return min(known) if earliest else happened[basis[0]]


def period_at(anchor: date, months: int, on: date) -> Period:
    """The period that contains a day; the first one for a day before the start.

    anchor: first day of the contract, from which every period is counted.
    months: length of a period.

    Source: 000-13, 000-14, 001-11, 001-13, 004-04.
    """
    index = 0
    if on > anchor:
        index = max(((on.year - anchor.year) * 12 + on.month - anchor.month) // months - 1, 0)
    while True:
        start, end = period_bounds(anchor, months, index)
        if on < end:
            return Period(index, start, end)
        index += 1


def last_usable_day(paid_before: date) -> date:
    """Last day of use: the last day of the last paid period, whole, Paris time.

    paid_before: first day that is not paid.

    Source: 000-56, 001-47.
    """
    return paid_before - timedelta(days=1)


def price_kept_through(ordered_on: date, months: int) -> date:
    """Last day on which the price of an order is kept.

    Source: 000-23.
    """
    return add_months(ordered_on, months)
