"""Another length of the same contract: from months to a year at once or at the next due date, back at the
term.
"""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock
from portal.catalogue.models import Method, Product
from portal.catalogue.price_lists import price_list, selling
from portal.db import db
from portal.errors import Refused
from portal.licensing.pools import pool_of
from portal.subscriptions.models import Subscription
from portal.subscriptions.offers import check_means, check_offer


def months_of(subscription: Subscription, plan: str) -> int:
    """Length of a plan's own period in this contract, in months; 0 where the contract does not have it."""
    said = subscription.present_terms.find(f"plan.{plan}.period_months")
    return int(said.value) if said else 0


def lengths_for(subscription: Subscription) -> list[Product]:
    """The same product on sale under the same contract for another length; its keys stay as they are.

    Source: 000-13, 000-14, 001-11, 001-13, 003-45, 004-04.
    """
    present = subscription.product
    if subscription.gb_month_cents is not None or pool_of(present) is not None:
        return []
    query = select(Product).where(
        Product.is_on_sale,
        Product.terms_stack == subscription.terms_stack,
        Product.plan != subscription.plan,
        Product.price_includes_vat == subscription.includes_vat,
        Product.has_keys == present.has_keys,
        Product.key_product == present.key_product,
        Product.included_gb.is_not_distinct_from(present.included_gb),
        Product.gb_month_cents.is_(None),
    )
    found = db.session.scalars(query.order_by(Product.name, Product.id))
    return [each for each in found if months_of(subscription, each.plan.value) and pool_of(each) is None]


def length_wanted(
    subscription: Subscription, product: Product | None, method: Method | None
) -> dict[str, Any]:
    """What the subscription becomes; raises Refused beside the length, or the means of payment.

    Source: 001-12, 001-14 (each length has its means of payment).
    """
    if product is None or product not in lengths_for(subscription):
        raise Refused(_("Choisissez une autre durée du même contrat."), field="length")
    customer, terms = subscription.customer, subscription.present_terms
    check_offer(customer, product, terms, health_data=subscription.health_data)
    method = method or subscription.method
    check_means(product, terms, method, customer)
    price = selling(price_list(customer.reseller_id), product, clock.today())
    return {
        "product": product.uid,
        "product_name": product.name,
        "unit_cents": price.unit_cents,
        "plan": product.plan.value,
        "billing_months": product.billing_months,
        "method": method.value,
    }
