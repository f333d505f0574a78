"""Orders by their number or that of their pro-forma, subscriptions, activation keys: found by the search."""

from contextlib import suppress
from typing import Any

from flask import g, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from portal.access import Permission, may
from portal.billing.models import Proforma
from portal.catalogue.models import Product
from portal.customers.queries import first_found
from portal.db import Plain, db, is_root
from portal.licensing.models import ActivationKey, LicenseRefused, find_key
from portal.paging import first_of
from portal.search import Hit, Sought, finder
from portal.search.keys import by_number, keyed, of_numbers
from portal.search.registry import AT_MOST
from portal.search.words import words_of
from portal.subscriptions.models import Order, Subscription


@keyed(Order, "number")
def _words(row: Order) -> list[str]:
    return of_numbers(row.number)


@finder(20, Permission.ORDER_READ, _l("Commandes"))
def orders(sought: Sought) -> list[Hit]:
    numbers = {row.order_uid: row.number for row in by_number(Proforma, g.actor, sought)}
    own = [row.id for row in by_number(Order, g.actor, sought)]
    wanted = or_(Order.uid.in_(numbers), Order.id.in_(own))
    query = Order.visible_to(g.actor).where(wanted).options(joinedload(Order.customer))
    found = first_of(query.order_by(Order.id.desc()), AT_MOST) if numbers or own else []
    return [
        Hit(
            f"{row.quantity} × {row.product_name}",
            url_for("subscriptions.show_order", uid=row.uid),
            f"{numbers.get(row.uid, row.number)} · {row.customer.name}",
            row.state,
            "cart",
        )
        for row in found
    ]


@finder(30, Permission.SUBSCRIPTION_READ, _l("Abonnements"))
def subscriptions(sought: Sought) -> list[Hit]:
    query = Subscription.visible_to(g.actor).options(joinedload(Subscription.customer))
    owners = [row.id for row in first_found(g.actor, sought)]
    by_customer = query.where(Subscription.customer_id.in_(owners)).order_by(Subscription.id.desc())
    found = first_of(by_customer, AT_MOST) if owners else []
    if not found and (products := _products(sought)):
        # Few rows are found by whose they are; the provider's own by what was sold.
        sold = Subscription.product_id if is_root(g.actor.org_path) else Plain(Subscription.product_id)
        parts = (query.where(sold == product).order_by(Subscription.id.desc()) for product in products)
        found = [row for part in parts for row in first_of(part, AT_MOST)]
        found = sorted(found, key=lambda row: -row.id)[:AT_MOST]
    return [
        Hit(
            row.label,
            url_for("subscriptions.show_subscription", uid=row.uid),
            row.customer.name,
            row.shown_state(),
            "arrow-repeat",
        )
        for row in found
    ]


def _products(sought: Sought) -> list[int]:
    """Ids of the offers, of which there are few, with a word that begins with each that was typed."""
    typed = words_of(sought.text)
    offers = db.session.execute(select(Product.id, Product.name)).all() if typed else []
    return [
        key
        for key, name in offers
        if all(any(word.startswith(each) for word in words_of(name)) for each in typed)
    ]


@finder(60, Permission.LICENSE_READ, _l("Clés d'activation"))
def keys(sought: Sought) -> list[Hit]:
    """A whole key by its blind index, or those of the customers found; the last group alone is shown."""
    query = ActivationKey.visible_to(g.actor).options(joinedload(ActivationKey.customer))
    owners = [row.id for row in first_found(g.actor, sought)]
    ways: list[Any] = [ActivationKey.customer_id.in_(owners)] if owners else []
    with suppress(LicenseRefused):
        ways.append(ActivationKey.id == find_key(sought.text).id)
    found = first_of(query.where(or_(*ways)).order_by(ActivationKey.id.desc()), AT_MOST) if ways else []
    orders = _orders_of(found)
    return [
        Hit(row.masked, there, f"{row.product} · {row.customer.name}", icon="key")
        for row in found
        if (there := orders.get(row.source_uid))
    ]


def _orders_of(keys: list[ActivationKey]) -> dict[str, str]:
    """The addresses of the orders that the keys were sold with, by the order's public id."""
    query = select(Order.uid).where(Order.uid.in_([key.source_uid for key in keys]))
    opens = may(Permission.ORDER_READ)
    return {
        uid: url_for("subscriptions.show_order", uid=uid) if opens else url_for("subscriptions.list_keys")
        for uid in db.session.scalars(query)
    }
