"""The provider's own end of a contract: asked, not yet acted on."""

from portal.answers import terminations
from portal.answers.case import Event
from portal.answers.endings import check_not_ended, end, free_cause, refund
from portal.answers.rules.breaches import provider_ends_on
from portal.answers.rules.notices import effective_after_days
from portal.answers.state import State
from portal.wording import N_


def terminate(state: State, event: Event) -> None:
    """A notice of termination, by either party.

    Source: 000-54, 001-45, 001-46, 003-17, 003-21, 004-40, 004-41.
    """
    if event["by"] != "provider":
        terminations.terminate(state, event)
        return
    check_not_ended(state, event)
    state.ended_by = "provider"
    if free_cause(state, event) or terminations.after_formal_notice(state, event):
        return
    _by_provider(state, event)


def _by_provider(state: State, event: Event) -> None:
    after = state.find("termination.effective_days")
    if after is not None:
        ends_on = effective_after_days(event.on, after.value)
        working = state.sentence(
            N_("Envoi le %(on)s, plus %(days)d jours, à minuit heure de Paris, jour ouvré ou non."),
            on=event.on,
            days=after.value,
        )
        end(state, event, ends_on, after, state.find("termination.midnight"), working=working)
        return
    causes, notice = state.get("termination.provider_causes"), state.get("termination.provider_notice_days")
    ends_on = provider_ends_on(event.on, notice.value, event["reason"], causes.value)
    working = state.sentence(N_("Sans préavis, pour : %(reason)s."), reason=event["reason"])
    end(state, event, ends_on, notice, working=working)
    refund(state, ends_on, state.get("termination.provider_refund"))
    if state.find("early_end.notice_months"):
        terminations.due_at_once(state, ends_on, notice)
