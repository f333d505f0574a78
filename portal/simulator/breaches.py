"""Formal notices, breaches and unused accounts."""

from portal.answers.case import Event
from portal.answers.notices import formal_notice
from portal.answers.provider_ends import unused
from portal.answers.rules.breaches import closes_on
from portal.answers.state import State
from portal.wording import N_


def breach(state: State, event: Event) -> None:
    """A breach by the customer: warning or immediate closure, as the contract grades it.

    Source: 000-46, 001-31, 002-17, 003-11, 003-14, 004-24.
    """
    warning, immediate = state.find("breach.warning_days"), state.find("breach.immediate")
    if event["severity"] == "immediate" or warning is None:
        source = immediate or state.get("breach.cure_days")
        if event["severity"] == "warning" and state.find("breach.cure_days"):
            formal_notice(state, event)
            return
        state.when("service_suspended", closes_on(event.on, 0, "immediate"), source)
        state.status(event.on, "suspended")
        return
    closed = closes_on(event.on, warning.value, "warning")
    working = state.sentence(
        N_("Avertissement du %(on)s, plus %(days)d jours."), on=event.on, days=warning.value
    )
    state.when("service_closed", closed, warning, working=working)
    state.status(event.on, "dunning")
    state.status(closed, "suspended")


def inactivity(state: State, event: Event) -> None:
    """An account that nobody uses: when it may be deleted.

    Source: 003-19.
    """
    unused(state, event, event["last_use_on"])
