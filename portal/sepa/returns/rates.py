"""How many debits come back, month by month and reason by reason."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import exists, func, select

from portal import clock
from portal.db import db
from portal.deadlines import add_months
from portal.sepa.models.batch import UNSEEN, Batch, BatchMonth, BatchState, due_months
from portal.sepa.models.collection import Collection

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
class Returned:
    """What came back for one reason in all months shown: debits and cents."""

    reason: str
    count: int
    cents: int


@dataclass
class Rates:
    months: list[Month]
    returned: list[Returned]  # the most frequent reason first

    @property
    def reasons(self) -> list[str]:
        return [each.reason for each in self.returned]

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
    for month, count in _presented(creditor_ids, first):
        if month in months:
            months[month].presented += count
    total: dict[str, Returned] = {}
    for day, reason, count, cents in db.session.execute(_returned(creditor_ids, first)):
        months[day.replace(day=1)].returned[reason] += count
        one = total.setdefault(reason, Returned(reason, 0, 0))
        one.count, one.cents = one.count + count, one.cents + int(cents)
    most = sorted(total.values(), key=lambda each: (-each.count, each.reason))
    return Rates(list(months.values()), most)


def _whole(creditor_ids: Any) -> Any:
    """Ids of the batches whose debits count: those that are frozen, and were not cancelled."""
    gone = (*UNSEEN, BatchState.CANCELLED)
    return select(Batch.id).where(Batch.legal_entity_id.in_(creditor_ids), Batch.state.not_in(gone))


def _presented(creditor_ids: Any, first: date) -> Iterator[tuple[date, int]]:
    """Month and number, as kept with each batch; those of a batch that has none are counted."""
    kept = select(BatchMonth.month, func.sum(BatchMonth.count)).where(
        BatchMonth.month >= first, BatchMonth.batch_id.in_(_whole(creditor_ids))
    )
    for month, count in db.session.execute(kept.group_by(BatchMonth.month)):
        yield month, int(count)
    has_none = ~exists().where(BatchMonth.batch_id == Batch.id)  # frozen by the release before
    for (_batch, month), count in due_months(_ids(_whole(creditor_ids).where(has_none))).items():
        yield month, count


def _returned(creditor_ids: Any, first: date) -> Any:
    """Due day, reason, number and cents of what came back."""
    key = Collection.due_on, Collection.return_reason
    return (
        select(*key, func.count(), func.sum(Collection.amount_cents))
        .where(Collection.legal_entity_id.in_(_ids(creditor_ids)), Collection.return_reason.is_not(None))
        .where(Collection.due_on >= first, Collection.due_on < add_months(first, MONTHS))
        .group_by(*key)
    )


def _ids(query: Any) -> list[int]:
    return list(db.session.scalars(query))


def batches_that_differ(creditor_ids: Any) -> list[int]:
    """Ids of the batches whose kept months are not what their debits say; none, unless rows were changed."""
    ids = _ids(_whole(creditor_ids).where(exists().where(BatchMonth.batch_id == Batch.id)))
    query = select(BatchMonth.batch_id, BatchMonth.month, BatchMonth.count).where(
        BatchMonth.batch_id.in_(ids)
    )
    kept = {(batch, month): count for batch, month, count in db.session.execute(query)}
    counted = due_months(ids)
    return sorted(
        {batch for batch, month in kept | counted if kept.get((batch, month)) != counted[batch, month]}
    )
