"""Formal notices: until when a breach may be mended, and from when the other party may act."""

from portal.answers.case import Event
from portal.answers.rules.breaches import breach_effective_on, cure_ends_on, may_act_from
from portal.answers.state import State
from portal.answers.terminations import noticed_on
from portal.wording import N_


def formal_notice(state: State, event: Event) -> None:
    """A formal notice: until when to cure, and from when the other party may act.

    Source: 003-15, 003-17, 004-40.
    """
    cure = state.find("breach.cure_days")
    if cure is None:
        state.remark(N_("Le contrat met fin sans mise en demeure : celle-ci ne change aucune date."))
        return
    state.formal_notice = event
    noticed = noticed_on(state, event)
    first = may_act_from(noticed, cure.value)
    working = state.sentence(N_("%(on)s plus %(days)d jours."), on=noticed, days=cure.value)
    state.when("cure_ends", cure_ends_on(noticed, cure.value), cure, working=working)
    suspension = state.find("suspension.unpaid_notice_days")
    if suspension is not None:
        state.when("may_suspend_from", may_act_from(noticed, suspension.value), suspension)
    state.when("may_terminate_from", first, cure)
    effective = state.find("breach.effective_days")
    if effective is not None:
        ends_on = breach_effective_on(first, effective.value)
        state.when("earliest_end_for_breach", ends_on, effective)
    state.status(event.on, "dunning")
