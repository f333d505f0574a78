"""Subscriptions that are suspended, and keep their customer from ordering."""

from sqlalchemy import select

from portal.customers.models import Customer
from portal.db import db
from portal.subscriptions.models import Subscription


def suspended_of(customer: Customer) -> list[Subscription]:
    """Suspended and not ended: as long as there is one, this customer orders nothing new."""
    query = select(Subscription).where(
        Subscription.customer_id == customer.id, Subscription.suspended_on.is_not(None)
    )
    return [row for row in db.session.scalars(query.order_by(Subscription.id)) if not row.is_over]
