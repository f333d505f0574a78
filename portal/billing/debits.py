"""What a debit's fate does to the invoice that it pays."""

from typing import Any

from sqlalchemy import select

from portal.billing.models import Invoice, InvoiceState
from portal.db import db
from portal.journal import SYSTEM
from portal.sepa.models import Collection
from portal.sepa.models.collection import collection_returned, collection_settled


def _invoice_of(collection: Collection) -> Invoice | None:
    uid = collection.source_uid.partition(":")[0]  # a second presentation carries a number after it
    return db.session.scalars(select(Invoice).where(Invoice.uid == uid)).one_or_none()


@collection_settled.connect
def pay_by_debit(_sender: Any, *, collection: Collection) -> None:
    """The credit pays the invoice; it may still come back."""
    invoice = _invoice_of(collection)
    if invoice is not None and invoice.state == InvoiceState.ISSUED and collection.settled_on is not None:
        invoice.pay(on=collection.settled_on, by=SYSTEM)


@collection_returned.connect
def reopen_unpaid(_sender: Any, *, collection: Collection) -> None:
    """A debit that came back, however late, leaves the invoice unpaid again."""
    invoice = _invoice_of(collection)
    if invoice is not None and invoice.state == InvoiceState.PAID:
        invoice.reopen(reason=collection.return_reason or "", by=SYSTEM)
