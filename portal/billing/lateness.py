"""By when an invoice had to be paid, and what of it came in when: what interest is reckoned on."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from portal import clock
from portal.billing.balance import UNDER_WAY, debits_of, position_of
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
    due_on = late_since(invoice, today)
    return Lateness(due_on, _parts(invoice, invoice.paid_on or today)) if due_on is not None else None


def late_since(invoice: Invoice, today: date) -> date | None:
    """The last day for paying that counts, where it was missed by the customer's doing; else None.

    Source: 003-51, 003-52; L6.
    """
    last = invoice.paid_on or today
    if last <= invoice.due_on:
        return None
    debits = debits_of(invoice) if invoice.method == Method.DIRECT_DEBIT else []
    due_on = _payable_until(invoice, debits)
    return due_on if due_on is not None and last > due_on else None


def _payable_until(invoice: Invoice, debits: list[Collection]) -> date | None:
    first = [each for each in debits if each.attempt == 1]
    settled = [each for each in first if each.state == CollectionState.SETTLED]
    return payable_until(
        invoice.due_on,
        max((each.due_on for each in first), default=None),
        waits=any(each.state in UNDER_WAY and not _is_stuck(each) for each in first),
        went_through=bool(first) and sum(each.amount_cents for each in settled) >= invoice.gross_cents,
    )


def _is_stuck(debit: Collection) -> bool:
    """Its day has passed, and what the customer's bank said of the account keeps it from leaving."""
    return (
        debit.due_on < clock.today() and debit.batch_id is None and not debit.mandate.is_usable(debit.due_on)
    )


def _parts(invoice: Invoice, last: date) -> tuple[Part, ...]:
    """What came in and stayed, each with its day, and the rest on the last day.

    Without earlier fees for lateness, and without what credit notes took back.
    """
    left = max(invoice.gross_cents - _fees_in(invoice) - position_of(invoice).credited, 0)
    parts: list[Part] = []
    for on, cents in sorted((min(on, last), cents) for on, cents in _came(invoice)):
        taken = min(cents, left)
        parts, left = [*parts, (taken, on)], left - taken
    return tuple(part for part in (*parts, (left, last)) if part[0] > 0)


def _came(invoice: Invoice) -> list[tuple[date, int]]:
    """Money by its day; a debit that came back is not there."""
    query = select(Payment).where(Payment.invoice_id == invoice.id).order_by(Payment.id)
    payments = list(db.session.scalars(query))
    gone = [row.amount_cents for row in payments if row.amount_cents < 0]
    came = []
    for row in payments:
        if -row.amount_cents in gone:
            gone.remove(-row.amount_cents)
        elif row.amount_cents > 0:
            came.append((row.bank_on or row.received_on, row.amount_cents))
    return came


def _fees_in(invoice: Invoice) -> int:
    """Cents of this invoice that are themselves fees for a late payment."""
    query = select(func.sum(Charge.quantity * Charge.unit_cents)).where(
        Charge.invoice_id == invoice.id, Charge.origin.startswith(LATE_FEE, autoescape=True)
    )
    return int(db.session.scalar(query) or 0)
