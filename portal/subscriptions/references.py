"""Changes the buyer's own references of a subscription, on what it owes already and on what it will owe."""

from collections.abc import Mapping

from sqlalchemy import update

from portal.actor import Actor
from portal.billing.models import Charge, is_pending
from portal.customers.references import own_references
from portal.db import db
from portal.journal import record
from portal.subscriptions.models import Subscription


def change_references(subscription: Subscription, values: Mapping[str, str | None], *, by: Actor) -> bool:
    """Set purchase order, commitment number and service code; says whether anything changed.

    values: by column; None follows the customer's. What is charged and not billed yet says the new ones too.
    """
    before = own_references(subscription)
    changed = {
        name: [before[name] or "", value or ""] for name, value in values.items() if before[name] != value
    }
    if not changed:
        return False
    for name in changed:
        setattr(subscription, name, values[name])
    mine = Charge.customer_id == subscription.customer_id, Charge.origin.contains(subscription.uid)
    db.session.execute(update(Charge).where(*mine, is_pending()).values(**values))
    record(subscription, "change_references", by=by, changed=changed)
    return True
