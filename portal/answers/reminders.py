"""Renewals that the law wants announced, and the exit that one without its reminder opens."""

from datetime import date, timedelta

from portal.answers.rules.notices import ReminderWindow, last_notice_day, may_leave_freely, reminder_window
from portal.answers.rules.periods import Period, period_at
from portal.answers.state import State
from portal.terms.statute import Statute


def window_of(state: State, period: Period) -> ReminderWindow | None:
    """When the customer must be reminded that a period is about to renew; None where no law says so, and
    where the period is too short for it.

    Source: L2 (C. conso L215-1, L215-3), over 000-14, 001-13.
    """
    starts, ends = _edges(state, period.starts_on)
    if starts is None or ends is None or not state.notice_length or state.period.value <= starts.value:
        return None
    return reminder_window(last_notice_day(period.ends_on, **state.notice_length), starts.value, ends.value)


def unannounced_renewal(state: State, on: date) -> Statute | None:
    """The law that lets the customer go at once, since the last renewal came without its reminder; else None.

    Source: L2 (C. conso L215-1, L215-3).
    """
    case, months = state.case, state.period.value
    anchor = case.anchor_on(on)
    current = period_at(anchor, months, on)
    if current.index == 0 or case.reminded_on is None or not state.notice_length:
        return None
    _starts, ends = _edges(state, on)
    renewed = period_at(anchor, months, current.starts_on - timedelta(days=1))
    window = window_of(state, renewed)
    if ends is None or (window is None and not _too_short_is_free(state)):
        return None
    if window is None:
        return ends
    told = [day for day in case.reminded_on if window.opens_on <= day <= window.closes_on]
    free = may_leave_freely(told[0] if told else None, window, current.starts_on, on)
    return ends if free else None


def _too_short_is_free(state: State) -> bool:
    """Does a period that leaves no room for the reminder open the exit? As the document's setting reads the
    law.
    """
    reading = state.find("renewal.short_period_exit")
    return reading is not None and reading.value == "free"


def _edges(state: State, on: date) -> tuple[Statute | None, Statute | None]:
    return state.law("renewal.reminder_from_months", on).law, state.law("renewal.reminder_to_months", on).law
