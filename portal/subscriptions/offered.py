"""The price and the terms at which an order is placed: today's, or those of a quote that was accepted."""

from dataclasses import dataclass

from portal import clock
from portal.catalogue.models import Product
from portal.catalogue.price_lists import price_list, selling
from portal.customers.models import Customer
from portal.subscriptions.amendments import Kept
from portal.terms.in_force import stack_in_force
from portal.terms.stack import Stack


@dataclass(frozen=True, slots=True)
class Offered:
    """One unit in cents for its billing period, VAT as the product says; ``terms`` without ``conditions``.

    price_uid: of the reseller's own price; None: the public one. gb_month_cents: a GB kept for a month.
    conditions: special ones, as an order keeps them.
    """

    terms: Stack
    unit_cents: int
    price_uid: str | None
    gb_month_cents: int | None
    conditions: Kept | None = None


def offered_today(customer: Customer, product: Product) -> Offered:
    """Raises Refused for a reseller's own price below its floor."""
    price = selling(price_list(customer.reseller_id), product, clock.today())
    return Offered(
        stack_in_force(product.terms_stack, clock.today()),
        price.unit_cents,
        price.own.uid if price.own else None,
        product.gb_month_cents,
    )
