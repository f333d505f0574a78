"""The stages of a change of provider, which the law gives to every contract."""

from datetime import date

from portal.answers.case import Event
from portal.answers.contract import Contract
from portal.answers.rules.notices import Switch, switch_stages
from portal.answers.state import State
from portal.deadlines import add_business_days
from portal.terms.answered import Answered, answered
from portal.wording import N_

_KEYS = ("switch.notice_months", "switch.transition_days", "switch.retrieval_days", "switch.extended_months")
_TOLD_WITHIN = 14  # business days in which the provider says that it needs longer, art. 25 (4)


def stages_of(
    contract: Contract,
    notified_on: date,
    reason: str,
    until: date | None = None,
    extended_by: str = "customer",
) -> tuple[Switch, tuple[Answered, ...]] | None:
    """The stages and their answers; None where the law does not give them.

    until, extended_by: the last day of a longer transition, and who wants it.
    Raises Refused for a longer transition than the law allows.

    Source: L5 (regulation (EU) 2023/2854, art. 25).
    """
    laws = [contract.law(key, notified_on, reason).law for key in _KEYS]
    notice, transition, retrieval, longest = laws
    if notice is None or transition is None or retrieval is None or longest is None:
        return None
    by_provider = until is not None and extended_by == "provider"
    stages = switch_stages(
        notified_on,
        notice.value,
        transition.value,
        retrieval.value,
        until=until,
        provider_months=longest.value if by_provider else None,
    )
    told: tuple[Answered, ...] = (
        answered("switch_notice_ends", stages.notice_ends_on, notice),
        answered("transition_ends", stages.transition_ends_on, longest if until else transition),
        answered("retrieval_ends", stages.retrieval_ends_on, retrieval),
    )
    if by_provider:
        told = (*told, answered("extension_told_by", add_business_days(notified_on, _TOLD_WITHIN), longest))
    return stages, told


def retrieval_of(
    contract: Contract, notified_on: date, reason: str | None, until: date | None = None
) -> Answered | None:
    """Until when the law lets a customer who changed her provider fetch her data; None for everybody else."""
    found = stages_of(contract, notified_on, reason, until) if reason else None
    return next((each for each in found[1] if each.what == "retrieval_ends"), None) if found else None


def show_stages(state: State, notified_on: date, event: Event) -> Switch | None:
    """Add notice, transition and retrieval to the calendar; None where the law does not give them."""
    longer = {"until": event.get("transition_until"), "extended_by": event.get("extended_by") or "customer"}
    found = stages_of(state.contract, notified_on, event["reason"], **longer)
    if found is None:
        return None
    stages, told = found
    for answer in told:
        state.add(answer)
    if any(answer.what == "extension_told_by" for answer in told):
        state.remark(
            N_("L5 : le fournisseur dit pourquoi la transition ne peut finir à temps, et le prouve.")
        )
    return stages
