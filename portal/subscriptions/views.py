"""Orders, their payment, and subscriptions."""

from collections import defaultdict
from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError
from werkzeug.datastructures import MultiDict
from wtforms import SelectChoice

from portal import clock, htmx
from portal.access import Permission, get_or_404, may, requires
from portal.billing.disputes import open_disputes
from portal.billing.sale_vat import may_declare
from portal.catalogue.models import Method, Product
from portal.catalogue.price_lists import price_list
from portal.customers.models import Customer, CustomerKind
from portal.customers.panels import customer_panel
from portal.db import db
from portal.engine.models import Vault, vaults_of
from portal.errors import Refused
from portal.forms import WHOLE, saving
from portal.i18n import said
from portal.journal import timeline
from portal.licensing.models import keys_of
from portal.listing.page import list_page
from portal.mail import mails_about
from portal.panels import Panel
from portal.subscriptions.forms import OrderForm, WireForm
from portal.subscriptions.key_lists import KEYS
from portal.subscriptions.lists import ORDERS, SUBSCRIPTIONS
from portal.subscriptions.models import Order, Subscription, subscriptions_of
from portal.subscriptions.offers import Quote, offers_for, quote
from portal.subscriptions.ordering import record_wire
from portal.subscriptions.panels import (
    Selling,
    order_link,
    order_panel,
    selling_panel,
    subscription_link,
    subscription_panel,
)
from portal.subscriptions.placing import Wish, place_wish
from portal.subscriptions.price_now import sold_now
from portal.terms.in_force import stack_in_force

bp = Blueprint("subscriptions", __name__)


def _order_form(customer: Customer, asked: MultiDict[str, str] | None = None) -> OrderForm:
    """The form that places an order; of what is ``asked`` in an address, the one that only counts."""
    declared = {"health": "yes" if customer.health_data else "no"}
    counts: dict[str, Any] = {} if asked is None else {"formdata": asked, "meta": {"csrf": False}}
    form = OrderForm(**counts, data=declared)
    offers = offers_for(customer, health_data=form.for_health_data)
    form.offers = offers
    form.product.choices = [SelectChoice(each.product.uid, each.product.name) for each in offers]
    return form


@bp.get("/customers/<customer_uid>/orders/new")
@requires(Permission.ORDER_WRITE)
def new_order(customer_uid: str) -> Response:
    """What an order would cost, before anything is decided; changes with the form."""
    customer = get_or_404(Customer.visible_to(g.actor), customer_uid)
    form = _order_form(customer, MultiDict({"quantity": "1", **request.args}))
    first = next((each.product.uid for each in form.offers if each.refusal is None), None)
    form.product.data = form.product.data or first
    if request.args:
        form.validate()
    return _order_form_page(customer, form)


@bp.post("/customers/<customer_uid>/orders")
@requires(Permission.ORDER_WRITE)
def create_order(customer_uid: str) -> Response:
    customer = get_or_404(Customer.visible_to(g.actor), customer_uid)
    form = _order_form(customer)
    if _is_placed(form.once.data):
        return htmx.go(url_for(".show_order", uid=form.once.data))
    seen = form.validate() and _is_seen(form)
    if "ask" in request.form:
        return _order_form_page(customer, form)
    if seen:
        product = get_or_404(Product.visible_to(g.actor), form.product.data)
        if not customer.has_accepted(stack_in_force(product.terms_stack, clock.today())):
            return _to_acceptance(customer, product, form)
        placed = _order_once(customer, product, form)
    if form.errors:
        return _order_form_page(customer, form, 422)
    return htmx.go(url_for(".show_order", uid=placed), toast=_("Commande enregistrée."))


def _order_once(customer: Customer, product: Product, form: OrderForm) -> str:
    """The uid of the order, also when the same form has placed it at this very moment; "" when refused."""
    try:
        with saving(form, WHOLE):
            return _order(customer, product, form).uid
    except IntegrityError:
        db.session.rollback()
        if not _is_placed(form.once.data):
            raise
        return str(form.once.data)
    return ""


def _is_seen(form: OrderForm) -> bool:
    """Was the price of just this on the page? Without a script it is not, of what was typed since."""
    if "ask" in request.form or form.priced.data in (None, "", form.wish()):
        return True
    form.form_errors.append(_("Le prix suit ce que vous venez de saisir : relisez-le, puis commandez."))
    return False


def _order_form_page(customer: Customer, form: OrderForm, status: int = 200) -> Response:
    priced = _quote_of(customer, form)
    return htmx.render(
        "subscriptions/new_order.html",
        "subscriptions/_ordering.html",
        status,
        customer=customer,
        form=form,
        disputes=open_disputes(customer),
        quote=priced,
        told=selling_panel.shown(_selling(customer, priced)) if priced else [],
        may_declare=may_declare(customer, clock.today()),
        is_consumer=customer.kind == CustomerKind.CONSUMER,
    )


def _selling(customer: Customer, priced: Quote) -> Selling:
    offer = priced.offer
    return Selling(customer, offer.product, priced.quantity, offer.unit_cents, offer.terms)


def _quote_of(customer: Customer, form: OrderForm) -> Quote | None:
    chosen = form.chosen()
    if chosen is None or form.quantity.errors or form.volume_gb.errors:
        return None
    try:
        return quote(
            customer, chosen, form.quantity.data, form.volume_gb.data, outside_eu=form.outside_eu.data
        )
    except Refused as refusal:  # its VAT cannot be said
        form.form_errors.append(said(refusal))
        return None


