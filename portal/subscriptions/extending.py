"""An order lasts longer for nothing: its period ends later, and the next ones are counted from there."""

from datetime import date, timedelta
from typing import NamedTuple

from portal.actor import Actor
from portal.answers.rules.periods import period_at
from portal.deadlines import add_months
from portal.journal import record
from portal.subscriptions.changes import billed_from
from portal.subscriptions.kept_terms import keep_term
from portal.subscriptions.models import Subscription, SubscriptionState, subscription_moved


class Longer(NamedTuple):
    """From which day its periods are counted now, and the end of the present one before and after."""

    anchor_on: date
    before_on: date
    after_on: date


def anchor_for(starts_on: date, months: int, after_on: date) -> date:
    """The first day from which so many months end no earlier than a day.

    starts_on: first day of the period that becomes longer. Months are counted from the answer, never chained.

    Source: 003-37.
    """
    day = starts_on
    while add_months(day, months) < after_on:
        day += timedelta(days=1)
    return day


def extend_term(subscription: Subscription, on: date, after_on: date, *, by: Actor) -> Longer:
    """The period that contains ``on`` ends no earlier than ``after_on``; the days between cost nothing.

    What is billed begins later by as much, as does an end that was its échéance. Everything else (renewal,
    last day to refuse it, keys) is asked of the same answer as ever.

    Source: 003-37.
    """
    period = period_at(subscription.term_anchor(on), subscription.term_months, on)
    anchor = anchor_for(period.starts_on, subscription.term_months, after_on)
    longer = Longer(anchor, period.ends_on, add_months(anchor, subscription.term_months))
    _bill_later(subscription, period.starts_on, anchor)
    subscription.committed_on = subscription.extended_on = anchor
    if subscription.state == SubscriptionState.NOTICE_GIVEN and subscription.ends_on == longer.before_on:
        subscription.move_end(longer.after_on, by=by)
    record(
        subscription,
        "extend_term",
        by=by,
        before=longer.before_on.isoformat(),
        after=longer.after_on.isoformat(),
    )
    keep_term(subscription)
    subscription_moved.send(subscription)
    return longer


def _bill_later(subscription: Subscription, starts_on: date, anchor: date) -> None:
    """The first day that no charge covers keeps its number of periods since the term began."""
    old, months = billed_from(subscription, starts_on)
    index, day = 0, period_at(old, months, starts_on).starts_on
    while day < subscription.billed_before:
        index += 1
        day = period_at(old, months, day).ends_on
    if index:
        subscription.billed_before = add_months(anchor, index * months)
