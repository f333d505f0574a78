"""What was invoiced for days after the end of a month: worked out for any day, booked with a closing."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from portal.actor import Actor
from portal.answers.rules.periods import last_usable_day
from portal.billing.closings import closed_through
from portal.billing.credit_models import CreditLine, CreditNote, CreditReason
from portal.billing.models import Charge, InvoiceLine
from portal.books.covered import Known, invoiced_ahead, reaches_beyond, stretches_of
from portal.books.entries import use_of
from portal.books.models import Deferral, deferral_on
from portal.books.rules import Credited, Spread, spread
from portal.db import EVERYTHING, db, scope
from portal.errors import Refused
from portal.journal import record
from portal.resellers.models import LegalEntity

_AT_ONCE = 200  # charges in memory
_UNUSED = {  # reasons that give back the days after an end
    CreditReason.WITHDRAWAL,
    CreditReason.TERMS_REFUSED,
    CreditReason.FREE_EXIT,
    CreditReason.PROVIDER_END,
    CreditReason.ASSIGNED,
}


class Ahead(NamedTuple):
    """One invoiced line whose days reach beyond the day. Cents without VAT; ends_on: first day not of it.

    net: invoiced less what credit notes took back; spread: the same, earned and deferred.
    """

    customer: str
    number: str
    label: str
    use: str
    starts_on: date
    ends_on: date
    net: int
    spread: Spread

    @property
    def last_day(self) -> date:
        """Of its days, itself one of them."""
        return last_usable_day(self.ends_on)


def ahead_of(entity: LegalEntity, on: date) -> Iterator[Ahead]:
    """Every invoiced line of an entity that reaches beyond the end of a day, as it was known on that day.

    Source: PCG art. 944-48 (account 487); C. com. art. L123-21.
    """
    with scope(EVERYTHING):
        charges = list(db.session.scalars(invoiced_ahead(entity, on)))
        for start in range(0, len(charges), _AT_ONCE):
            yield from _some(charges[start : start + _AT_ONCE], on)


def _some(charges: Sequence[Charge], on: date) -> Iterator[Ahead]:
    known = Known(charges)
    days = {each.id: stretches_of(each, known) for each in charges}
    charges = [each for each in charges if reaches_beyond(days[each.id], on)]
    lines = _lines(charges)
    credited = _credited([line.id for line in lines.values()], on)
    for each in charges:
        line, own = lines[each.id], days[each.id]
        found = spread(line.net_cents, own, credited[line.id], on)
        yield Ahead(
            line.invoice.parties["buyer"]["name"],
            line.invoice.number,
            line.label,
            use_of(line.vat_category, line.vat_mention),
            min(part.starts_on for part in own),
            max(part.ends_on for part in own),
            sum(found),
            found,
        )


def _lines(charges: Sequence[Charge]) -> dict[int, InvoiceLine]:
    """By charge, its line: lines stand in the order of their charges."""
    ids = {each.invoice_id for each in charges if each.invoice_id is not None}
    query = select(InvoiceLine).where(InvoiceLine.invoice_id.in_(ids))
    rows = db.session.scalars(query.options(joinedload(InvoiceLine.invoice)))
    lines: dict[tuple[int | None, int], InvoiceLine] = {(row.invoice_id, row.position): row for row in rows}
    found: dict[int, InvoiceLine] = {}
    position: dict[int | None, int] = defaultdict(int)
    named = select(Charge.id, Charge.invoice_id).where(Charge.invoice_id.in_(ids)).order_by(Charge.id)
    for charge_id, invoice_id in db.session.execute(named):
        position[invoice_id] += 1
        found[charge_id] = lines[invoice_id, position[invoice_id]]
    return found


def _credited(lines: Sequence[int], on: date) -> dict[int, Credited]:
    """By line, what credit notes up to a day took back."""
    query = (
        select(CreditLine.invoice_line_id, CreditNote.reason, func.sum(CreditLine.net_cents))
        .join(CreditNote, CreditNote.id == CreditLine.credit_note_id)
        .where(CreditLine.invoice_line_id.in_(lines), CreditNote.issued_on <= on)
        .group_by(CreditLine.invoice_line_id, CreditNote.reason)
    )
    found: dict[int, Credited] = defaultdict(Credited)
    for line_id, reason, cents in db.session.execute(query):
        before = found[line_id]
        if reason in _UNUSED:
            found[line_id] = before._replace(unused=before.unused + int(cents))
        elif reason == CreditReason.SERVICE_CREDIT:
            found[line_id] = before._replace(at_once=before.at_once + int(cents))
        else:
            found[line_id] = before._replace(evenly=before.evenly + int(cents))
    return found


def sums_of(rows: Sequence[Ahead]) -> list[list[Any]]:
    """By use of a revenue account: earned and deferred, in cents."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for each in rows:
        sums[each.use][0] += each.spread.earned
        sums[each.use][1] += each.spread.deferred
    return [[use, *cents] for use, cents in sorted(sums.items())]


def may_be_booked(entity: LegalEntity, day: date) -> bool:
    """Is it the last closed day, and its entry not there yet? The next day, which reverses it, is open."""
    return closed_through(entity.id) == day and deferral_on(entity, day) is None


def book_month(entity: LegalEntity, day: date, *, by: Actor) -> Deferral:
    """Book what the last closed month defers. Raises Refused for another day, and for a second time."""
    if deferral_on(entity, day) is not None:
        raise Refused(_("Cette écriture est déjà passée."))
    if not may_be_booked(entity, day):
        raise Refused(_("L'écriture se passe pour le dernier mois clôturé : le lendemain doit être ouvert."))
    return book(entity, day, by=by)


def book(entity: LegalEntity, day: date, *, by: Actor) -> Deferral:
    """Keep what a closed day defers; its entry and its reversal are in the books from now on, once.

    Source: PCG art. 944-48; C. com. art. L123-13.
    """
    if (known := deferral_on(entity, day)) is not None:
        return known
    rows = list(ahead_of(entity, day))
    row = Deferral(
        organisation=entity.organisation,
        legal_entity_id=entity.id,
        day=day,
        sums=sums_of(rows),
        count=len(rows),
        by_label=by.label,
    )
    db.session.add(row)
    db.session.flush()
    record(entity, "defer_revenue", by=by, day=day.isoformat(), cents=sum(each[2] for each in row.sums))
    return row
