"""The keys of a paid order."""

from portal.actor import Actor
from portal.answers.rules.periods import last_usable_day, period_at
from portal.billing.payment_rules import Payment, keys_to_send
from portal.licensing.models import ActivationKey, issue_key
from portal.licensing.rules import seats_for
from portal.subscriptions.models import Order, Subscription


def issue_keys(
    order: Order, subscription: Subscription, payment: Payment, *, by: Actor
) -> list[ActivationKey]:
    """The keys of a paid order: one for all the seats of its edition, for the first period.

    Source: 000-10, 000-56.
    """
    if not order.product.has_keys:
        return []
    ((_edition, ordered),) = keys_to_send(payment, [(order.product_name, order.quantity)]).items()
    copies = order.terms.find("seats.archive_copies")
    seats = seats_for(ordered, copies.value if copies else 0)
    first = period_at(subscription.started_on, subscription.billing_months, subscription.started_on)
    key = issue_key(
        order.customer,
        product=order.product_name,
        product_code=order.product.key_product,
        seats=seats.active,
        valid_through=last_usable_day(first.ends_on),
        source_uid=order.uid,
        by=by,
    )
    return [key]
