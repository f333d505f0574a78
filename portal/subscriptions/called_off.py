"""Periods that were billed ahead and never begin: called off on the day on which a notice is accepted."""

from datetime import date

from sqlalchemy import select

from portal.billing.models import Charge
from portal.db import db
from portal.subscriptions.models import Subscription


def unbegun(subscription: Subscription) -> list[Charge]:
    """The charges of its periods that would begin on the end, or after it; the earliest first.

    Source: 000-57, 001-47, 003-45.
    """
    ends_on, mark = subscription.ends_on, f"subscription:{subscription.uid}:"
    query = select(Charge).where(
        Charge.origin.startswith(mark, autoescape=True),
        Charge.customer_id == subscription.customer_id,
        Charge.dropped_on.is_(None),
    )
    rows = db.session.scalars(query.order_by(Charge.id).with_for_update(of=Charge))
    found = [(_begins(row.origin), row) for row in rows if not is_called_off(row.origin)]
    return [row for begins, row in sorted(found, key=lambda each: each[0]) if ends_on and begins >= ends_on]


def _begins(origin: str) -> date:
    return date.fromisoformat(origin.split(":")[2])


def is_called_off(origin: str) -> bool:
    """Was this period of a subscription called off? Its first day may then be billed once more."""
    kind, *more = origin.split(":")
    return kind == "subscription" and len(more) > 2


def call_off(subscription: Subscription, charge: Charge, at: str) -> None:
    """Its origin is free again, for a notice that is taken back or an end that moves. at: a mark of now."""
    begins = _begins(charge.origin)
    charge.origin = f"{charge.origin}:{_mark(subscription)}{at}"
    subscription.billed_before = min(subscription.billed_before, begins)


def called_off_cents(subscription: Subscription) -> int:
    """What the present notice has called off, in cents as the contract writes its price."""
    mark = f"subscription:{subscription.uid}:"
    query = select(Charge).where(Charge.origin.startswith(mark, autoescape=True))
    rows = [row for row in db.session.scalars(query) if f":{_mark(subscription)}" in row.origin]
    return sum(row.quantity * row.unit_cents for row in rows)


def _mark(subscription: Subscription) -> str:
    return f"{subscription.notified_on:%Y%m%d}-"
