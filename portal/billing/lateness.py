"""By when an invoice had to be paid, and what of it came in when: what interest is reckoned on."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from portal.billing.debits import UNDER_WAY, debits_of
from portal.billing.late import Part, payable_until
from portal.billing.models import Charge, Invoice, Payment
from portal.catalogue.models import Method
from portal.db import db
from portal.sepa.models import Collection, CollectionState

LATE_FEE = "late-fee:"  # the origin of what a late payment costs begins so: it bears no interest itself


@dataclass(frozen=True, slots=True)
class Lateness:
    """due_on: the last day for paying that counts. parts: cents, VAT included, with their days."""

    due_on: date
    parts: tuple[Part, ...]

    @property
    def owed_cents(self) -> int:
        return sum(cents for cents, _on in self.parts)


def lateness_of(invoice: Invoice, today: date) -> Lateness | None:
    """How late an invoice is, or was when it was paid; None where it is not, or not by the customer's doing.

    Source: 003-51, 003-52; L6.
    """
    last = invoice.paid_on or today
    if last <= invoice.due_on:
        return None
    debits = debits_of(invoice) if invoice.method == Method.DIRECT_DEBIT else []
    due_on = _payable_until(invoice, debits)
    if due_on is None or last <= due_on:
        return None
    return Lateness(due_on, _parts(invoice, debits, last))


def _payable_until(invoice: Invoice, debits: list[Collection]) -> date | None:
    first = [each for each in debits if each.attempt == 1]
    settled = [each for each in first if each.state == CollectionState.SETTLED]
    return payable_until(
        invoice.due_on,
        max((each.due_on for each in first), default=None),
        waits=any(each.state in UNDER_WAY for each in first),
        went_through=bool(first) and sum(each.amount_cents for each in settled) >= invoice.gross_cents,
    )


def _parts(invoice: Invoice, debits: list[Collection], last: date) -> tuple[Part, ...]:
    """What came in, each with its day, and the rest on the last day; without earlier fees for lateness."""
    came = [(row.amount_cents, row.settled_on) for row in debits if row.state == CollectionState.SETTLED]
    query = select(Payment.amount_cents, Payment.received_on).where(Payment.invoice_id == invoice.id)
    came += [(cents, on) for cents, on in db.session.execute(query.order_by(Payment.received_on))]
    left = invoice.gross_cents - _fees_in(invoice)
    parts: list[Part] = []
    for on, cents in sorted((min(on or last, last), cents) for cents, on in came):
        taken = min(cents, left)
        parts, left = [*parts, (taken, on)], left - taken
    return tuple(part for part in (*parts, (left, last)) if part[0] > 0)


def _fees_in(invoice: Invoice) -> int:
    """Cents of this invoice that are themselves fees for a late payment."""
    query = select(func.sum(Charge.quantity * Charge.unit_cents)).where(
        Charge.invoice_id == invoice.id, Charge.origin.startswith(LATE_FEE, autoescape=True)
    )
    return int(db.session.scalar(query) or 0)
