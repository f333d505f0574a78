"""Running subscriptions under each kind of contract."""

from typing import Any

from portal.catalogue.models import Method, Plan
from portal.customers.models import Customer
from portal.db import db
from portal.journal import SYSTEM
from portal.subscriptions.models import Subscription
from portal.subscriptions.ordering import place_order
from tests.builders import House, a_customer
from tests.subscriptions.builders import a_product


def a_subscription(house: House, customer: Customer | None = None, **values: Any) -> Subscription:
    """Under NumSpot, the contract whose terms change on the way, unless another product is described."""
    defaults = dict(
        code="NS-M",
        name="NumSpot mensuel",
        terms_stack="numspot",
        plan=Plan.MONTHLY,
        billing_months=1,
        unit_cents=10000,
        price_includes_vat=False,
        has_keys=False,
    )
    described = {**defaults, **values}
    method = Method.DIRECT_DEBIT if described["terms_stack"] in {"numspot", "dropcloud"} else Method.WIRE
    customer = customer or a_customer(house.reseller, accepted=described["terms_stack"])
    return subscribe(customer, a_product(house, **described), method)


def subscribe(customer: Customer, product: Any, method: Method) -> Subscription:
    subscription = place_order(customer, product, 2, method, by=SYSTEM).deliver(by=SYSTEM)
    db.session.commit()
    return subscription
