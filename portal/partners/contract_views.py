"""Subscriptions, their keys, the mandates that they are paid under, and what is billable of a month."""

from typing import Any

from flask import g
from flask_babel import gettext as _
from marshmallow import fields
from sqlalchemy.orm import joinedload, selectinload

from portal import clock
from portal.access import Permission, get_or_404, requires
from portal.licensing.machines import state_of_key
from portal.licensing.models import ActivationKey
from portal.partners.fields import Incoming, Instant, Money, OfCustomer, Outgoing, Ref, listed, money, text
from portal.partners.narrowing import of_customer, ref
from portal.partners.problems import Wrong
from portal.partners.reading import page_after
from portal.partners.usage import bought_in, month_of, usage_in
from portal.partners.views import bp
from portal.sepa.models import Mandate
from portal.subscriptions.models import Subscription
from portal.subscriptions.price_now import sold_now
from portal.words.states import look_of


class SubscriptionOut(Outgoing):
    uid = fields.String(required=True)
    customer = fields.Nested(Ref, required=True)
    order = fields.String(required=True)
    created_at = Instant(required=True)
    state = fields.String(required=True)
    state_text = fields.String(required=True)
    product = fields.String(required=True)
    quantity = fields.Integer(required=True)
    volume_gb = fields.Integer(required=True, allow_none=True)
    method = fields.String(required=True)
    unit_price = fields.Nested(Money, required=True)
    price_includes_vat = fields.Boolean(required=True)
    billing_months = fields.Integer(required=True)
    started_on = fields.Date(required=True)
    period_ends_on = fields.Date(required=True, allow_none=True)
    last_notice_on = fields.Date(required=True, allow_none=True)
    notified_on = fields.Date(required=True, allow_none=True)
    ends_on = fields.Date(required=True, allow_none=True)


class SubscriptionDetail(SubscriptionOut):
    net = fields.Nested(Money, required=True)
    vat = fields.Nested(Money, required=True)
    gross = fields.Nested(Money, required=True)


class MachineOut(Outgoing):
    uid = fields.String(required=True)
    hostname = fields.String(required=True)
    last_seen_at = Instant(required=True, allow_none=True)


class KeyOut(Outgoing):
    uid = fields.String(required=True)
    customer = fields.Nested(Ref, required=True)
    order = fields.String(required=True)
    created_at = Instant(required=True)
    product = fields.String(required=True)
    masked = fields.String(required=True)
    state = fields.String(required=True)
    seats = fields.Integer(required=True)
    seats_used = fields.Integer(required=True)
    valid_through = fields.Date(required=True)
    works_through = fields.Date(required=True)
    machines = fields.List(fields.Nested(MachineOut), required=True)


class MandateOut(Outgoing):
    uid = fields.String(required=True)
    customer = fields.Nested(Ref, required=True)
    created_at = Instant(required=True)
    rum = fields.String(required=True)
    scheme = fields.String(required=True)
    state = fields.String(required=True)
    state_text = fields.String(required=True)
    iban_masked = fields.String(required=True, allow_none=True)
    signed_on = fields.Date(required=True, allow_none=True)
    lapses_on = fields.Date(required=True, allow_none=True)


class MonthAsked(Incoming):
    month = text(7, least=7, required=True, metadata={"pattern": "^[0-9]{4}-[0-9]{2}$", "example": "2026-11"})


class UsageLine(Outgoing):
    subscription = fields.String(required=True)
    product = fields.String(required=True)
    unit = fields.String(required=True)
    quantity = fields.Integer(required=True)
    unit_price = fields.Nested(Money, required=True)
    price_includes_vat = fields.Boolean(required=True)
    billing_months = fields.Integer(required=True)
    from_day = fields.Date(required=True)
    through_day = fields.Date(required=True)
    volume_gb = fields.Integer(required=True, allow_none=True)
    metered_gb = fields.Integer(required=True, allow_none=True)
    wholesale_net = fields.Nested(Money, required=True, allow_none=True)


class UsageOut(Outgoing):
    customer = fields.Nested(Ref, required=True)
    partner_reference = fields.String(required=True, allow_none=True)
    lines = fields.List(fields.Nested(UsageLine), required=True)


class UsageMonth(Outgoing):
    month = fields.String(required=True)
    wholesale_net = fields.Nested(Money, required=True)
    data = fields.List(fields.Nested(UsageOut), required=True)


_SAME = ("uid", "created_at", "quantity", "volume_gb", "method", "billing_months", "started_on")
_DAYS = ("period_ends_on", "last_notice_on", "notified_on", "ends_on")


