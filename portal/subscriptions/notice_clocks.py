"""Whose clock counts for a notice, as the newest contract of a customer says it."""

from sqlalchemy import select

from portal.correspondence.copies import notice_clock
from portal.customers.models import Customer
from portal.db import db
from portal.subscriptions.models import Subscription
from portal.terms.values import Value


@notice_clock()
def clock_by_contract(customer: Customer) -> Value | None:
    """Source: 003-42."""
    query = (
        select(Subscription).where(Subscription.customer_id == customer.id).order_by(Subscription.id.desc())
    )
    found = (each.present_terms.find("notice.clock") for each in db.session.scalars(query))
    return next((value for value in found if value is not None), None)
