"""What may be ordered for a customer and at which price; orders, listed, read and placed."""

from typing import Any

from flask import g, url_for
from flask_babel import gettext as _
from marshmallow import fields
from sqlalchemy.orm import joinedload, selectinload

from portal.access import Permission, get_or_404, requires
from portal.catalogue.models import Method
from portal.customers.models import Customer
from portal.errors import Refused
from portal.i18n import said
from portal.partners.fields import (
    Flag,
    Incoming,
    Instant,
    Money,
    OfCustomer,
    Outgoing,
    Ref,
    choice,
    listed,
    money,
    text,
    uid,
    whole,
)
from portal.partners.narrowing import named, of_customer, ref
from portal.partners.problems import Wrong
from portal.partners.reading import page_after
from portal.partners.replays import once
from portal.partners.views import bp
from portal.subscriptions.models import Order
from portal.subscriptions.offers import Offer, offers_for
from portal.subscriptions.placing import Wish, place_wish
from portal.words.states import look_of

_REFERENCES = ("purchase_order", "commitment_number", "service_code")


class OfferOut(Outgoing):
    product = fields.String(required=True)
    code = fields.String(required=True)
    name = fields.String(required=True)
    unit = fields.String(required=True)
    billing_months = fields.Integer(required=True)
    unit_price = fields.Nested(Money, required=True, allow_none=True)
    price_includes_vat = fields.Boolean(required=True)
    terms = fields.String(required=True)
    terms_accepted = fields.Boolean(required=True)
    methods = fields.List(fields.String(), required=True)
    refusal = fields.String(required=True, allow_none=True)


class OffersOut(Outgoing):
    data = fields.List(fields.Nested(OfferOut), required=True)


class OrderIn(Incoming):
    customer = uid(required=True)
    product = uid(required=True, metadata={"description": "Of an offer of this customer."})
    quantity = whole(1, 10_000, load_default=1)
    method = choice(Method, load_default=Method.WIRE.value)
    volume_gb = whole(1, 10**9, allow_none=True)
    health_data = Flag(metadata={"description": "As the customer has declared, when left out."})
    outside_eu = Flag(load_default=False)
    begin_early = Flag(load_default=False)
    accepted_because = text(300, load_default="")
    purchase_order = text(50, allow_none=True)
    commitment_number = text(50, allow_none=True)
    service_code = text(50, allow_none=True)


class OrderOut(Outgoing):
    href = fields.String(required=True)
    uid = fields.String(required=True)
    number = fields.String(required=True)
    customer = fields.Nested(Ref, required=True)
    created_at = Instant(required=True)
    ordered_on = fields.Date(required=True)
    state = fields.String(required=True)
    state_text = fields.String(required=True)
    product = fields.String(required=True)
    quantity = fields.Integer(required=True)
    volume_gb = fields.Integer(required=True, allow_none=True)
    method = fields.String(required=True)
    unit_price = fields.Nested(Money, required=True)
    price_includes_vat = fields.Boolean(required=True)
    net = fields.Nested(Money, required=True)
    vat = fields.Nested(Money, required=True)
    gross = fields.Nested(Money, required=True)
    proforma = fields.String(required=True, allow_none=True)


def shape(row: Order) -> dict[str, Any]:
    sums = row.sums
    return {
        "href": url_for("partner.show_order", uid=row.uid),
        **{name: getattr(row, name) for name in ("uid", "number", "created_at", "ordered_on", "quantity")},
        "customer": ref(row.customer),
        "state": row.state,
        "state_text": str(look_of(row.state).word),
        "product": row.product_name,
        "volume_gb": row.volume_gb,
        "method": row.method,
        "unit_price": money(row.unit_cents),
        "price_includes_vat": row.includes_vat,
        "net": money(sums.net_cents),
        "vat": money(sums.vat_cents),
        "gross": money(sums.gross_cents),
        "proforma": row.proforma.number if row.proforma else None,
    }


def _offered(customer: Customer, offer: Offer) -> dict[str, Any]:
    product = offer.product
    return {
        "product": product.uid,
        "code": product.code,
        "name": product.name,
        "unit": product.unit_name,
        "billing_months": product.billing_months,
        "unit_price": money(None if offer.refusal else offer.unit_cents),
        "price_includes_vat": product.price_includes_vat,
        "terms": product.terms_stack,
        "terms_accepted": customer.has_accepted(offer.terms),
        "methods": [method.value for method in offer.methods],
        "refusal": said(offer.refusal) if offer.refusal else None,
    }


@bp.get("/customers/<uid>/offers")
@requires(Permission.PRICE_LIST_READ)
@bp.response(200, OffersOut)
def list_offers(uid: str) -> Any:
    """What is on sale for this customer today, and why not where it may not be sold to her."""
    customer = get_or_404(Customer.visible_to(g.actor), uid)
    offers = offers_for(customer, health_data=customer.health_data)
    return {"data": [_offered(customer, each) for each in offers]}


@bp.get("/orders")
@requires(Permission.ORDER_READ)
@bp.arguments(OfCustomer, location="query")
@bp.response(200, listed("Orders", OrderOut))
def list_orders(asked: dict[str, Any]) -> Any:
    """Orders, the oldest first."""
    query = of_customer(Order, asked).options(joinedload(Order.customer), selectinload(Order.proforma))
    page = page_after(query, Order.id, asked)
    return {"data": [shape(row) for row in page["rows"]], "next_cursor": page["next_cursor"]}


@bp.get("/orders/<uid>")
@requires(Permission.ORDER_READ)
@bp.response(200, OrderOut)
def show_order(uid: str) -> Any:
    """One order, with its state and its sums."""
    return shape(get_or_404(Order.visible_to(g.actor), uid))


@bp.post("/orders")
@requires(Permission.ORDER_WRITE)
@once
@bp.arguments(OrderIn)
@bp.response(201, OrderOut)
def create_order(body: dict[str, Any]) -> Any:
    """Order at today's price, by the rules of the page; with ``Prefer: dry-run`` it is only priced."""
    customer = named(Customer.visible_to(g.actor).where(Customer.uid == body["customer"]), "customer")
    health = body.get("health_data", customer.health_data)
    product = _product(customer, body["product"], health).product
    wish = Wish(
        health_data=health,
        method=Method(body["method"]),
        references={name: body.get(name) for name in _REFERENCES},
        **{name: body[name] for name in ("quantity", "outside_eu", "begin_early", "accepted_because")},
        volume_gb=body.get("volume_gb"),
    )
    order = place_wish(customer, product, wish, by=g.actor)
    return shape(order), 201, {"Location": url_for(".show_order", uid=order.uid)}


def _product(customer: Customer, wanted: str, health: bool) -> Offer:
    """Raises Refused as the page does for an offer that this customer may not order."""
    offer = next(
        (each for each in offers_for(customer, health_data=health) if each.product.uid == wanted), None
    )
    if offer is None:
        raise Wrong({"#/product": [_("Cette offre n'est pas en vente.")]})
    if offer.refusal is not None:
        raise Refused(offer.refusal.template, field="product", **offer.refusal.values)
    return offer
