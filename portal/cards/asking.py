"""Asking for a payment by card: one link to a page of ours, which leads to the gateway's."""

from datetime import timedelta
from typing import Any

from flask import current_app, url_for
from sqlalchemy import select

from portal import clock
from portal.actor import Actor
from portal.billing.balance import position_of
from portal.billing.models import Invoice, InvoiceState
from portal.cardpay import CardsDown, Wish, gateway
from portal.cards.models import C, CardPayment, payments_of
from portal.catalogue.models import Method
from portal.customers.models import ContactRole
from portal.db import db
from portal.errors import Refused
from portal.journal import record
from portal.links import Purpose, SignedLink, make_link
from portal.mail import queue_mail
from portal.subscriptions.models import Order, OrderState
from portal.subscriptions.ordering import kept_through, order_placed
from portal.wording import N_

PAGE_HOURS = 1  # that the gateway's page stays open
_MARGIN = timedelta(minutes=5)  # before a page closes: another one is opened instead
_INVOICE_DAYS = 60  # that the link of an invoice opens


def is_payable(what: Order | Invoice) -> bool:
    """Does it wait for a card? A refused order is ordered anew.

    Source: 000-16, 000-34.
    """
    if isinstance(what, Order):
        return what.method == Method.CARD and what.state == OrderState.PENDING_APPROVAL
    return what.state == InvoiceState.ISSUED and cents_of(what) > 0


def cents_of(what: Order | Invoice) -> int:
    """What is to pay, in cents with VAT."""
    return what.gross_cents if isinstance(what, Order) else max(position_of(what).rest, 0)


def label_of(what: Order | Invoice) -> str:
    return f"{what.quantity} × {what.product_name}" if isinstance(what, Order) else what.number


def send_pay_link(what: Order | Invoice, *, by: Actor, again: bool = False) -> None:
    """One link to the billing contact; the one before stops working.

    Source: 000-16.
    """
    customer = what.customer
    recipient = customer.contact(ContactRole.BILLING)
    is_order = isinstance(what, Order)
    days = (kept_through(what) - clock.today()).days + 1 if is_order else _INVOICE_DAYS
    _link, token = make_link(
        Purpose.PAY, what, owner=customer.organisation, recipient=recipient.email, days=max(days, 1)
    )
    if again or not is_order:
        record(what, "pay_link", by=by)
    queue_mail(
        recipient,
        f"cards/mail_pay_{'order' if is_order else 'invoice'}.txt",
        about=what,
        owner=customer.organisation,
        language=customer.language,
        urgent=is_order,
        what=what,
        cents=cents_of(what),
        token=token,
        through=kept_through(what) if is_order else what.due_on,
    )


@order_placed.connect
def ask_for_card(order: Order, *, by: Actor, **_more: Any) -> None:
    """Source: 000-16."""
    if order.method == Method.CARD:
        db.session.flush()
        send_pay_link(order, by=by)


def begin(what: Order | Invoice) -> CardPayment:
    """The try whose page may still be opened, or a new one; commit it before :func:`open_page`."""
    for payment in payments_of(what):
        if payment.state == C.OPEN and payment.card_id is None and payment.closes_at > clock.now() + _MARGIN:
            return payment
    payment = CardPayment.of(what, cents_of(what), clock.now() + timedelta(hours=PAGE_HOURS))
    db.session.add(payment)
    db.session.flush()
    return payment


def open_page(uid: str, wish: Wish) -> str:
    """The address of the gateway's page for a try, opened once however often it is asked for.

    No transaction is open while the gateway is asked: call it after a commit, with what was read before.
    Raises Refused when the gateway does not answer, or does not take the request.
    """
    try:
        page = gateway().open_checkout(wish, uid)
    except CardsDown as down:
        sentence = N_(
            "Le service de paiement ne répond pas. Rien n'a été débité : réessayez dans quelques minutes."
        )
        raise Refused(sentence) from down
    query = select(CardPayment).where(CardPayment.uid == uid).with_for_update(of=CardPayment)
    payment = db.session.scalars(query.execution_options(populate_existing=True)).one()
    if not payment.address:
        payment.checkout_id, payment.address = page.id, page.address
    return payment.address


def wish_for(payment: CardPayment, link: SignedLink, token: str, what: Order | Invoice) -> Wish:
    """What the gateway's page of this try is to show, and where it leads back to."""
    return Wish(
        cents=payment.cents,
        reference=payment.uid,
        label=label_of(what),
        email=link.recipient,
        language=what.customer.language,
        back=_ours("show_return", token=token),
        given_up=_ours("show", token=token),
        closes_at=payment.closes_at,
        keeps_card=True,
    )


def _ours(endpoint: str, **values: Any) -> str:
    return f"{current_app.config['PUBLIC_URL']}{url_for(f'pay.{endpoint}', **values)}"
