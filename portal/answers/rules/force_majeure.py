"""Force majeure: how long a contract is suspended, when talks have failed, when either party may end it."""

from datetime import date, timedelta

from portal.errors import Refused
from portal.wording import N_


def suspended_until(event_on: date, days: int) -> date:
    """First day after the suspension that force majeure brings.

    event_on: day of the event, Paris date. days: length of the suspension.

    Source: 000-51, 001-36.
    """
    return event_on + timedelta(days=days)


def is_ended_by_failed_talks(talks_began_on: date, on: date, days: int, *, solution_found: bool) -> bool:
    """Has the contract ended by itself, without indemnity, because the talks led nowhere?

    days: length of the talks; the first day is not counted, the last one still belongs to them.

    Source: 000-51, 001-36.
    """
    return not solution_found and on > talks_began_on + timedelta(days=days)


def may_end_for_force_majeure(began_on: date, on: date, days: int) -> bool:
    """Has force majeure lasted so long, without a break, that either party may end the contract?

    began_on: first day, not counted. days: it must have lasted more than these.

    Source: 004-23.
    """
    return on > began_on + timedelta(days=days)


def force_majeure_end_on(began_on: date, sent_on: date, *, lasting_days: int, notice_days: int) -> date:
    """The day on which the registered letter ends the contract, so many days after it was sent.

    lasting_days: force majeure must have lasted more than these when the letter is sent.
    notice_days: calendar days after the sending.
    Raises Refused for a letter that is sent too early.

    Source: 004-23.
    """
    if not may_end_for_force_majeure(began_on, sent_on, lasting_days):
        raise Refused(
            N_("La force majeure doit durer plus de %(days)d jours avant de permettre la résiliation."),
            days=lasting_days,
        )
    return sent_on + timedelta(days=notice_days)
