"""Changes whose day has come, and those that a notice takes the ground from."""

from typing import Any

from portal import jobs
from portal.changes.acts import cancel_change, carry_out, due_changes
from portal.journal import SYSTEM
from portal.subscriptions.models import Subscription, subscription_moved


@jobs.periodic("changes.day", jobs.hourly)
def carry_out_due() -> None:
    """Every change on its day; one that waits through a suspension is carried out when it has ended.

    Source: 004-36, 000-13, 001-11.
    """
    for row, subscription in due_changes():
        if subscription.suspended_on is None:
            carry_out(row, subscription, by=SYSTEM)


@subscription_moved.connect
def drop_open_changes(subscription: Subscription, **_more: Any) -> None:
    """A contract that ends changes no more: what waits for a signature or a later day is cancelled."""
    if subscription.ends_on is not None:
        for row in subscription.changes:
            if row.is_open:
                cancel_change(row, by=SYSTEM)
