"""An invoice paid late, in the history of a contract."""

from datetime import timedelta

from portal.answers.case import Event
from portal.answers.state import State
from portal.billing.late import late_answers


def late(state: State, event: Event) -> None:
    """Penalties by half-year and the fixed fee, between professionals only.

    Source: 003-51, 003-52; L6.
    """
    for each in late_answers(
        state.stack,
        state.case.customer,
        event["amount_cents"],
        event["due_on"],
        event["paid_on"],
        state.case.rates,
    ):
        state.add(each)
    state.late.append(event)
    if event["paid_on"] > event["due_on"] and state.ends_on is None:
        state.status(event["due_on"] + timedelta(days=1), "dunning")
        state.status(event["paid_on"], "active")
