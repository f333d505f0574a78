"""Keys of an order whose payment was a mistake wait until its invoice is paid again."""

from typing import Any

from sqlalchemy import select

from portal.billing.balance import position_of
from portal.billing.models import Invoice, invoice_paid, invoice_reopened
from portal.customers.models import ContactRole
from portal.db import db
from portal.journal import SYSTEM, record
from portal.licensing.models import ActivationKey
from portal.mail import queue_mail
from portal.subscriptions.models import Order


def _keys_of(invoice: Invoice) -> list[ActivationKey]:
    query = select(ActivationKey).where(
        ActivationKey.source_uid == invoice.order_uid, ActivationKey.revoked_at.is_(None)
    )
    return list(db.session.scalars(query.order_by(ActivationKey.id)))


def _tell(invoice: Invoice, what: str, keys: list[ActivationKey]) -> None:
    order = db.session.scalars(select(Order).where(Order.uid == invoice.order_uid)).one_or_none()
    for subject in (invoice, order):
        if subject is not None:
            record(subject, what, by=SYSTEM, count=len(keys))


def tell_customer(invoice: Invoice, count: int) -> None:
    """count: of the keys that are held."""
    queue_mail(
        invoice.customer.contact(ContactRole.BILLING),
        "subscriptions/mail_keys_held.txt",
        about=invoice,
        owner=invoice.customer.organisation,
        language=invoice.customer.language,
        invoice=invoice,
        count=count,
        rest_cents=max(position_of(invoice).rest, 0),
        entity=invoice.legal_entity,
    )


@invoice_reopened.connect
def hold_keys(invoice: Invoice, **_more: Any) -> None:
    """The invoice that an order was delivered on is owed again: no new machine with its keys.

    Source: 000-10.
    """
    keys = [key for key in _keys_of(invoice) if key.held_at is None] if invoice.order_uid else []
    for key in keys:
        key.hold(by=SYSTEM)
    if keys:
        _tell(invoice, "hold_keys", keys)
        tell_customer(invoice, len(keys))


@invoice_paid.connect
def free_keys(invoice: Invoice, **_more: Any) -> None:
    """Paid again: its keys activate machines as before.

    Source: 000-10.
    """
    keys = [key for key in _keys_of(invoice) if key.held_at is not None] if invoice.order_uid else []
    for key in keys:
        key.free(by=SYSTEM)
    if keys:
        _tell(invoice, "free_keys", keys)
