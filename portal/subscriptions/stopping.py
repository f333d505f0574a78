"""What a suspension stops: the whole service, or new orders only; and what is shown of it."""

from datetime import date
from typing import Any

from portal import clock

_BLOCKING = ("003-11", "003-14")


def service_stopped_on(subscription: Any) -> date | None:
    """Since when the service is suspended; None where its contract only lets orders be refused.

    NumSpot suspends the service (003-15), and any use that endangers it at once (003-11, 003-14). The others
    name, for a missing payment, only the end of the contract: until then what is paid goes on.

    Source: 003-11, 003-14, 003-15, 000-54, 001-45.
    """
    unpaid = stops_when_unpaid(subscription)
    stops = subscription.suspended_clause in _BLOCKING or (unpaid and not subscription.suspended_cause)
    since: date | None = subscription.suspended_on
    return since if stops else None


def stops_when_unpaid(subscription: Any) -> bool:
    """Does its contract suspend the service for a missing payment?

    Source: 003-15.
    """
    return subscription.present_terms.find("suspension.unpaid_notice_days") is not None


def shown_state_of(subscription: Any) -> str:
    """Its state as people call it, as of today: without a service that is stopped it is not suspended."""
    if subscription.state == "withdrawn":
        return "retracted"
    if subscription.ends_on is not None and subscription.ends_on <= clock.today():
        return "ended"
    if subscription.suspended_on is None:
        return str(subscription.state.value)
    blocked = not subscription.suspended_cause and not stops_when_unpaid(subscription)
    return "orders_blocked" if blocked else "suspended"
