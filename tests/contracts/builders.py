"""Subscriptions of each contract, running since a day, for tests of their pages."""

from datetime import date
from typing import Any

from portal.catalogue.models import Method, Plan, Product
from portal.db import db
from portal.journal import SYSTEM
from portal.subscriptions.models import Subscription
from portal.subscriptions.ordering import place_order
from tests.builders import House, a_customer
from tests.subscriptions.builders import a_flat_product, a_monthly_product, a_product

START = date(2026, 1, 15)


def a_subscription(house: House, product: Product, **values: Any) -> Subscription:
    """Running since the start, with everything billed up to the end of the period of 23 November 2026."""
    since = {key: values.pop(key) for key in ("started_on", "billed_before") if key in values}
    customer = a_customer(house.reseller, accepted=product.terms_stack, **values)
    method = Method.WIRE if product.plan == Plan.ANNUAL else Method.DIRECT_DEBIT
    subscription = place_order(customer, product, 1, method, by=SYSTEM).deliver(by=SYSTEM)
    subscription.started_on = since.get("started_on", START)
    subscription.billed_before = since.get("billed_before", date(2026, 12, 15))
    db.session.commit()
    return subscription


def natso(house: House, **values: Any) -> Subscription:
    values.setdefault("billed_before", date(2027, 1, 15))
    return a_subscription(house, a_product(house), **values)


def dropcloud(house: House, **values: Any) -> Subscription:
    return a_subscription(house, a_monthly_product(house), **values)


def numspot(house: House, **values: Any) -> Subscription:
    product = a_monthly_product(house, terms_stack="numspot")
    return a_subscription(house, product, **values)


def dobaas(house: House, **values: Any) -> Subscription:
    return a_subscription(house, a_flat_product(house), **values)
