"""Runs a case: the calendar of the contract itself, then each event in the order of its day."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from operator import itemgetter

from portal.simulator import breaches, conditions, handover, incidents, money, terminations, withdrawals
from portal.simulator.case import Case, Event
from portal.simulator.outcome import Outcome
from portal.simulator.state import State
from portal.subscriptions.rules.consumers import clear_days_end_on, withdrawal_ends_on
from portal.subscriptions.rules.notices import last_notice_day, reminder_window
from portal.subscriptions.rules.periods import period_at, price_kept_through
from portal.wording import N_

Handler = Callable[[State, Event], None]

_HANDLERS: Mapping[str, Handler] = {
    "terminate": terminations.terminate,
    "formal_notice": breaches.formal_notice,
    "breach": breaches.breach,
    "inactivity": breaches.inactivity,
    "force_majeure": conditions.force_majeure,
    "price_change": conditions.price_change,
    "withdraw": withdrawals.withdraw,
    "late_payment": money.late,
    "usage": money.usage,
    "sla_measure": money.sla_measure,
    "reversibility_request": handover.request,
    "incident": incidents.incident,
    "restore_request": incidents.restore_request,
}


def simulate(case: Case) -> Outcome:
    """Answer one case from the rules and the contract's values.

    Raises Refused, with a sentence, for an event that this contract does not know or that comes too late or
    too early.
    """
    state = State(case)
    _paid(state)
    _withdrawal(state)
    for event in case.events:
        state.move_to(event.on)
        _HANDLERS[event.what](state, event)
    money.settle_sla(state)
    handover.hold_for_retrieval(state)
    state.move_to(max(case.as_of, case.started_on))
    if state.ends_on is None or state.ends_on > case.as_of:
        _renewal(state)
    state.out.status = _status(state, case.as_of)
    return state.out


def _status(state: State, on: date) -> str:
    if on < state.case.started_on:
        return "not_started"
    past = sorted((each for each in state.statuses if each[0] <= on), key=itemgetter(0))
    return past[-1][1] if past else "active"


def _paid(state: State) -> None:
    case = state.case
    stops, lock = state.find("service.stops"), state.find("price.lock_months")
    if case.paid_through is not None and stops is not None:
        state.when("last_paid_day", case.paid_through, stops)
    if lock is not None:
        state.when("price_kept_through", price_kept_through(case.started_on, lock.value), lock)


def _withdrawal(state: State) -> None:
    """The consumer's last day to withdraw, by law and by contract."""
    case = state.case
    law = state.law("withdrawal.days", case.started_on)
    if law.law is None:
        return
    last = withdrawal_ends_on(case.started_on, law.value, to_business_day=True)
    state.when("withdrawal_closes", last, law.law)
    days, clear = state.find("withdrawal.days"), state.find("withdrawal.clear_days")
    if days is not None and clear is not None:
        state.when("withdrawal_closes_by_contract", clear_days_end_on(case.started_on, days.value), days)


def _renewal(state: State) -> None:
    """The échéance in sight, the last day to refuse it, and the reminder that the law asks for."""
    case = state.case
    source = state.get(f"plan.{case.plan}.period_months")
    day = max(case.as_of, case.started_on)
    period = period_at(case.started_on, source.value, day)
    notice = state.notice
    if notice is None:
        if case.plan != "on_demand":
            state.when("term_ends", period.ends_on, source)
        return
    last = last_notice_day(period.ends_on, **state.notice_length)
    _annual_fee(state, period.ends_on)
    working = state.sentence(
        N_("Périodes de %(months)d mois comptées depuis le %(start)s."),
        months=source.value,
        start=case.started_on,
    )
    if state.ends_on is None:
        state.when("renewal", period.ends_on, source, working=working)
        state.when("last_notice_day", last, notice)
        _reminder(state, last, source.value)


def _annual_fee(state: State, echeance: date) -> None:
    before = state.find(f"plan.{state.case.plan}.due_days_before_last")
    if before is not None and state.ends_on is None:
        state.when("renewal_fee_due", echeance - timedelta(days=1 + before.value), before)


def _reminder(state: State, last_notice_on: date, period_months: int) -> None:
    starts, ends = (state.law(f"renewal.reminder_{edge}_months", last_notice_on) for edge in ("from", "to"))
    if starts.law is None or ends.law is None:
        return
    if period_months <= starts.value:
        state.remark(N_("L2 : une période aussi courte ne laisse pas de place au rappel de reconduction."))
        return
    window = reminder_window(last_notice_on, starts.value, ends.value)
    state.when("reminder_opens", window.opens_on, starts.law)
    state.when("reminder_closes", window.closes_on, ends.law)
