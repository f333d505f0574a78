"""A running subscription as a case for the engine: its contract, its plan and what really happened."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import or_, select

from portal import clock
from portal.answers.case import Case, Event, in_order, leave
from portal.answers.contract import Contract
from portal.answers.outcome import Outcome
from portal.answers.rules.periods import period_at
from portal.answers.run import answer
from portal.billing.lateness import Lateness, lateness_of
from portal.billing.models import Charge, Invoice
from portal.billing.rates import known_rates
from portal.db import db
from portal.errors import Refused
from portal.panels import Place
from portal.subscriptions.changes import billed_from
from portal.subscriptions.models import Subscription
from portal.subscriptions.reminded import reminded_on
from portal.terms.stack import Stack


class MeteredUse(NamedTuple):
    """Units of a mean month of the last twelve, and the last price of one, in millionths of a euro net."""

    mean: Decimal
    unit_price_micros: int


metered_use: Place[Subscription, MeteredUse] = Place()  # filled by the room that measures


def contract_of(subscription: Subscription, on: date) -> Contract:
    """The contract as it stands on a day, for this customer."""
    return Contract(subscription.terms.on(on), subscription.customer.kind.value, subscription.monthly_cents)


def bare_case(subscription: Subscription, *, as_of: date | None = None) -> Case:
    """The case of a subscription as it stands on a day (today when none is given), without its history.

    Raises Refused for a subscription that its own contract does not allow: a plan that it does not have, a
    customer whom it is not open to.
    """
    anchor = subscription.term_anchor(as_of or clock.today())
    billed, _months = billed_from(subscription, as_of or clock.today())
    return Case(
        stack=subscription.terms,
        customer=subscription.customer.kind.value,
        plan=subscription.plan.value,
        started_on=subscription.started_on,
        monthly_fee_cents=subscription.monthly_cents,
        as_of=max(as_of or clock.today(), subscription.started_on),
        paid_through=subscription.billed_before - timedelta(days=1),
        billing_months=subscription.billing_months,
        billing_cents=subscription.quantity * subscription.unit_cents,
        includes_vat=subscription.includes_vat,
        reminded_on=reminded_on(subscription),
        rates=known_rates(),
        committed_on=anchor if anchor != subscription.started_on else None,
        billed_from=billed if billed != subscription.started_on else None,
    )


def given_notice(subscription: Subscription) -> list[Event]:
    """The notice that was given, as it was given; empty when none was."""
    if subscription.notified_on is None or subscription.notice_reason is None:
        return []
    how = dict(subscription.notice_fields or {"at_term": _ends_at_term(subscription)})
    noticed_on = how.pop("noticed_on", None)
    events = [leave(subscription.notified_on, subscription.notice_reason, **_dates(how))]
    if noticed_on is not None:
        day = date.fromisoformat(noticed_on)
        events.insert(0, Event(day, "formal_notice", {"received_on": day}))
    return events


def _ends_at_term(subscription: Subscription) -> bool:
    """Of a notice of which only the day and the reason were kept: did it wait for an échéance?"""
    end = subscription.ends_on
    if end is None:
        return False
    return period_at(subscription.term_anchor(end), subscription.term_months, end).starts_on == end


def _dates(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: date.fromisoformat(str(value)) if name.endswith(("_on", "_until")) and value else value
        for name, value in fields.items()
    }


def notice_events(
    sent_on: date, reason: str, *, at_term: bool, noticed_on: date | None = None, **more: Any
) -> list[Event]:
    """A notice that is asked about or given: the letter, and the formal notice that came before it."""
    before = (
        [Event(noticed_on, "formal_notice", {"received_on": noticed_on})] if noticed_on is not None else []
    )
    return [*before, leave(sent_on, reason, at_term=at_term, **more)]


def if_left(
    subscription: Subscription, notice: list[Event], *wanted: Event, stack: Stack | None = None
) -> Outcome:
    """What follows from a notice, whoever asks: the page that shows it and the act that gives it.

    wanted: what would be asked for with it. stack: the contract in other versions, where one asks what they
    would answer. Raises Refused when the rules refuse the notice, also since an earlier one was given.
    """
    case = bare_case(subscription, as_of=notice[-1].on)
    known = [*given_notice(subscription), *_metered(subscription, notice[-1].on), *notice, *wanted]
    return answer(replace(case, events=in_order(known), stack=stack or case.stack))


def _metered(subscription: Subscription, on: date) -> list[Event]:
    """What it used on demand, where its contract charges an early end by that."""
    if subscription.terms.on(on).find("early_end.metered_months") is None:
        return []
    return [
        Event(on, "usage", {"metered_average": used.mean, "unit_price_micros": used.unit_price_micros})
        for used in metered_use.shown(subscription)
    ]


def late_payments(subscription: Subscription) -> tuple[list[Event], list[tuple[Event, Refused]]]:
    """Invoices with this subscription's fee that are, or were, paid late; and those that nobody can work out.

    The second list says why, such as a rate of the central bank that is not known yet: nothing is left out in
    silence.
    """
    case = bare_case(subscription)
    events: list[Event] = []
    refused: list[tuple[Event, Refused]] = []
    for late in _late_invoices(subscription):
        paid_on = late.parts[-1][1]
        fields = {"due_on": late.due_on, "paid_on": paid_on, "amount_cents": late.owed_cents}
        event = Event(paid_on, "late_payment", fields)
        try:
            answer(replace(case, events=(event,)))
        except Refused as refusal:
            refused.append((event, refusal))
        else:
            events.append(event)
    return events, refused


def _late_invoices(subscription: Subscription) -> list[Lateness]:
    kinds = ("subscription", "change")  # a period's fee; a length, seats or a volume begun within a period
    own = (Charge.origin.startswith(f"{kind}:{subscription.uid}:", autoescape=True) for kind in kinds)
    billed = select(Charge.invoice_id).where(or_(*own), Charge.invoice_id.is_not(None))
    mine = Invoice.customer_id == subscription.customer_id  # it may have been another's before
    query = select(Invoice).where(mine, Invoice.id.in_(billed), Invoice.due_on < clock.today())
    found = db.session.scalars(query.order_by(Invoice.id)).all()
    return [late for invoice in found if (late := lateness_of(invoice, clock.today())) and late.parts]
