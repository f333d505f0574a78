"""A running subscription as a case of the simulator: its contract, its plan and what really happened."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from sqlalchemy import select

from portal import clock
from portal.billing.models import Charge, Invoice
from portal.db import db
from portal.errors import Refused
from portal.reversibility.models import CaseState, case_for
from portal.simulator.case import Case, Event
from portal.simulator.outcome import Outcome
from portal.simulator.run import simulate
from portal.subscriptions.models import Subscription
from portal.subscriptions.rules.periods import period_at
from portal.terms.statute import SWITCHING

LEAVING = ("none", "switch")  # the reasons that the page puts side by side


def build_case(subscription: Subscription, *, as_of: date | None = None) -> Case:
    """The case of a subscription as it stands on a day (today when none is given), its history included.

    Raises Refused for a subscription that its own contract does not allow (a plan it does not have).
    """
    paid = subscription.billed_before > subscription.started_on
    case = Case(
        stack=subscription.terms,
        customer=subscription.customer.kind.value,
        plan=subscription.plan.value,
        started_on=subscription.started_on,
        monthly_fee_cents=subscription.monthly_cents,
        as_of=max(as_of or clock.today(), subscription.started_on),
        paid_through=subscription.billed_before - timedelta(days=1) if paid else None,
    )
    return replace(case, events=_history(subscription, case))


def _history(subscription: Subscription, case: Case) -> tuple[Event, ...]:
    """What happened, in order; without what the rules themselves would refuse, which has no answer."""
    kept: tuple[Event, ...] = ()
    for event in sorted(_happened(subscription), key=lambda each: each.on):
        try:
            simulate(replace(case, events=(*kept, event)))
        except Refused:
            continue
        kept = (*kept, event)
    return kept


def _happened(subscription: Subscription) -> Iterable[Event]:
    if subscription.notified_on is not None:
        yield leave(
            subscription.notified_on,
            subscription.notice_reason or "none",
            at_term=_ends_at_term(subscription),
        )
    handover = case_for(subscription)
    if handover is not None and handover.state not in (CaseState.ERASED,):
        yield ask_for_data(handover.requested_on, handover.reason.value)
    for invoice in _late_invoices(subscription):
        paid_on = invoice.paid_on or clock.today()
        fields = {"due_on": invoice.due_on, "paid_on": paid_on, "amount_cents": invoice.gross_cents}
        yield Event(paid_on, "late_payment", fields)


def _ends_at_term(subscription: Subscription) -> bool:
    """Was the notice given for an échéance, rather than for the contract's early end?"""
    end = subscription.ends_on
    return end is not None and _is_echeance(subscription, end)


def _is_echeance(subscription: Subscription, day: date) -> bool:
    return period_at(subscription.started_on, subscription.term_months, day).starts_on == day


def _late_invoices(subscription: Subscription) -> list[Invoice]:
    """Invoices that carry this subscription's fee and were, or are, paid after their day."""
    origin = Charge.origin.startswith(f"subscription:{subscription.uid}:", autoescape=True)
    billed = select(Charge.invoice_id).where(origin, Charge.invoice_id.is_not(None))
    query = select(Invoice).where(Invoice.id.in_(billed), Invoice.due_on < clock.today())
    return [
        invoice
        for invoice in db.session.scalars(query.order_by(Invoice.id))
        if invoice.paid_on is None or invoice.paid_on > invoice.due_on
    ]


def leave(on: date, reason: str, *, at_term: bool = False) -> Event:
    """The customer's own notice; ``at_term`` when it waits for the échéance although it could go sooner."""
    return Event(
        on, "terminate", {"by": "customer", "reason": reason, "received_on": None, "at_term": at_term}
    )


def ask_for_data(on: date, reason: str) -> Event:
    return Event(on, "reversibility_request", {"reason": reason, "received_on": None})


def if_left_on(subscription: Subscription, day: date, reason: str) -> Outcome:
    """What follows if the customer gives notice on a day and asks for the data back with it.

    reason: one of the simulator's reasons to leave. Raises Refused when the rules refuse the notice.
    """
    case = build_case(subscription, as_of=day)
    kept = [event for event in case.events if event.what != "reversibility_request"]
    wanted = [leave(day, reason), ask_for_data(day, reason if reason in SWITCHING else "copy")]
    return simulate(replace(case, events=in_order([*kept, *wanted])))


def ask(subscription: Subscription, event: Event) -> tuple[Outcome, Outcome]:
    """The contract's answer without and with one more event. Raises Refused when the rules refuse it."""
    case = build_case(subscription, as_of=max(clock.today(), event.on))
    return simulate(case), simulate(replace(case, events=in_order([*case.events, event])))


def in_order(events: Iterable[Event]) -> tuple[Event, ...]:
    return tuple(sorted(events, key=lambda each: (each.on, each.what != "usage")))
