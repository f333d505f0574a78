"""How many debits come back, month by month and reason by reason."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, select

from portal import clock
from portal.db import db
from portal.deadlines import add_months
from portal.sepa.models.collection import UNPRESENTED, Collection

MONTHS = 13  # eleven that are past, the present one, and the next, whose debits may be refused already
_SCALE = 100.0  # width of a full bar, in units of the drawing


@dataclass
class Month:
    """Debits due in one month: how many went to the bank, how many came back, by reason."""

    first: date
    presented: int = 0
    returned: Counter[str] = field(default_factory=Counter)

    @property
    def rate(self) -> float:
        """Share of the presented debits that came back, 0 to 1."""
        return sum(self.returned.values()) / self.presented if self.presented else 0.0


@dataclass(frozen=True)
class Bar:
    """One reason in the bar of a month; x and width of 100."""

    reason: str
    count: int
    x: float
    width: float
    colour: int  # 1 to 5; the fifth is everything else


@dataclass
class Rates:
    months: list[Month]
    reasons: list[str]  # the most frequent first

    @property
    def worst(self) -> float:
        return max((month.rate for month in self.months), default=0.0)

    def colour(self, reason: str) -> int:
        return min(self.reasons.index(reason) + 1, 5)

    def bars(self, month: Month) -> list[Bar]:
        """The bar of a month; the worst month fills the whole width."""
        bars: list[Bar] = []
        x, unit = 0.0, _SCALE / (self.worst * month.presented) if self.worst and month.presented else 0.0
        for reason in self.reasons:
            if count := month.returned[reason]:
                bars.append(Bar(reason, count, round(x, 2), round(count * unit, 2), self.colour(reason)))
                x += count * unit
        return bars


def monthly_rates(creditor_ids: Any) -> Rates:
    """The present month after the eleven before it, and the next one, which may have begun at the bank.

    creditor_ids: query of the legal entities whose debits count. A debit belongs to the month it is due.
    """
    first = add_months(clock.today().replace(day=1), 2 - MONTHS)
    months = {add_months(first, n): Month(add_months(first, n)) for n in range(MONTHS)}
    year, number = func.extract("year", Collection.due_on), func.extract("month", Collection.due_on)
    kept: list[ColumnElement[bool]] = [
        Collection.legal_entity_id.in_(creditor_ids),
        Collection.due_on >= first,
        Collection.due_on < add_months(first, MONTHS),
        Collection.state.not_in(UNPRESENTED),
    ]
    query = select(year, number, Collection.return_reason, func.count()).where(*kept)
    total: Counter[str] = Counter()
    for y, m, reason, count in db.session.execute(query.group_by(year, number, Collection.return_reason)):
        month = months[date(int(y), int(m), 1)]
        month.presented += count
        if reason:
            month.returned[reason] += count
            total[reason] += count
    return Rates(list(months.values()), [reason for reason, _count in total.most_common()])
