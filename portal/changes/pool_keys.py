"""A contract of another vendor's keys is changed: more from the pool, or the latest are withdrawn."""

from sqlalchemy import select

from portal.actor import Actor
from portal.db import db
from portal.licensing.models import ActivationKey
from portal.licensing.pools import KeyPool
from portal.subscriptions.key_ends import end_of, follow_keys
from portal.subscriptions.key_mails import send_keys
from portal.subscriptions.models import Order, Subscription
from portal.subscriptions.pool_waits import keys_or_wait, pool_wait_of


def follow_quantity(
    pool: KeyPool, subscription: Subscription, keys: list[ActivationKey], *, by: Actor
) -> None:
    """As many keys as units; what the pool lacks is waited for. keys: those in force, the oldest first.

    Source: 000-04, 000-58.
    """
    missing, wait = subscription.quantity - len(keys), pool_wait_of(subscription.order_uid)
    for key in keys[subscription.quantity :]:
        key.revoke(by=by)
    if wait is not None and missing > 0:
        wait.quantity = missing
    elif wait is not None:
        wait.drop(by=by)
    elif missing > 0:
        order = db.session.scalars(select(Order).where(Order.uid == subscription.order_uid)).one()
        through = end_of(subscription).through
        if new := keys_or_wait(pool, order, subscription, missing, through, by=by):
            follow_keys(subscription)
            send_keys(order, new, again=False)
