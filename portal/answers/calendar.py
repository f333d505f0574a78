"""The calendar of the contract itself: what is paid, the échéance in sight, the notice, the reminder."""

from datetime import date, timedelta
from operator import itemgetter

from portal.answers.reminders import window_of
from portal.answers.rules.consumers import clear_days_end_on, withdrawal_ends_on
from portal.answers.rules.notices import last_notice_day
from portal.answers.rules.periods import Period, period_at, price_kept_through
from portal.answers.state import State
from portal.wording import N_


def status(state: State, on: date) -> str:
    if on < state.case.started_on:
        return "not_started"
    past = sorted((each for each in state.statuses if each[0] <= on), key=itemgetter(0))
    return past[-1][1] if past else "active"


def paid(state: State) -> None:
    case = state.case
    stops, lock = state.find("service.stops"), state.find("price.lock_months")
    if case.paid_through is not None and case.paid_through >= case.started_on and stops is not None:
        state.when("last_paid_day", case.paid_through, stops)
    if lock is not None:
        state.when("price_kept_through", price_kept_through(case.started_on, lock.value), lock)


def withdrawal(state: State) -> None:
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


def renewal(state: State) -> None:
    """The échéance in sight, the last day to refuse it, and the reminder that the law asks for."""
    case, source, notice = state.case, state.period, state.notice
    term = term_in_sight(state, max(case.as_of, case.started_on))
    if term is None:
        return
    if notice is None:
        if case.plan != "on_demand":
            state.when("term_ends", term.ends_on, source)
        return
    _annual_fee(state, term.ends_on)
    working = state.sentence(
        N_("Périodes de %(months)d mois comptées depuis le %(start)s."),
        months=source.value,
        start=case.anchor_on(max(case.as_of, case.started_on)),
    )
    if state.ends_on is None:
        state.when("renewal", term.ends_on, source, state.find("renewal.commitment"), working=working)
        state.when("last_notice_day", last_notice_day(term.ends_on, **state.notice_length), notice)
        _reminder(state, term)


def term_in_sight(state: State, on: date) -> Period | None:
    """The contract's own period that contains a day; None once it goes on without a term.

    Source: 000-13, 000-14, 001-11, 001-13, 004-04.
    """
    period = period_at(state.case.anchor_on(on), state.period.value, on)
    commitment = state.find("renewal.commitment")
    endless = commitment is not None and commitment.value == "none" and period.index > 0
    return None if endless else period


def _annual_fee(state: State, echeance: date) -> None:
    before = state.find(f"plan.{state.case.plan}.due_days_before_last")
    if before is not None and state.ends_on is None:
        state.when("renewal_fee_due", echeance - timedelta(days=1 + before.value), before)


def _reminder(state: State, term: Period) -> None:
    starts, ends = (
        state.law(f"renewal.reminder_{edge}_months", term.starts_on).law for edge in ("from", "to")
    )
    if starts is None or ends is None:
        return
    window = window_of(state, term)
    if window is None:
        state.remark(N_("L2 : une période aussi courte ne laisse pas de place au rappel de reconduction."))
        return
    state.when("reminder_opens", window.opens_on, starts)
    state.when("reminder_closes", window.closes_on, ends)
