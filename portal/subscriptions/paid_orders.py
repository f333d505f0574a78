"""What leaves when the money of an order is there, by whichever means: all of it, or nothing."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select

from portal import clock
from portal.actor import Actor
from portal.billing.balance import settle_up
from portal.billing.debits import let_go
from portal.billing.issue import issue_invoice, note_payment
from portal.billing.models import Charge, Invoice
from portal.billing.payment_rules import Document, Payment, document_for
from portal.catalogue.models import Method
from portal.customers.models import ContactRole
from portal.db import db
from portal.mail import queue_mail
from portal.subscriptions.kept_terms import keep_term
from portal.subscriptions.key_waits import issue_or_wait
from portal.subscriptions.models import Order
from portal.subscriptions.periods import charge_next_period

DEFERRED = {method.value for method in Method if method.is_sent}  # means whose money comes after the order


def deliver_paid(
    order: Order,
    *,
    cents: int,
    received_on: date,
    amount_cents: int,
    reference: str,
    references: Sequence[tuple[str, str]],
    by: Actor,
) -> Invoice:
    """Paid invoice, keys or a consumer's wait for them, subscription and mail, in the present transaction.

    cents: what the order costs with VAT. amount_cents: what came in on received_on (Paris); what is missing
    within the issuer's tolerance is let go, a surplus is owed to the customer. reference: of the bank or the
    gateway, counted once. references: names and numbers for the head of the invoice.
    Raises IllegalStep for an order that is delivered or cancelled, Refused for a reference recorded before.

    Source: 000-10, 000-16, 000-18, 000-20, 000-34.
    """
    payment = Payment.VALIDATED
    subscription = order.deliver(by=by)
    db.session.flush()
    keep_term(subscription)
    origin = charge_next_period(subscription)
    charge = db.session.scalars(select(Charge).where(Charge.origin == origin)).one()
    keys, wait = issue_or_wait(order, subscription, payment, by=by)
    invoice = issue_invoice(
        order.customer,
        order.legal_entity,
        [charge],
        method=order.method,
        issued_on=clock.today(),
        due_on=received_on,
        by=by,
        vat=order.vat,
        paid_on=received_on,
        order_uid=order.uid,
        references=references,
        urgent=True,
    )
    note_payment(invoice, received_on=received_on, reference=reference, by=by, amount_cents=amount_cents)
    let_go(invoice, cents - amount_cents, received_on, reference, by=by)
    settle_up(invoice, on=received_on, by=by)
    paid = document_for(order.method.value, payment, DEFERRED) is Document.PAID_INVOICE
    document = invoice.document if paid else None
    queue_mail(
        order.customer.contact(ContactRole.BILLING),
        "subscriptions/mail_paid.txt",
        about=order,
        owner=order.customer.organisation,
        language=order.customer.language,
        attach=[document] if document else [],
        urgent=True,
        order=order,
        subscription=subscription,
        invoice=invoice,
        keys=keys,
        wait=wait,
        entity=order.legal_entity,
    )
    return invoice
