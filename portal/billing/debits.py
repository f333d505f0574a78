"""What a debit's fate does to the invoice that it pays."""

from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select

from portal import clock
from portal.actor import Actor
from portal.billing.issue import note_payment
from portal.billing.models import Invoice, InvoiceState, Payment
from portal.db import db
from portal.errors import Refused
from portal.journal import SYSTEM
from portal.sepa.models import Collection, CollectionState, Mandate
from portal.sepa.models.collection import collection_returned, collection_settled

_WITH_THE_BANK = (CollectionState.FROZEN, CollectionState.EXPORTED, CollectionState.ACCEPTED)
UNDER_WAY = (CollectionState.ANNOUNCED, CollectionState.HELD, *_WITH_THE_BANK)


def _invoice_of(collection: Collection) -> Invoice | None:
    return db.session.scalars(select(Invoice).where(Invoice.uid == collection.debt_uid)).one_or_none()


def debits_of(invoice: Invoice) -> list[Collection]:
    """Every debit of an invoice: it may have been split, or presented again."""
    mandates = select(Mandate.id).where(Mandate.customer_id == invoice.customer_id)
    query = select(Collection).where(
        Collection.mandate_id.in_(mandates), Collection.source_uid.startswith(invoice.uid, autoescape=True)
    )
    return list(db.session.scalars(query.order_by(Collection.id)))


def _credited_cents(debits: list[Collection]) -> int:
    return sum(row.amount_cents for row in debits if row.state == CollectionState.SETTLED)


def rest_of(invoice: Invoice, debits: list[Collection]) -> int:
    """Cents that are missing, after debits that were credited and parts that came by transfer."""
    query = select(func.sum(Payment.amount_cents)).where(Payment.invoice_id == invoice.id)
    owed = invoice.gross_cents - _credited_cents(debits)
    wired = int(db.session.scalar(query) or 0)
    return owed - wired if wired < owed else owed


def pay_by_wire(invoice: Invoice, on: date, reference: str, *, by: Actor) -> None:
    """The rest of an invoice came in by transfer: debits that nobody has presented yet are cancelled.

    Raises Refused for another day, for a reference that was noted before, and while a debit of the invoice
    is with the bank: the customer would pay twice.
    """
    if not invoice.issued_on <= on <= clock.today():
        raise Refused(_("Le paiement se situe entre l'émission et aujourd'hui."), field="on")
    debits = debits_of(invoice)
    if any(row.state in _WITH_THE_BANK for row in debits):
        raise Refused(_("Un prélèvement de cette facture est déjà chez la banque : attendez sa réponse."))
    for row in debits:
        if row.can("cancel"):
            row.cancel(by=by)
    rest = rest_of(invoice, debits)
    invoice.pay(on=on, by=by)
    note_payment(invoice, received_on=on, reference=reference, by=by, amount_cents=rest)


@collection_settled.connect
def pay_by_debit(_sender: Any, *, collection: Collection) -> None:
    """The credit pays the invoice once all of it is there; it may still come back."""
    invoice = _invoice_of(collection)
    if invoice is None or invoice.state != InvoiceState.ISSUED or collection.settled_on is None:
        return
    db.session.flush()  # this credit counts
    if _credited_cents(debits_of(invoice)) >= invoice.gross_cents:
        invoice.pay(on=collection.settled_on, by=SYSTEM)


@collection_returned.connect
def reopen_unpaid(_sender: Any, *, collection: Collection) -> None:
    """A debit that came back, however late, leaves the invoice unpaid again."""
    invoice = _invoice_of(collection)
    if invoice is not None and invoice.state == InvoiceState.PAID:
        invoice.reopen(reason=collection.return_reason or "", by=SYSTEM)
