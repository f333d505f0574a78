"""What a debit's fate does to the invoice that it pays."""

from typing import Any

from sqlalchemy import func, select

from portal.billing.models import Invoice, InvoiceState
from portal.db import db
from portal.journal import SYSTEM
from portal.sepa.models import Collection, CollectionState, Mandate
from portal.sepa.models.collection import collection_returned, collection_settled


def _invoice_of(collection: Collection) -> Invoice | None:
    return db.session.scalars(select(Invoice).where(Invoice.uid == collection.debt_uid)).one_or_none()


def _credited_cents(invoice: Invoice) -> int:
    """What the debits of an invoice have brought in, in cents: it may have been split."""
    mandates = select(Mandate.id).where(Mandate.customer_id == invoice.customer_id)
    query = select(func.coalesce(func.sum(Collection.amount_cents), 0)).where(
        Collection.mandate_id.in_(mandates), Collection.source_uid.startswith(invoice.uid, autoescape=True),
        Collection.state == CollectionState.SETTLED,
    )  # fmt: skip
    return int(db.session.scalar(query) or 0)


@collection_settled.connect
def pay_by_debit(_sender: Any, *, collection: Collection) -> None:
    """The credit pays the invoice once all of it is there; it may still come back."""
    invoice = _invoice_of(collection)
    if invoice is None or invoice.state != InvoiceState.ISSUED or collection.settled_on is None:
        return
    db.session.flush()  # this credit counts
    if _credited_cents(invoice) >= invoice.gross_cents:
        invoice.pay(on=collection.settled_on, by=SYSTEM)


@collection_returned.connect
def reopen_unpaid(_sender: Any, *, collection: Collection) -> None:
    """A debit that came back, however late, leaves the invoice unpaid again."""
    invoice = _invoice_of(collection)
    if invoice is not None and invoice.state == InvoiceState.PAID:
        invoice.reopen(reason=collection.return_reason or "", by=SYSTEM)
