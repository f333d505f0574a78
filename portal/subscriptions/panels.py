"""What higher packages show on the pages of a subscription and an order, and where else to go from there."""

from typing import Any, NamedTuple

from portal.catalogue.models import Product
from portal.customers.models import Customer
from portal.panels import Link, Panel, Place
from portal.subscriptions.models import Order, Subscription
from portal.terms.stack import Stack

subscription_panel: Place[Subscription, Panel] = Place()
subscription_link: Place[Subscription, list[Link]] = Place()
order_panel: Place[Order, Panel] = Place()
order_link: Place[Order, list[Link]] = Place()


class Selling(NamedTuple):
    """What is about to be sold: units at a price in cents, VAT as the product says, under some terms."""

    customer: Customer
    product: Product
    quantity: int
    unit_cents: int
    terms: Stack


selling_panel: Place[Any, Panel] = Place()  # of a Selling, on the page of the order before it is placed