def _to_acceptance(customer: Customer, product: Product, form: OrderForm) -> Response:
    """The terms in force come first; what has been typed comes back afterwards."""
    asked = {
        "product": product.uid,
        "quantity": form.quantity.data,
        "volume_gb": form.volume_gb.data,
        "method": form.method.data,
        "health": form.health.data,
        **({"outside_eu": "y"} if form.outside_eu.data else {}),
        **{name: value for name, value in form.references().items() if value},
        **({"begin_early": "y"} if form.begin_early.data else {}),
    }
    return htmx.go(
        url_for("acceptances.new_acceptance", uid=customer.uid, terms=product.terms_stack, **asked),
        toast=_("Le client doit d'abord accepter les conditions en vigueur."),
    )


def _is_placed(uid: str) -> bool:
    """Has this very form already placed its order? A double click sends it twice."""
    query = Order.visible_to(g.actor).where(Order.uid == uid)
    return bool(uid) and db.session.scalars(query).first() is not None


def _order(customer: Customer, product: Product, form: OrderForm) -> Order:
    wish = Wish(
        quantity=form.quantity.data,
        method=Method(form.method.data),
        uid=form.once.data,
        volume_gb=form.volume_gb.data,
        health_data=form.for_health_data,
        outside_eu=form.outside_eu.data,
        begin_early=form.begin_early.data,
        accepted_because=form.accepted_because.data or "",
        acknowledged=form.acknowledged.data,
        references=form.references(),
    )
    return place_wish(customer, product, wish, by=g.actor)


@bp.app_template_filter()
def bought_for(order: Order) -> int | None:
    """What the reseller pays for one unit of an order, in cents; None where nothing was agreed that day."""
    prices = price_list(order.customer.reseller_id)
    return prices.wholesale(order.product, order.quantity, order.ordered_on)


@bp.get("/orders")
@requires(Permission.ORDER_READ)
def list_orders() -> Response:
    return list_page(ORDERS, "subscriptions/orders.html")


@bp.get("/orders/<uid>")
@requires(Permission.ORDER_READ)
def show_order(uid: str) -> Response:
    return _order_page(get_or_404(Order.visible_to(g.actor), uid), WireForm(received_on=clock.today()))


def _order_page(order: Order, form: WireForm, status: int = 200) -> Response:
    keys = [key for key in keys_of(order.customer) if key.source_uid == order.uid]
    return htmx.render(
        "subscriptions/order.html",
        "subscriptions/_order.html",
        status,
        order=order,
        form=form,
        keys=keys,
        links=[link for links in order_link.shown(order) for link in links],
        panels=order_panel.shown(order),
        events=timeline(order),
        mails=mails_about(order),
    )


@bp.post("/orders/<uid>/payment")
@requires(Permission.PAYMENT_WRITE)
def record_payment(uid: str) -> Response:
    order = get_or_404(Order.visible_to(g.actor), uid)
    form = WireForm()
    if form.validate():
        with saving(form, WHOLE):
            invoice = record_wire(
                order,
                received_on=form.received_on.data,
                amount_cents=form.amount_cents,
                reference=form.reference.data.strip(),
                by=g.actor,
            )
    if form.errors:
        return _order_page(get_or_404(Order.visible_to(g.actor), uid), form, 422)
    text = _("Facture %(number)s émise et envoyée.", number=invoice.number)
    return htmx.go(url_for(".show_order", uid=uid), toast=text)


@bp.post("/orders/<uid>/cancellation")
@requires(Permission.ORDER_WRITE)
def cancel_order(uid: str) -> Response:
    order = get_or_404(Order.visible_to(g.actor), uid)
    order.cancel(by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show_order", uid=uid), toast=_("Commande annulée."))


@bp.get("/keys")
@requires(Permission.LICENSE_READ)
def list_keys() -> Response:
    return list_page(KEYS, "listing/page.html")


@bp.get("/subscriptions")
@requires(Permission.SUBSCRIPTION_READ)
def list_subscriptions() -> Response:
    return list_page(SUBSCRIPTIONS, "subscriptions/list.html")


@bp.get("/subscriptions/<uid>")
@requires(Permission.SUBSCRIPTION_READ)
def show_subscription(uid: str) -> Response:
    return subscription_page(get_or_404(Subscription.visible_to(g.actor), uid))


def subscription_page(subscription: Subscription, status: int = 200) -> Response:
    keys = [key for key in keys_of(subscription.customer) if key.source_uid == subscription.order_uid]
    page = render_template(
        "subscriptions/show.html",
        subscription=subscription,
        sold=sold_now(subscription),
        keys=keys,
        events=timeline(subscription),
        mails=mails_about(subscription),
        today=clock.today(),
        actions=[link for links in subscription_link.shown(subscription) for link in links],
        panels=subscription_panel.shown(subscription),
    )
    return make_response(page, status)


@customer_panel(rank=10)
def contracts_panel(customer: Customer) -> Panel:
    orders = db.session.scalars(
        db.select(Order).where(Order.customer_id == customer.id).order_by(Order.id.desc())
    )
    vaults: dict[str, list[Vault]] = {}
    for vault in vaults_of(customer) if may(Permission.VAULT_READ) else ():
        vaults.setdefault(vault.subscription_uid, []).append(vault)
    context = {
        "customer": customer,
        "orders": list(orders),
        "subscriptions": subscriptions_of(customer),
        "vaults": defaultdict(list, vaults),
    }
    return Panel("subscriptions/_customer_panel.html", context)
