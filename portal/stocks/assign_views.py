"""Keys in number for a customer: out of the stock for an order or a contract, or a contract's own split."""

from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from portal import htmx
from portal.access import Permission, get_or_404, may, requires
from portal.db import db
from portal.forms import WHOLE, saving
from portal.licensing.pools import pool_of
from portal.panels import Link, Panel
from portal.stocks.forms import ContractForm, OrderForm
from portal.stocks.lot_views import lot_of
from portal.subscriptions.key_lots import split_keys
from portal.subscriptions.key_mails import keys_of_order, send_again
from portal.subscriptions.models import GOING_ON, Order, Subscription
from portal.subscriptions.order_states import WAITING
from portal.subscriptions.panels import order_link, order_panel, subscription_link, subscription_panel
from portal.subscriptions.seats import own_keys, spare
from portal.subscriptions.stock_use import assign_to_contract, free_by_seats, reserve_for_order, reserved_for

bp = Blueprint("stock_use", __name__)


def _order(uid: str) -> Order:
    found: Order = get_or_404(Order.visible_to(g.actor), uid)
    return found


def _subscription(uid: str) -> Subscription:
    found: Subscription = get_or_404(Subscription.visible_to(g.actor), uid)
    return found


def _order_page(order: Order, form: OrderForm, status: int = 200) -> Response:
    page = render_template(
        "stocks/order.html",
        order=order,
        form=form,
        free=free_by_seats(order.customer.reseller_id, order.product_id),
        reserved=reserved_for(order),
    )
    return make_response(page, status)


@bp.get("/orders/<uid>/stock")
@requires(Permission.KEY_STOCK_WRITE)
def choose_for_order(uid: str) -> Response:
    return _order_page(_order(uid), OrderForm(formdata=None))


@bp.post("/orders/<uid>/stock")
@requires(Permission.KEY_STOCK_WRITE)
def reserve(uid: str) -> Response:
    """Kept for an order that waits; they are its customer's once it is paid."""
    form = OrderForm()
    if form.validate():
        with saving(form, WHOLE):
            reserve_for_order(_order(uid), form.number.data, form.seats.data, by=g.actor)
    if form.errors:
        return _order_page(_order(uid), form, 422)
    return htmx.go(url_for("subscriptions.show_order", uid=uid), toast=_("Ces clés attendent le paiement."))


@bp.post("/orders/<uid>/keys-again")
@requires(Permission.KEY_STOCK_WRITE)
def send_keys_again(uid: str) -> Response:
    """All keys of an order once more, to her who installs them."""
    count = send_again(_order(uid), by=g.actor)
    db.session.commit()
    text = ngettext(
        "%(num)d clé repart à l'adresse du contact technique.",
        "%(num)d clés repartent à l'adresse du contact technique.",
        count,
    )
    return htmx.go(url_for("subscriptions.show_order", uid=uid), toast=text)


def _contract_page(subscription: Subscription, form: ContractForm, status: int = 200) -> Response:
    page = render_template(
        "stocks/contract.html",
        subscription=subscription,
        form=form,
        free=free_by_seats(subscription.customer.reseller_id, subscription.product_id),
        spare=spare(own_keys(subscription)),
        lots=lot_of(subscription.uid),
    )
    db.session.rollback()  # nothing is held for a page
    return make_response(page, status)


@bp.get("/subscriptions/<uid>/keys")
@requires(Permission.KEY_STOCK_WRITE)
def choose_for_contract(uid: str) -> Response:
    return _contract_page(_subscription(uid), ContractForm(formdata=None))


@bp.post("/subscriptions/<uid>/keys")
@requires(Permission.KEY_STOCK_WRITE)
def assign(uid: str) -> Response:
    """So many keys for seats that no machine holds: new ones, or some of the stock."""
    form, to = ContractForm(), url_for("subscriptions.show_subscription", uid=uid)
    if form.validate():
        with saving(form, WHOLE):
            subscription, number, seats = _subscription(uid), form.number.data, form.seats.data
            if form.source.data == "stock":
                assign_to_contract(subscription, number, seats, by=g.actor)
            else:
                lot = split_keys(subscription, number, seats, by=g.actor, uid=form.once.data)
                to = url_for("key_lots.show", uid=lot.uid)
    if form.errors:
        return _contract_page(_subscription(uid), form, 422)
    return htmx.go(to)


@order_link(rank=40)
def stock_for_order(order: Order) -> list[Link] | None:
    if order.state not in WAITING or not order.product.has_keys or not may(Permission.KEY_STOCK_WRITE):
        return None
    if not free_by_seats(order.customer.reseller_id, order.product_id):
        return None
    return [Link(url_for("stock_use.choose_for_order", uid=order.uid), _("Servir depuis le stock"), "key")]


@subscription_link(rank=40)
def keys_in_number(subscription: Subscription) -> list[Link] | None:
    if subscription.state not in GOING_ON or not subscription.product.has_keys:
        return None
    if not may(Permission.KEY_STOCK_WRITE) or pool_of(subscription.product) is not None:
        return None
    address = url_for("stock_use.choose_for_contract", uid=subscription.uid)
    return [Link(address, _("Plusieurs clés"), "key")]


@order_panel(rank=8)
def of_order(order: Order) -> Panel | None:
    reserved = reserved_for(order)
    return _panel(order.uid, {"reserved": len(reserved), "lots": []})


@subscription_panel(rank=8)
def of_contract(subscription: Subscription) -> Panel | None:
    lots = lot_of(subscription.uid) if may(Permission.KEY_STOCK_READ) else []
    return _panel(subscription.order_uid, {"reserved": 0, "lots": lots})


def _panel(order_uid: str, context: dict[str, Any]) -> Panel | None:
    sends = may(Permission.KEY_STOCK_WRITE) and bool(keys_of_order(order_uid))
    if not (sends or context["lots"] or (context["reserved"] and may(Permission.KEY_STOCK_READ))):
        return None
    return Panel("stocks/_panel.html", {**context, "order_uid": order_uid, "sends": sends})
