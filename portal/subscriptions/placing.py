"""An order as a form or a partner's system asks for it: placed, and its mandate asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from flask_babel import force_locale
from flask_babel import lazy_gettext as _l

from portal.actor import Actor
from portal.catalogue.models import Method, Product
from portal.customers.models import Customer
from portal.subscriptions.mandates import ask_for_mandate
from portal.subscriptions.models import Order
from portal.subscriptions.ordering import place_order

# What a consumer asks for in so many words; without it, a withdrawal gives everything back.
EARLY_REQUEST = _l(
    "Je demande expressément que le service commence avant la fin du délai de rétractation, et je sais que "
    "je paierai alors les jours fournis si je me rétracte."
)


@dataclass(frozen=True)
class Wish:
    """What is ordered. uid: of the form, "" for a new one. volume_gb: None for that of the offer.

    acknowledged: see :func:`portal.subscriptions.ordering.place_order`.
    """

    quantity: int
    method: Method
    uid: str = ""
    volume_gb: int | None = None
    health_data: bool = False
    outside_eu: bool = False
    begin_early: bool = False
    accepted_because: str = ""
    acknowledged: bool | None = None
    references: Mapping[str, str | None] = field(default_factory=dict)


def place_wish(customer: Customer, product: Product, wish: Wish, *, by: Actor) -> Order:
    """The order; one to be debited starts under a signed mandate, or asks for one.

    Raises Refused as :func:`portal.subscriptions.ordering.place_order` does.
    """
    with force_locale(customer.language):
        early = str(EARLY_REQUEST) if wish.begin_early else ""
    order = place_order(
        customer,
        product,
        wish.quantity,
        wish.method,
        by=by,
        uid=wish.uid,
        volume_gb=wish.volume_gb,
        health_data=wish.health_data,
        outside_eu=wish.outside_eu,
        early_request=early,
        accepted_because=wish.accepted_because,
        references=wish.references,
        acknowledged=wish.acknowledged,
    )
    if order.method == Method.DIRECT_DEBIT:
        ask_for_mandate(order, by=by)
    return order
