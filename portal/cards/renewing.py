"""Invoices of a contract that is paid by card: the card that is kept is charged on the day they fall due."""

from sqlalchemy import select

from portal import clock, jobs
from portal.billing.models import Invoice, InvoiceState
from portal.cardpay import Charged, Look, Outcome, gateway, is_configured
from portal.cards.asking import cents_of, is_payable, send_pay_link
from portal.cards.models import C, CardPayment, KeptCard, kept_card_of, payments_of
from portal.cards.settling import book_paid, held
from portal.catalogue.models import Method
from portal.db import db
from portal.errors import Refused
from portal.journal import SYSTEM

_CHARGE = "cards.charge"


@jobs.periodic("cards.due", jobs.hourly)
def charge_what_is_due() -> None:
    """One task for each invoice by card on the day that it falls due; asked once, whatever comes of it.

    Source: 001-12, 000-34.
    """
    if not is_configured():
        return
    due = select(Invoice).where(Invoice.method == Method.CARD, Invoice.state == InvoiceState.ISSUED)
    for invoice in db.session.scalars(due.where(Invoice.due_on <= clock.today()).order_by(Invoice.id)):
        jobs.enqueue(_CHARGE, invoice.uid, invoice.customer.organisation)


@jobs.job(_CHARGE, jobs.Lane.RUNS)
def charge_invoice(claim: jobs.Claim) -> None:
    """Charge the kept card once; without one, or where its bank refuses, a link to pay leaves.

    The try is committed before the gateway is asked, and is its key: killed anywhere, it is charged once.

    Source: 001-12, 000-34.
    """
    query = select(Invoice).where(Invoice.uid == claim.ref).with_for_update(of=Invoice)
    invoice = db.session.scalars(query).one()
    payment = _begun(invoice)
    if payment is None:
        if is_payable(invoice) and kept_card_of(invoice.customer) is None:
            send_pay_link(invoice, by=SYSTEM)
        claim.step(done=1, total=1)
        return
    uid, cents, number = payment.uid, payment.cents, invoice.number
    card = db.session.get_one(KeptCard, payment.card_id).card
    claim.step(total=1)
    try:
        charged = gateway().charge(card, cents, number, uid)
    except Refused as refusal:  # the gateway does not know this card any more
        charged = Charged("", False, refusal.message)
    _end(uid, charged)
    claim.step(done=1, total=1)


def _begun(invoice: Invoice) -> CardPayment | None:
    """The try that a killed worker has begun, or a new one; None where there is nothing to charge."""
    tried = [each for each in payments_of(invoice) if each.card_id is not None]
    if tried:
        return tried[-1] if tried[-1].state == C.OPEN else None
    card = kept_card_of(invoice.customer)
    if card is None or not is_payable(invoice):
        return None
    payment = CardPayment.of(invoice, cents_of(invoice), clock.now())
    payment.card_id = card.id
    db.session.add(payment)
    db.session.flush()
    return payment


def _end(uid: str, charged: Charged) -> None:
    payment = held(uid)
    if payment.state != C.OPEN or payment.invoice is None:
        return
    if charged.is_paid:
        book_paid(payment, Look(Outcome.PAID, payment.cents, "eur", uid, charged.payment_id))
        return
    payment.refuse(charged.why, by=SYSTEM)
    if is_payable(payment.invoice):
        send_pay_link(payment.invoice, by=SYSTEM)
