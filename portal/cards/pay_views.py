"""Paying by card with a link from an e-mail: what is bought, the way to the gateway, and what came of it."""

from typing import Any

from flask import Blueprint, Response, abort, url_for
from flask_wtf import FlaskForm

from portal.access import public
from portal.billing.models import Invoice, InvoiceState
from portal.blobs import send_document
from portal.cards.asking import begin, cents_of, is_payable, label_of, open_page, wish_for
from portal.cards.models import C, payments_of
from portal.cards.settling import ask_to_look
from portal.db import db, writing
from portal.forms import WHOLE, saving
from portal.linked.holding import hold
from portal.linked.pages import private_page
from portal.links import Purpose, SignedLink, open_link
from portal.papers import have_document
from portal.subscriptions.models import Order, OrderState, Subscription
from portal.subscriptions.waiting_keys import wait_of

bp = Blueprint("pay", __name__, url_prefix="/pay/<token>")
_WHY = "a customer pays by card with a link from an e-mail, without an account"
_STANDINGS = {
    OrderState.DELIVERED: "paid",
    InvoiceState.PAID: "paid",
    OrderState.REFUSED: "refused",
    OrderState.PENDING_APPROVAL: "open",
    InvoiceState.ISSUED: "open",
}


def _open(token: str) -> tuple[SignedLink, Order | Invoice]:
    """The link and what it pays, held until the transaction ends. Raises BadLink."""
    link = open_link(Purpose.PAY, token)
    is_order = db.session.scalar(db.select(Order.id).where(Order.uid == link.subject_uid)) is not None
    kind: Any = Order if is_order else Invoice
    return hold(Purpose.PAY, token, kind)


def _invoice_of(what: Order | Invoice) -> Invoice | None:
    if isinstance(what, Invoice):
        return what
    query = db.select(Invoice).where(Invoice.order_uid == what.uid).order_by(Invoice.id)
    return db.session.scalars(query).first()


def _page(name: str, what: Order | Invoice, token: str, status: int = 200, **context: Any) -> Response:
    bought = db.select(Subscription).where(Subscription.order_uid == what.uid)
    return private_page(
        f"cards/{name}.html",
        status,
        what=what,
        standing=_STANDINGS.get(what.state, "over"),
        cents=cents_of(what),
        label=label_of(what),
        invoice=_invoice_of(what),
        subscription=db.session.scalars(bought).first(),
        wait=wait_of(what.uid),
        entity=what.customer.organisation.parent,
        token=token,
        start=url_for(".show", token=token),
        **context,
    )


@bp.get("")
@public(_WHY)
def show(token: str) -> Response:
    _link, what = _open(token)
    return _page("pay", what, token)


@bp.post("")
@public(_WHY)
def leave(token: str) -> Response:
    """The way to the gateway is a link, since no form of ours may lead to another site."""
    link, what = _open(token)
    if not is_payable(what):
        return _page("pay", what, token, 409)
    payment = begin(what)
    uid, address, wish = payment.uid, payment.address, wish_for(payment, link, token, what)
    db.session.commit()  # what is opened there is known here, whoever is killed in between
    form = FlaskForm()
    with saving(form, WHOLE):
        address = address or open_page(uid, wish)
    return _page(
        "leave" if address else "pay", what, token, 200 if address else 422, form=form, address=address
    )


@bp.get("/return")
@public(_WHY)
def show_return(token: str) -> Response:
    """Paid, being approved, or refused: the worker looks, and the page says what is known.

    Source: 000-16, 000-19, 000-34.
    """
    with writing():
        _link, what = _open(token)
        for payment in payments_of(what):
            if payment.state == C.OPEN and payment.checkout_id:
                ask_to_look(payment)
        db.session.commit()
        return _page("back", what, token)


@bp.get("/invoice.pdf")
@public(_WHY)
def download_invoice(token: str) -> Response:
    """Source: 000-19, 000-20."""
    _link, what = _open(token)
    invoice = _invoice_of(what)
    document = invoice.document if invoice is not None else None
    if document is None:
        abort(404)
    if not document.is_there:
        have_document(document)
    return send_document(document)
