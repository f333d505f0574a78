"""The keys of a paid order."""

from sqlalchemy import select

from portal.actor import Actor
from portal.answers.rules.periods import last_usable_day, period_at
from portal.billing.payment_rules import Payment, keys_to_send
from portal.db import db
from portal.licensing.models import ActivationKey, issue_key
from portal.licensing.rules import seats_for
from portal.subscriptions.models import Order, Subscription


def issue_keys(
    order: Order, subscription: Subscription, payment: Payment, *, by: Actor
) -> list[ActivationKey]:
    """The keys of a paid order: one for all the seats of its edition, for the first period.

    A key that was tried before the order goes on, with its machines.

    Source: 000-10, 000-56.
    """
    if not order.product.has_keys:
        return []
    ((_edition, ordered),) = keys_to_send(payment, [(order.product_name, order.quantity)]).items()
    copies = order.terms.find("seats.archive_copies")
    seats = seats_for(ordered, copies.value if copies else 0)
    first = period_at(subscription.started_on, subscription.billing_months, subscription.started_on)
    through = last_usable_day(first.ends_on)
    query = select(ActivationKey).where(
        ActivationKey.source_uid == order.uid, ActivationKey.customer_id == order.customer_id
    )
    if tried := db.session.scalars(query).one_or_none():
        tried.go_on(seats.active, through, by=by)
        return [tried]
    key = issue_key(
        order.customer,
        product=order.product_name,
        product_code=order.product.key_product,
        seats=seats.active,
        valid_through=through,
        source_uid=order.uid,
        by=by,
    )
    return [key]
