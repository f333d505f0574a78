"""What the gateway says of a payment becomes an invoice, keys and a subscription, once.

A return, a notification and the hour each ask for the same task; only what the gateway answers counts.
"""

from datetime import timedelta

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock, jobs
from portal.billing.debits import pay_by_wire
from portal.billing.models import Invoice, InvoiceState
from portal.billing.payment_rules import Payment, may_confirm_payment
from portal.cardpay import Look, Outcome, gateway, is_configured
from portal.cards.models import C, CardPayment, keep_card
from portal.customers.models import ContactRole
from portal.db import db, reading
from portal.errors import PortalError
from portal.i18n import eur
from portal.journal import SYSTEM
from portal.mail import queue_mail
from portal.subscriptions.models import Order, OrderState
from portal.subscriptions.order_numbers import ordered
from portal.subscriptions.order_states import state_for
from portal.subscriptions.ordering import kept_through
from portal.subscriptions.paid_orders import DEFERRED, deliver_paid

_LOOK, _RETURN = "cards.look", "cards.give_back"
_FRESH = timedelta(minutes=10)  # a page that was just opened is left alone by the hour
_PAYMENTS = {Outcome.OPEN: Payment.WAITING, Outcome.PAID: Payment.VALIDATED, Outcome.REFUSED: Payment.REFUSED}


def ask_to_look(payment: CardPayment) -> None:
    """The worker looks at the gateway, once for however many ask, in the present transaction."""
    jobs.enqueue(_LOOK, payment.uid, payment.customer.organisation)
    jobs.do_again(_LOOK, payment.uid)


@jobs.periodic("cards.open_pages", jobs.hourly)
def look_at_open_pages() -> None:
    """A notification may be lost: every page whose end nobody knows is looked at each hour.

    Source: 000-16, 000-34.
    """
    if not is_configured():
        return
    opened = select(CardPayment).where(CardPayment.state == C.OPEN, CardPayment.checkout_id != "")
    opened = opened.where(CardPayment.created_at <= clock.now() - _FRESH)
    for payment in db.session.scalars(opened.order_by(CardPayment.id)):
        ask_to_look(payment)
    returning = select(CardPayment).where(CardPayment.state == C.RETURNING).order_by(CardPayment.id)
    for payment in db.session.scalars(returning):
        ask_to_return(payment)


@jobs.job(_LOOK, jobs.Lane.PROMPT)
def look_and_settle(claim: jobs.Claim) -> None:
    """Ask the gateway, then decide in one transaction. Source: 000-16, 000-34."""
    with reading():
        known = db.session.scalars(select(CardPayment).where(CardPayment.uid == claim.ref)).one()
        checkout_id, state = known.checkout_id, known.state
        db.session.rollback()
    if not checkout_id or state not in (C.OPEN, C.REFUSED):
        return
    look = gateway().look(checkout_id)
    payment = held(claim.ref)
    if payment.state in (C.OPEN, C.REFUSED):
        _settle(payment, look)
    claim.step(done=1, total=1)


def held(uid: str) -> CardPayment:
    """The payment, held until the transaction ends, and what it is about with it."""
    query = select(CardPayment).where(CardPayment.uid == uid).with_for_update(of=CardPayment)
    payment = db.session.scalars(query.execution_options(populate_existing=True)).one()
    for model, key in ((Order, payment.order_id), (Invoice, payment.invoice_id)):
        if key is not None:
            row = select(model).where(model.id == key).with_for_update(of=model)
            db.session.scalars(row.execution_options(populate_existing=True)).one()
    return payment


def _settle(payment: CardPayment, look: Look) -> None:
    known = _PAYMENTS[look.outcome]
    if may_confirm_payment(known):
        book_paid(payment, look)
    elif known is Payment.REFUSED and payment.state == C.OPEN:
        payment.refuse(by=SYSTEM)
        _refused(payment, known)


def book_paid(payment: CardPayment, look: Look) -> None:
    """Money is there: for what it was asked for, or for a person, or back to the card."""
    if (look.reference, look.currency, look.cents) != (payment.uid, "eur", payment.cents):
        note = _("%(got)s reçus au lieu de %(asked)s.", got=eur(look.cents), asked=eur(payment.cents))
        payment.review(look.payment_id, look.cents, note, by=SYSTEM)
        return
    if not _is_awaited(payment):
        payment.give_back(look.payment_id, look.cents, _("Plus rien n'était dû."), by=SYSTEM)
        ask_to_return(payment)
        return
    try:
        with db.session.begin_nested():
            _book(payment, look)
    except PortalError as refusal:  # a rule says no: the money is there, and a person decides
        payment = held(payment.uid)
        payment.review(look.payment_id, look.cents, refusal.message, by=SYSTEM)


def _is_awaited(payment: CardPayment) -> bool:
    if payment.order is not None:
        return payment.order.can("deliver")
    return payment.invoice is not None and payment.invoice.state == InvoiceState.ISSUED


def _book(payment: CardPayment, look: Look) -> None:
    payment.pay(look.payment_id, look.cents, by=SYSTEM)
    if look.card is not None:
        keep_card(payment.customer, look.card)
    today, cents = clock.today(), look.cents
    if (order := payment.order) is not None:
        with force_locale(order.customer.language):
            references = [ordered(order)]
        deliver_paid(
            order,
            cents=payment.cents,
            received_on=today,
            amount_cents=cents,
            reference=look.payment_id,
            references=references,
            by=SYSTEM,
        )
    elif payment.invoice is not None:
        pay_by_wire(payment.invoice, today, look.payment_id, by=SYSTEM, amount_cents=cents)
    db.session.flush()


def _refused(payment: CardPayment, known: Payment) -> None:
    """Without the bank's authorisation the order is not validated. Source: 000-34."""
    order = payment.order
    if order is None or not order.can("refuse"):
        return
    if state_for(order.method, known, DEFERRED) is OrderState.REFUSED:
        order.refuse(by=SYSTEM)
        tell_refused(order)


def tell_refused(order: Order) -> None:
    """Source: 000-34."""
    queue_mail(
        order.customer.contact(ContactRole.BILLING),
        "cards/mail_refused.txt",
        about=order,
        owner=order.customer.organisation,
        language=order.customer.language,
        urgent=True,
        order=order,
        through=kept_through(order),
    )


def ask_to_return(payment: CardPayment) -> None:
    """The worker gives it back, in the present transaction."""
    jobs.enqueue(_RETURN, payment.uid, payment.customer.organisation)
    jobs.do_again(_RETURN, payment.uid)


@jobs.job(_RETURN, jobs.Lane.RUNS)
def return_to_card(claim: jobs.Claim) -> None:
    """The gateway gives back all of it, once: asked again, it does nothing more. Source: C. civ. 1302."""
    with reading():
        known = db.session.scalars(select(CardPayment).where(CardPayment.uid == claim.ref)).one()
        wanted = known.payment_id, known.received_cents or 0, known.state
        db.session.rollback()
    if wanted[2] != C.RETURNING:
        return
    refund_id = gateway().refund(wanted[0], wanted[1], claim.ref)
    payment = held(claim.ref)
    if payment.state == C.RETURNING:
        payment.returned(refund_id, by=SYSTEM)
    claim.step(done=1, total=1)
