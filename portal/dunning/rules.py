"""The steps by which a late payer is reminded, and from when a contract lets a service be suspended."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from portal.answers.rules.breaches import may_act_from
from portal.answers.rules.notices import notice_counts_on
from portal.terms.stack import Stack
from portal.terms.values import Value


class Stage(StrEnum):
    """How far an invoice has come, and what a letter says of it."""

    REMINDER = "reminder"
    SECOND = "second"
    FORMAL = "formal"  # mise en demeure


@dataclass(frozen=True, slots=True)
class Ladder:
    """Days after the due date of each step, as a house sets them; days of grace where a contract has none."""

    reminder_days: int
    second_days: int
    formal_days: int
    grace_days: int
    end_days: int | None = None  # after the suspension; None: it never goes on to an end

    def days(self, stage: Stage) -> int:
        """Days after the last day for paying. Source: 003-15, 004-40."""
        return {
            Stage.REMINDER: self.reminder_days,
            Stage.SECOND: self.second_days,
            Stage.FORMAL: self.formal_days,
        }[stage]


def end_from(suspended_on: date, end_days: int, allowed_on: date) -> date:
    """The day on which an unpaid contract is ended: so long after its suspension as the house sets it, and
    never before its contract allows it.

    Source: 003-17, 004-41, 000-54, 001-45.
    """
    return max(suspended_on + timedelta(days=end_days), allowed_on)


def next_stage(reached: Stage | None) -> Stage | None:
    """The step after the one that was reached; None behind the formal notice.

    Source: 003-15, 004-40.
    """
    order = list(Stage)
    at = -1 if reached is None else order.index(reached)
    return order[at + 1] if at + 1 < len(order) else None


def step_due_on(payable_until: date, stage: Stage, ladder: Ladder, last_on: date | None) -> date:
    """The day on which a step falls due: so many days late, and as many after the last letter as the ladder
    has between the two, however late that one was.

    payable_until: last day for paying. last_on: the last letter about this invoice.

    Source: 003-15, 003-17, 004-40.
    """
    due = payable_until + timedelta(days=ladder.days(stage))
    if last_on is None:
        return due
    order = list(Stage)
    before = ladder.days(order[order.index(stage) - 1]) if stage != order[0] else 0
    return max(due, last_on + timedelta(days=max(ladder.days(stage) - before, 1)))


@dataclass(frozen=True, slots=True)
class Cure:
    """How long a formal notice leaves, and from when it counts. source: None for the grace of the house.

    stops_service: what follows is a suspension of the service; elsewhere orders are refused, and the contract
    may be ended.
    """

    days: int
    by_letter: bool
    source: Value | None
    stops_service: bool = False

    @property
    def clause(self) -> str:
        """Id of the clause; "" for the grace of the house. Source: 003-15, 004-40."""
        return self.source.clause if self.source is not None else ""


def cure_of(stack: Stack, grace_days: int) -> Cure:
    """What a contract leaves an unpaid customer after a formal notice.

    grace_days: of the house, where the contract lets it act without a delay, or names none.

    Source: 003-15, 003-17, 004-40, 002-17, 004-24, 000-54, 001-45.
    """
    by_letter = stack.find("breach.cure_from") is not None
    for key in ("suspension.unpaid_notice_days", "breach.cure_days", "breach.warning_days"):
        value = stack.find(key)
        if value is not None:
            stops = key == "suspension.unpaid_notice_days"
            return Cure(int(value.value), by_letter and key == "breach.cure_days", value, stops)
    causes = stack.find("termination.provider_causes")
    known = causes if causes is not None and "non_payment" in causes.value else None
    return Cure(grace_days, False, known)


def counts_from(
    cure: Cure,
    *,
    sent_on: date,
    posted_on: date | None,
    first_presented_on: date | None,
    received_on: date | None,
    returned_on: date | None,
) -> date | None:
    """The day that a formal notice counts from; None while a letter was not received.

    By mail the day of its sending. By registered letter that of its receipt; one that the customer refused or
    did not fetch counts from its first presentation.
    Raises Refused for a letter presented before it was posted.

    Source: 003-15, 003-17, 004-40; 000-55, 001-15, 004-37 (presented after it was posted).
    """
    if not cure.by_letter:
        return sent_on
    if posted_on is None:
        return None
    notice_counts_on(posted_on, first_presented_on)
    if received_on is not None:
        return received_on
    return first_presented_on if returned_on is not None else None


def suspension_from(counted_on: date, cure: Cure) -> date:
    """First day on which the service may be suspended.

    Source: 003-15, 003-17, 004-40.
    """
    return may_act_from(counted_on, cure.days)
