"""Payments by card as staff sees them: on the page of an order or an invoice."""

from flask import Blueprint, Response, g, url_for
from flask_babel import gettext as _

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.billing.models import Invoice
from portal.billing.panels import invoice_panel
from portal.cards.asking import is_payable, send_pay_link
from portal.cards.models import CardPayment, kept_card_of, payments_of
from portal.cards.settling import ask_to_return
from portal.catalogue.models import Method
from portal.db import db
from portal.errors import Conflict
from portal.panels import Panel
from portal.subscriptions.models import Order
from portal.subscriptions.panels import order_panel

bp = Blueprint("cards", __name__)


@order_panel(rank=10)
def payments_of_order(order: Order) -> Panel | None:
    if order.method != Method.CARD:
        return None
    context = {"rows": payments_of(order), "order": order, "payable": is_payable(order), "card": None}
    return Panel("cards/_panel.html", context)


@invoice_panel(rank=5)
def payments_of_invoice(invoice: Invoice) -> Panel | None:
    if invoice.method != Method.CARD:
        return None
    card = kept_card_of(invoice.customer)
    rows = payments_of(invoice)
    return Panel(
        "cards/_panel.html", {"rows": rows, "invoice": invoice, "payable": is_payable(invoice), "card": card}
    )


@bp.post("/orders/<uid>/pay-link")
@requires(Permission.ORDER_WRITE)
def send_again(uid: str) -> Response:
    order = get_or_404(Order.visible_to(g.actor), uid)
    if not is_payable(order):
        raise Conflict(_("Cette commande n'attend plus de carte."))
    send_pay_link(order, by=g.actor, again=True)
    db.session.commit()
    text = _("Un nouveau lien de paiement part à l'adresse de facturation.")
    return htmx.go(url_for("subscriptions.show_order", uid=uid), toast=text)


@bp.post("/billing/invoices/<uid>/pay-link")
@requires(Permission.PAYMENT_WRITE)
def send_for_invoice(uid: str) -> Response:
    """Whoever pays with it leaves another card, which counts from then on. Source: 001-12."""
    invoice = get_or_404(Invoice.visible_to(g.actor), uid)
    if invoice.method != Method.CARD or not is_payable(invoice):
        raise Conflict(_("Cette facture n'attend plus de carte."))
    send_pay_link(invoice, by=g.actor)
    db.session.commit()
    text = _("Un nouveau lien de paiement part à l'adresse de facturation.")
    return htmx.go(url_for("billing.show_invoice", uid=uid), toast=text)


@bp.post("/card-payments/<uid>/refund")
@requires(Permission.PAYMENT_WRITE)
def give_back(uid: str) -> Response:
    """What came fits nothing, and somebody has looked: all of it goes back to the card."""
    payment = get_or_404(CardPayment.visible_to(g.actor), uid)
    note = payment.note
    payment.give_back(payment.payment_id, payment.received_cents or 0, note, by=g.actor)
    ask_to_return(payment)
    db.session.commit()
    return htmx.go(page_of(payment), toast=_("La somme est rendue à la carte."))


def page_of(payment: CardPayment) -> str:
    """Where it is shown."""
    if payment.order is not None:
        return url_for("subscriptions.show_order", uid=payment.order.uid)
    assert payment.invoice is not None, "a payment is of an order or of an invoice"
    return url_for("billing.show_invoice", uid=payment.invoice.uid)
