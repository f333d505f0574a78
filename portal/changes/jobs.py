"""Changes whose day has come, and those that a notice takes the ground from."""

from typing import Any

from sqlalchemy import select

from portal import clock, jobs
from portal.changes.acts import cancel_change, carry_out, due_changes, subscription_of
from portal.db import db
from portal.journal import SYSTEM
from portal.subscriptions.changes import ChangeState, SubscriptionChange
from portal.subscriptions.models import GOING_ON, Subscription, subscription_moved

CARRY_OUT = "changes.carry_out"


@jobs.periodic("changes.day", jobs.hourly)
def carry_out_due() -> None:
    """One task for every change on its day; one that waits through a suspension follows when it has ended.

    Source: 004-36, 000-13, 001-11.
    """
    for row, subscription in due_changes():
        if subscription.suspended_on is None:
            jobs.enqueue(CARRY_OUT, f"{row.uid}:{clock.today():%y%m%d}", subscription.customer.organisation)


@jobs.job(CARRY_OUT, jobs.Lane.PROMPT)
def carry_out_one(claim: jobs.Claim) -> None:
    """One that fails stands among the work that failed, holds up no other, and is asked for the next day.

    Source: 004-36, 000-13, 001-11.
    """
    uid = claim.ref.partition(":")[0]
    query = select(SubscriptionChange).where(SubscriptionChange.uid == uid).with_for_update()
    row = db.session.scalars(query).one()
    subscription = subscription_of(row)
    waits = row.state == ChangeState.AGREED and row.effective_on <= clock.today()
    if waits and subscription.state in GOING_ON and subscription.suspended_on is None:
        carry_out(row, subscription, by=SYSTEM)
    claim.step(done=1, total=1)


@subscription_moved.connect
def drop_open_changes(subscription: Subscription, **_more: Any) -> None:
    """A contract that ends changes no more: what waits for a signature or a later day is cancelled."""
    if subscription.ends_on is not None:
        for row in subscription.changes:
            if row.is_open:
                cancel_change(row, by=SYSTEM)
