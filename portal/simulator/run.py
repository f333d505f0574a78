"""Any question that the contracts answer: what the portal acts on, and what is only asked."""

from collections.abc import Mapping

from portal.answers.case import Case
from portal.answers.outcome import Outcome
from portal.answers.run import ACTED_ON, Handler, answer
from portal.incidents import clocks
from portal.simulator import breaches, conditions, incidents, money

_ASKED: Mapping[str, Handler] = {
    **ACTED_ON,
    "breach": breaches.breach,
    "inactivity": breaches.inactivity,
    "force_majeure": conditions.force_majeure,
    "price_change": conditions.price_change,
    "usage": money.usage,
    "sla_measure": money.sla_measure,
    "incident": clocks.incident,
    "claim": clocks.claim,
    "restore_request": incidents.restore_request,
}


def simulate(case: Case) -> Outcome:
    """Answer one case from the rules and the contract's values.

    Raises Refused, with a sentence, for an event that this contract does not know or that comes too late or
    too early.
    """
    return answer(case, _ASKED, money.settle_sla)
