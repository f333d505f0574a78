"""What has happened to a contract, as the engine and the simulator are asked about it on its page."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from portal import clock
from portal.answers.case import Case, Event, ask_for_data, in_order
from portal.answers.outcome import Outcome
from portal.errors import Refused
from portal.reversibility.models import CaseState, case_for
from portal.simulator.run import simulate
from portal.subscriptions.case import bare_case, given_notice, late_payments
from portal.subscriptions.models import Subscription


@dataclass(frozen=True)
class History:
    """A case with what happened, and what of it nobody can work out, each with the reason."""

    case: Case
    unanswered: Sequence[tuple[Event, Refused]]


def history_of(subscription: Subscription, *, as_of: date | None = None) -> History:
    """The case of a subscription as it stands on a day (today when none is given), its history included.

    Raises Refused for a subscription that its own contract does not allow.
    """
    late, unanswered = late_payments(subscription)
    events = [*given_notice(subscription), *late]
    handover = case_for(subscription)
    if handover is not None and handover.state != CaseState.ERASED:
        events.append(ask_for_data(handover.requested_on, handover.reason.value))
    case = replace(bare_case(subscription, as_of=as_of), events=in_order(events))
    try:
        simulate(case)
    except Refused as refusal:  # data asked for after a window that a later amendment has closed
        unanswered = [*unanswered, (events.pop(), refusal)]
        case = replace(case, events=in_order(events))
    return History(case, unanswered)


def ask(subscription: Subscription, event: Event) -> tuple[Outcome, Outcome]:
    """The contract's answer without and with one more event. Raises Refused when the rules refuse it."""
    case = history_of(subscription, as_of=max(clock.today(), event.on)).case
    return simulate(case), simulate(replace(case, events=in_order([*case.events, event])))
