"""The clocks of a ticket, as the engine answers them: page, list, duty and mail read these."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from portal import clock
from portal.answers.case import Event
from portal.answers.outcome import Outcome
from portal.answers.run import answer
from portal.customers.models import CustomerKind
from portal.deadlines import end_of_paris_day
from portal.errors import Refused
from portal.incidents import clocks as rules
from portal.incidents.claims import ClaimFlag, claim_flag
from portal.incidents.rules import check_contest
from portal.subscriptions.case import bare_case
from portal.terms.answered import Answered
from portal.terms.values import Value
from portal.tickets.kinds import Source, TicketKind, TicketState
from portal.tickets.models import Ticket

HANDLERS = {"incident": rules.incident, "claim": rules.claim}
HOUSES = ("answer_due", "fix_due", "report_due")  # what the house owes; the others are the customer's
RIGHTS = ("reception.reservation_hours", "sla.claim_days", "claim.damage_business_hours", "claim.months")


class Hand(StrEnum):
    """How a clock stands."""

    RUNNING = "clock_running"
    PAUSED = "clock_paused"
    KEPT = "clock_kept"
    LATE = "clock_late"  # done, after its time
    MISSED = "clock_missed"  # not done, and its time is over


@dataclass(frozen=True, slots=True)
class Clock:
    """What the contract answers, the instant (UTC) that ends it, when it was kept, how it stands."""

    answer: Answered
    ends_at: datetime
    done_at: datetime | None
    hand: Hand

    @property
    def what(self) -> str:
        return self.answer.what

    @property
    def last_day(self) -> date | None:
        """In Paris, where the whole of a day counts; None where an hour does."""
        end = self.ends_at.astimezone(clock.PARIS)
        return None if end.time() != time() else end.date() - timedelta(days=1)

    @property
    def until(self) -> datetime | date:
        """As a person reads it."""
        return self.last_day or self.ends_at


def outcome_of(ticket: Ticket) -> Outcome | None:
    """What the contract answers about this ticket; None where it sets no delay for one."""
    event = _event(ticket)
    if ticket.subscription is None or event is None:
        return None
    try:
        case = bare_case(ticket.subscription, as_of=max(event.on, ticket.subscription.started_on))
        return answer(replace(case, events=(event,)), HANDLERS)
    except Refused:
        return None


def _event(ticket: Ticket) -> Event | None:
    """The ticket as the engine is asked about it."""
    if ticket.is_claim:
        return _claim(ticket)
    if ticket.kind != TicketKind.INCIDENT or ticket.severity is None:
        return None
    closed = ticket.closed_at
    return Event(
        clock.paris_day(closed or ticket.created_at),
        "incident",
        {
            "severity": ticket.severity,
            "opened_at": ticket.created_at,
            "called_at": ticket.created_at,
            "answered_at": ticket.answered_at,
            "waits": ticket.waited,
            "restored_at": ticket.restored_at,
            "closed_at": closed,
        },
    )


def _claim(ticket: Ticket) -> Event | None:
    """A registered letter counts from its postmark; without one, the day of the ticket does."""
    if ticket.known_on is None:
        return None
    told = ticket.posted_on or ticket.opened_on
    fields = {"kind": ticket.kind.value, "known_on": ticket.known_on}
    return Event(max(told, ticket.known_on), "claim", fields)


def clocks_of(ticket: Ticket) -> list[Clock]:
    """The clocks that this ticket has begun, in the order in which they end."""
    outcome = outcome_of(ticket)
    if outcome is None:
        return []
    done = {
        "answer_due": ticket.answered_at,
        "fix_due": ticket.restored_at,
        "confirmation_due": ticket.confirmed_at,
        "report_due": ticket.reported_at,
        "contest_closes": None,
        "reservation_closes": None,
        "claim_closes": _claimed_at(ticket),
    }
    begun = [each for each in outcome.calendar if each.what in done and _has_begun(ticket, each.what)]
    clocks = [_clock(ticket, each, done[each.what]) for each in begun]
    return sorted(clocks, key=lambda each: each.ends_at)


def _has_begun(ticket: Ticket, what: str) -> bool:
    if what in ("contest_closes", "report_due"):
        return ticket.closed_at is not None
    return what != "confirmation_due" or ticket.source != Source.WALL


def _claimed_at(ticket: Ticket) -> datetime | None:
    if ticket.kind == TicketKind.DAMAGE:
        return end_of_paris_day(ticket.posted_on) if ticket.posted_on else None
    return ticket.created_at


def _clock(ticket: Ticket, answered: Answered, done_at: datetime | None) -> Clock:
    ends_at = answered.at or end_of_paris_day(answered.on)
    if done_at is not None:
        hand = Hand.KEPT if done_at <= ends_at else Hand.LATE
    elif answered.what == "fix_due" and ticket.state == TicketState.WAITING and clock.now() < ends_at:
        hand = Hand.PAUSED
    else:
        hand = Hand.RUNNING if clock.now() <= ends_at else Hand.MISSED
    return Clock(answered, ends_at.astimezone(UTC), done_at, hand)


def owed(ticket: Ticket) -> list[Clock]:
    """What the house still owes, the nearest first; what stands still is not among it."""
    return [
        each for each in clocks_of(ticket) if each.what in HOUSES and each.hand in (Hand.RUNNING, Hand.MISSED)
    ]


def keep_due(ticket: Ticket) -> None:
    """Keep the end of the next clock whose miss was not told, for lists and the duty."""
    coming = [each.ends_at for each in owed(ticket) if each.what not in ticket.missed]
    ticket.due_at = min(coming, default=None)


def rights_of(ticket: Ticket, clocks: list[Clock] | None = None) -> list[Value]:
    """What the contract opens to the customer after a clock of the house was missed.

    clocks: where they are known already.
    """
    clocks = clocks_of(ticket) if clocks is None else clocks
    late = [each for each in clocks if each.what in HOUSES and each.hand in (Hand.LATE, Hand.MISSED)]
    if not late or ticket.subscription is None:
        return []
    stack = ticket.subscription.terms.on(clock.today())
    return [value for key in RIGHTS if (value := stack.find(key)) is not None]


def claim_standing(ticket: Ticket) -> ClaimFlag | None:
    """How a claim for what a missed clock did would stand today; None where the contract sets no limit.

    A person reads it: nothing is refused by itself.

    Source: 004-27; L12.
    """
    value = next((each for each in rights_of(ticket) if each.key == "claim.months"), None)
    if value is None:
        return None
    is_consumer = ticket.customer.kind == CustomerKind.CONSUMER
    return claim_flag(ticket.opened_on, clock.today(), int(value.value), consumer=is_consumer)


def value_of(ticket: Ticket, key: str) -> Value | None:
    """A value of the ticket's contract as of the day on which it was opened."""
    if ticket.subscription is None:
        return None
    return ticket.subscription.terms.on(ticket.opened_on).find(key)


def may_contest(ticket: Ticket) -> bool:
    """Is the closing not accepted yet? Source: 004-17."""
    found = [each for each in clocks_of(ticket) if each.what == "contest_closes"]
    return bool(found) and clock.now() <= found[0].ends_at


def check_may_contest(ticket: Ticket, reason: str) -> None:
    """Raises Refused for a contest that is late or gives no reason. Source: 004-17."""
    hours = value_of(ticket, "ticket.contest_hours")
    if ticket.closed_at is None or hours is None:
        raise Refused(rules.NO_CONTEST)
    check_contest(ticket.closed_at, clock.now(), reason, hours.value)
