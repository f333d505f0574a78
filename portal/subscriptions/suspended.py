"""Subscriptions that are suspended, and keep their customer from ordering."""

from collections.abc import Sequence

from sqlalchemy import select

from portal.customers.models import Customer
from portal.db import db
from portal.subscriptions.models import Subscription


def suspended_of(customer: Customer) -> list[Subscription]:
    """Suspended and not ended: as long as there is one, this customer orders nothing new."""
    return suspended_among([customer]).get(customer.id, [])


def suspended_among(customers: Sequence[Customer]) -> dict[int, list[Subscription]]:
    """The same of several, by their ids; of who has none, nothing."""
    wanted = Subscription.customer_id.in_([row.id for row in customers])
    query = select(Subscription).where(wanted, Subscription.suspended_on.is_not(None))
    found: dict[int, list[Subscription]] = {}
    for row in db.session.scalars(query.order_by(Subscription.id)):
        if not row.is_over:
            found.setdefault(row.customer_id, []).append(row)
    return found
