"""The stages of a change of provider, which the law gives to every contract."""

from datetime import date

from portal.simulator.state import State
from portal.subscriptions.rules.notices import Switch, switch_stages

_KEYS = ("switch.notice_months", "switch.transition_days", "switch.retrieval_days")


def show_stages(state: State, notified_on: date, reason: str) -> Switch | None:
    """Add notice, transition and retrieval to the calendar; None where the law does not give them.

    Source: L5 (regulation (EU) 2023/2854, art. 25).
    """
    notice, transition, retrieval = (state.law(key, notified_on, reason) for key in _KEYS)
    if notice.law is None or transition.law is None or retrieval.law is None:
        return None
    stages = switch_stages(notified_on, notice.value, transition.value, retrieval.value)
    state.when("switch_notice_ends", stages.notice_ends_on, notice.law)
    state.when("transition_ends", stages.transition_ends_on, transition.law)
    state.when("retrieval_ends", stages.retrieval_ends_on, retrieval.law)
    return stages
