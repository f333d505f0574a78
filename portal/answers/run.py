"""Works out a case: the calendar of the contract itself, then each event in the order of its day."""

from collections.abc import Callable, Mapping

from portal.answers import (
    calendar,
    endings,
    handover_request,
    late_payments,
    notices,
    provider_ends,
    withdrawals,
)
from portal.answers.case import Case, Event
from portal.answers.outcome import Outcome
from portal.answers.state import State
from portal.errors import Refused
from portal.wording import N_

Handler = Callable[[State, Event], None]

# What the portal acts on. Questions about more than that bring their own handlers.
ACTED_ON: Mapping[str, Handler] = {
    "terminate": provider_ends.terminate,
    "formal_notice": notices.formal_notice,
    "withdraw": withdrawals.withdraw,
    "late_payment": late_payments.late,
    "usage": endings.used,
    "reversibility_request": handover_request.request,
}


def answer(
    case: Case, handlers: Mapping[str, Handler] = ACTED_ON, settle: Callable[[State], None] | None = None
) -> Outcome:
    """What the contract and the law lead to.

    handlers: by kind of event. settle: works out what needs all the events. Raises Refused, with a sentence,
    for an event that this contract does not know, that nobody handles, or that comes too late or too early.
    """
    state = State(case)
    calendar.paid(state)
    calendar.withdrawal(state)
    for event in case.events:
        state.move_to(event.on)
        if event.what not in handlers:
            raise Refused(N_("« %(event)s » : personne n'agit sur un tel événement."), event=event.what)
        handlers[event.what](state, event)
    if settle is not None:
        settle(state)
    handover_request.hold_for_retrieval(state)
    state.move_to(max(case.as_of, case.started_on))
    if state.ends_on is None or state.ends_on > case.as_of:
        calendar.renewal(state)
    state.out.status = calendar.status(state, case.as_of)
    return state.out
