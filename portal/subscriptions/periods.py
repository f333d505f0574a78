"""The periods of subscriptions, billed one after the other:."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _

from portal import clock
from portal.answers.rules.consumers import used_share_cents
from portal.answers.rules.periods import last_usable_day
from portal.billing.models import add_charges, charges_due
from portal.billing.payment_rules import annual_fee_due_on
from portal.billing.rules import bill_on
from portal.customers.models import Customer
from portal.leaves import update_together
from portal.once import known_beforehand
from portal.subscriptions.changes import begins_anew, billed_period, sold_on
from portal.subscriptions.models import Subscription, SubscriptionState, subscriptions_of


def period_label(product: str, start: date, end: date) -> str:
    """What an invoice line says of a period; the last day is included."""
    return _(
        "%(product)s, du %(start)s au %(end)s",
        product=product,
        start=start.strftime("%d/%m/%Y"),
        end=last_usable_day(end).strftime("%d/%m/%Y"),
    )


def charge_next_period(subscription: Subscription) -> str:
    """Owe the first period that no charge covers yet; returns the charge's origin."""
    row = next_period(subscription)
    add_charges([row])
    return str(row["origin"])


def next_period(subscription: Subscription) -> dict[str, Any]:
    """Take the first period that no charge covers yet; returns the charge that is to be added for it."""
    start, due_on = subscription.billed_before, fee_due_on(subscription)
    end = billed_period(subscription, start).ends_on
    origin = f"subscription:{subscription.uid}:{start.isoformat()}"
    sold = sold_on(subscription, start)
    if sold.is_present:
        subscription.take_price(sold.unit_cents, start)
    quantity, cents, last = sold.quantity, sold.unit_cents, consumed_before(subscription, start, end)
    if last < end:
        quantity, cents = 1, used_share_cents(quantity * cents, (last - start).days, (end - start).days)
    with force_locale(subscription.customer.language):
        label = period_label(sold.product_name, start, last)
    subscription.billed_before = end
    subscription.take_method(start)
    said: dict[str, Any] = {"method": subscription.method}
    if due_on:
        said["due_rule"] = due_on.isoformat()
    return subscription.charge_row(**said, origin=origin, label=label, unit_cents=cents, quantity=quantity)


def consumed_before(subscription: Subscription, start: date, end: date) -> date:
    """The first day that a period is not billed for: its end, or that of a contract billed in arrears.

    What is consumed on demand is owed for the days on which it could be consumed.

    Source: 003-45, 003-06, 003-17.
    """
    ends_on = subscription.ends_on
    if ends_on is None or not subscription.is_billed_in_arrears:
        return end
    return max(start, min(end, ends_on))


@charges_due.connect
def charge_periods(_sender: Any, *, customers: Sequence[Customer], until: date) -> None:
    """Owe every period of the customers' subscriptions that starts on or before a day.

    One that is billed in arrears is owed once it is over.

    Source: 003-45, 004-35, 000-13, 001-11.
    """
    rows = []
    found = subscriptions_of(*customers)
    for subscription in found:
        while is_period_due(subscription, until):
            rows.append(next_period(subscription))
    add_charges(rows)
    update_together(found, "billed_before")
    known_beforehand({("subscription", each.uid): each for each in found})


def fee_due_on(subscription: Subscription) -> date | None:
    """Last day for paying the next period, where the contract wants it paid before it begins; else None.

    Source: 001-14; A15.
    """
    first = subscription.billed_before <= subscription.started_on
    if first or not subscription.method_on(subscription.billed_before).is_sent:
        return None
    before = subscription.present_terms.find(f"plan.{subscription.plan.value}.due_days_before_last")
    return annual_fee_due_on(last_usable_day(subscription.billed_before), before.value) if before else None


def is_period_due(subscription: Subscription, until: date) -> bool:
    """Is the first period that no charge covers yet to be billed by a run up to a day?

    Source: 003-45.
    """
    if fee_due_on(subscription) is not None and subscription.billed_before > clock.today():
        return False  # a pro-forma asks for it; once its period has begun unpaid, it is billed
    start, ends_on = subscription.billed_before, subscription.ends_on
    if (
        subscription.state == SubscriptionState.WITHDRAWN
        or start > until
        or (ends_on is not None and start >= ends_on)
    ):
        return False
    if start > clock.today() and begins_anew(subscription, start):
        return False  # what it becomes on that day bills it
    if not subscription.is_billed_in_arrears:
        return True
    end = billed_period(subscription, start).ends_on
    return bill_on(start, min(end, ends_on or end), fixed_term=False) <= clock.today()