def subscription_shape(row: Subscription) -> dict[str, Any]:
    return {name: getattr(row, name) for name in (*_SAME, *_DAYS)} | {
        "customer": ref(row.customer),
        "order": row.order_uid,
        "state": row.shown_state(),
        "state_text": str(look_of(row.shown_state()).word),
        "product": row.product_name,
        "unit_price": money(row.unit_cents),
        "price_includes_vat": row.includes_vat,
    }


def key_shape(row: ActivationKey) -> dict[str, Any]:
    names = (
        "uid",
        "created_at",
        "product",
        "masked",
        "seats",
        "seats_used",
        "valid_through",
        "works_through",
    )
    return {name: getattr(row, name) for name in names} | {
        "customer": ref(row.customer),
        "order": row.source_uid,
        "state": state_of_key(row, clock.today()).value,
        "machines": row.machines,
    }


def mandate_shape(row: Mandate) -> dict[str, Any]:
    names = ("uid", "created_at", "rum", "scheme", "iban_masked", "signed_on", "lapses_on")
    return {name: getattr(row, name) for name in names} | {
        "customer": ref(row.customer),
        "state": row.shown_state(),
        "state_text": str(look_of(row.shown_state()).word),
    }


@bp.get("/subscriptions")
@requires(Permission.SUBSCRIPTION_READ)
@bp.arguments(OfCustomer, location="query")
@bp.response(200, listed("Subscriptions", SubscriptionOut))
def list_subscriptions(asked: dict[str, Any]) -> Any:
    """Subscriptions, running or not, the oldest first."""
    query = of_customer(Subscription, asked).options(joinedload(Subscription.customer))
    page = page_after(query, Subscription.id, asked)
    return {"data": [subscription_shape(row) for row in page["rows"]], "next_cursor": page["next_cursor"]}


@bp.get("/subscriptions/<uid>")
@requires(Permission.SUBSCRIPTION_READ)
@bp.response(200, SubscriptionDetail)
def show_subscription(uid: str) -> Any:
    """One subscription, with what its next period costs as of today."""
    row = get_or_404(Subscription.visible_to(g.actor), uid)
    sums = sold_now(row).sums
    own = {"net": sums.net_cents, "vat": sums.vat_cents, "gross": sums.gross_cents}
    return subscription_shape(row) | {name: money(cents) for name, cents in own.items()}


@bp.get("/keys")
@requires(Permission.LICENSE_READ)
@bp.arguments(OfCustomer, location="query")
@bp.response(200, listed("Keys", KeyOut))
def list_keys(asked: dict[str, Any]) -> Any:
    """Keys with their seats; a whole key is read on its page alone."""
    query = of_customer(ActivationKey, asked).options(
        joinedload(ActivationKey.customer), selectinload(ActivationKey.activations)
    )
    page = page_after(query, ActivationKey.id, asked)
    return {"data": [key_shape(row) for row in page["rows"]], "next_cursor": page["next_cursor"]}


@bp.get("/keys/<uid>")
@requires(Permission.LICENSE_READ)
@bp.response(200, KeyOut)
def show_key(uid: str) -> Any:
    """One key, its seats and the machines that hold one."""
    return key_shape(get_or_404(ActivationKey.visible_to(g.actor), uid))


@bp.get("/mandates")
@requires(Permission.MANDATE_READ)
@bp.arguments(OfCustomer, location="query")
@bp.response(200, listed("Mandates", MandateOut))
def list_mandates(asked: dict[str, Any]) -> Any:
    """Mandates and where each stands; of its account, the ends of the number."""
    query = of_customer(Mandate, asked).options(joinedload(Mandate.customer))
    page = page_after(query, Mandate.id, asked)
    return {"data": [mandate_shape(row) for row in page["rows"]], "next_cursor": page["next_cursor"]}


@bp.get("/mandates/<uid>")
@requires(Permission.MANDATE_READ)
@bp.response(200, MandateOut)
def show_mandate(uid: str) -> Any:
    """Where one mandate stands."""
    return mandate_shape(get_or_404(Mandate.visible_to(g.actor), uid))


@bp.get("/usage")
@requires(Permission.SUBSCRIPTION_READ)
@bp.arguments(MonthAsked, location="query")
@bp.response(200, UsageMonth)
def show_usage(asked: dict[str, Any]) -> Any:
    """What is billable of a month, customer by customer, with your own reference of each."""
    first = month_of(asked["month"])
    if first is None:
        raise Wrong({"month": [_("Un mois, comme 2026-11, et pas à venir.")]}, within="parameter")
    total = money(sum(bought_in(g.actor, first).values()))
    return {"month": asked["month"], "wholesale_net": total, "data": usage_in(g.actor, first)}
