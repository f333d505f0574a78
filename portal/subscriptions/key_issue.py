"""The keys of a paid order."""

from portal.actor import Actor
from portal.answers.rules.periods import last_usable_day
from portal.billing.payment_rules import Payment, keys_to_send
from portal.licensing.models import ActivationKey, issue_key
from portal.licensing.pools import pool_of
from portal.licensing.rules import seats_for
from portal.subscriptions.changes import billed_period
from portal.subscriptions.key_ends import first_end
from portal.subscriptions.models import Order, Subscription
from portal.subscriptions.pool_waits import keys_or_wait
from portal.subscriptions.seats import tried_key
from portal.subscriptions.stock_use import activate_reserved


def issue_keys(
    order: Order, subscription: Subscription, payment: Payment, *, by: Actor
) -> list[ActivationKey]:
    """The keys of a paid order: one for all the seats of its edition, for the first period.

    A key that was tried before the order goes on, with its machines.
    Keys of the reseller's stock that were kept for it come first, with their seats. An offer of another
    vendor gives one key of its pool a unit; none, and the order waits, where the pool has too few.

    Source: 000-10, 000-56.
    """
    if not order.product.has_keys:
        return []
    ((_edition, ordered),) = keys_to_send(payment, [(order.product_name, order.quantity)]).items()
    first = billed_period(subscription, subscription.started_on)
    through = last_usable_day(first.ends_on)
    pool = pool_of(order.product)
    if pool is not None:
        return keys_or_wait(pool, order, subscription, ordered, through, by=by)
    copies = order.terms.find("seats.archive_copies")
    seats = seats_for(ordered, copies.value if copies else 0)
    end = first_end(subscription, through)
    if tried := tried_key(order):
        tried.go_on(seats.active, end, by=by)
        return [tried]
    keys = activate_reserved(order, through, by=by)
    rest = seats.active - sum(key.seats for key in keys)
    if rest > 0:
        key = issue_key(
            order.customer,
            product=order.product_name,
            product_code=order.product.key_product,
            seats=rest,
            valid_through=end.through,
            grace_through=end.grace,
            source_uid=order.uid,
            by=by,
        )
        keys.append(key)
    return keys
