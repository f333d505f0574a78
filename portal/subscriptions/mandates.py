"""Orders paid by direct debit: ask for the mandate, show where it stands, and start when it is signed."""

from typing import Any

from sqlalchemy import select

from portal import clock
from portal.actor import Actor
from portal.billing.payment_rules import Payment, check_mandate
from portal.customers.models import ContactRole
from portal.db import db
from portal.journal import SYSTEM
from portal.mail import queue_mail
from portal.panels import Panel
from portal.sepa.models import (
    Mandate,
    find_usable_mandate,
    mandate_at_bank,
    mandate_signed,
    open_mandate,
    request_mandate,
)
from portal.subscriptions.kept_terms import keep_term
from portal.subscriptions.key_waits import issue_or_wait
from portal.subscriptions.models import Order, OrderState
from portal.subscriptions.panels import order_panel


def ask_for_mandate(order: Order, *, by: Actor) -> None:
    """Start at once under a mandate that the customer has signed before, else send the signing link.

    Under one that her bank has still to register, the order waits for the bank.
    """
    customer, entity = order.customer, order.legal_entity
    mandate = find_usable_mandate(customer, entity, clock.today())
    if mandate is not None:
        start_mandated(order, mandate, by=by)
    elif open_mandate(customer, entity) is None and mandate_at_bank(customer, entity) is None:
        request_mandate(customer, entity, by=by)


@order_panel(rank=5)
def show_awaited(order: Order) -> Panel | None:
    """The mandate that an order waits for, with whom it is; or that nobody was asked for one."""
    if order.state != OrderState.AWAITING_MANDATE:
        return None
    customer, entity = order.customer, order.legal_entity
    mandate = open_mandate(customer, entity) or mandate_at_bank(customer, entity)
    contact = customer.contact(ContactRole.SIGNATORY)
    return Panel("subscriptions/_mandate.html", {"mandate": mandate, "contact": contact, "order": order})


def start_mandated(order: Order, mandate: Mandate | None, *, by: Actor) -> None:
    """The first debit follows with the next billing run; keys, where sold, leave now."""
    check_mandate(order.method.value, has_usable_mandate=mandate is not None)
    subscription = order.deliver(by=by)
    db.session.flush()
    keep_term(subscription)
    keys, wait = issue_or_wait(order, subscription, Payment.VALIDATED, by=by)
    queue_mail(
        order.customer.contact(ContactRole.BILLING),
        "subscriptions/mail_started.txt",
        about=order,
        owner=order.customer.organisation,
        language=order.customer.language,
        urgent=True,
        order=order,
        subscription=subscription,
        keys=keys,
        wait=wait,
        entity=order.legal_entity,
    )


@mandate_signed.connect
def start_waiting_orders(_sender: Any, *, mandate: Any) -> None:
    """In the transaction that makes it usable: every order that waited for this customer's mandate starts.

    A mandate between businesses waits for the debtor's bank, and the orders with it.
    """
    if not mandate.is_usable(clock.today()):
        return
    waiting = select(Order).where(
        Order.customer_id == mandate.customer_id,
        Order.legal_entity_id == mandate.legal_entity_id,
        Order.state == OrderState.AWAITING_MANDATE,
    )
    for order in db.session.scalars(waiting).all():
        start_mandated(order, mandate, by=SYSTEM)
