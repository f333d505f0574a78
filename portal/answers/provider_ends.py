"""The provider's own end of a contract: for which causes, after what, on which day, with what money."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from portal.answers import terminations, unforeseen
from portal.answers.case import Event
from portal.answers.endings import check_not_ended, end, free_cause, refund, refund_unused
from portal.answers.rules.breaches import (
    closes_on,
    inactive_from,
    inactivity_ends_on,
    may_act_from,
    provider_ends_on,
)
from portal.answers.rules.notices import effective_after_days
from portal.answers.state import State
from portal.terms.stack import Stack
from portal.terms.values import Value
from portal.wording import N_

# What a provider's notice may give as its cause, in the order in which a person is asked.
CAUSES = (
    "non_payment",
    "breach",
    "misuse",
    "grave_breach",
    "danger",
    "damage",
    "inactivity",
    "service_withdrawn",
    "force_majeure",
    "none",
)


@dataclass(frozen=True, slots=True)
class Cause:
    """What a contract asks of its provider before an end for one cause.

    waits_days: calendar days between the warning, or the event, and the first day of the end; None where no
    warning is needed. by_letter: the warning counts from the receipt of a registered letter. suspends: the
    service stops with the warning. since: a past day is to be named, that of the last use or of the event.
    """

    name: str
    source: Value
    waits_days: int | None = None
    by_letter: bool = False
    suspends: bool = False
    since: bool = False

    def first_day(self, counted_on: date) -> date:
        """First day on which the end may be told. counted_on: of the warning, its receipt, or the event.

        Source: 003-17, 004-40, 002-17, 004-24, 004-23, 000-51, 001-36.
        """
        days = self.waits_days or 0
        if self.name == "misuse":
            return closes_on(counted_on, days, "warning")
        return may_act_from(counted_on, days) if self.waits_days is not None else counted_on


def causes_of(stack: Stack) -> list[Cause]:
    """The causes for which this contract lets its provider end it, and what comes first.

    Source: 000-46, 000-51, 000-54, 001-31, 001-36, 001-45, 002-17, 003-06, 003-11, 003-17, 003-19, 003-21,
    004-23, 004-24, 004-40, 004-41.
    """
    found = (_cause(stack, name) for name in CAUSES)
    return [each for each in found if each is not None]


def _cause(stack: Stack, name: str) -> Cause | None:
    known = stack.find("termination.provider_causes")
    listed = known if known is not None and name in known.value else None
    cure, effective = stack.find("breach.cure_days"), stack.find("breach.effective_days")
    if name == "breach" or (name == "non_payment" and effective is not None):
        if cure is not None:
            by_letter = stack.find("breach.cure_from") is not None
            return Cause(name, cure, int(cure.value), by_letter)
        return Cause(name, listed) if listed is not None else None
    if listed is not None:
        return Cause(name, listed)
    return _other_cause(stack, name, cure)


def _other_cause(stack: Stack, name: str, cure: Value | None) -> Cause | None:
    at_once, warning = stack.find("breach.immediate"), stack.find("breach.warning_days")
    if name == "misuse" and warning is not None:
        return Cause(name, warning, int(warning.value))
    if name == "grave_breach" and at_once is not None:
        blocks = at_once.value == "block" and cure is not None
        return Cause(name, at_once, int(cure.value) if blocks and cure else None, suspends=blocks)
    if name == "force_majeure":
        longest = stack.find("force_majeure.end_after_days") or stack.find("force_majeure.talks_days")
        if longest is not None:
            return Cause(name, longest, int(longest.value), suspends=True, since=True)
    key = {
        "inactivity": "inactivity.notice_months",
        "service_withdrawn": "service.withdrawn",
        "none": "termination.effective_days",
    }.get(name)
    source = stack.find(key) if key else None
    return Cause(name, source, since=name == "inactivity") if source is not None else None


def terminate(state: State, event: Event) -> None:
    """A notice of termination, by either party.

    Source: 000-54, 001-45, 001-46, 003-17, 003-21, 004-40, 004-41.
    """
    if event["by"] != "provider":
        terminations.terminate(state, event)
        return
    check_not_ended(state, event)
    state.ended_by = "provider"
    special = _WAYS.get(event["reason"])
    if special is not None:
        special(state, event)
        return
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


def _misuse(state: State, event: Event) -> None:
    """A use that the hosting forbids, which a warning did not end.

    Source: 002-17, 004-24.
    """
    warning = state.find("breach.warning_days")
    if warning is None:
        raise state.refuse(event, N_("ce contrat ne prévoit pas d'avertissement."))
    if state.formal_notice is not None:
        told = terminations.noticed_on(state, state.formal_notice)
        terminations.check_from(state, event, closes_on(told, warning.value, "warning"), warning)
    end(state, event, event.on, warning)
    _provider_refund(state, event.on)


def _grave(state: State, event: Event) -> None:
    """A breach so grave that the contract closes the service, or blocks it, at once.

    Source: 000-46, 001-31, 002-17, 003-11, 004-24.
    """
    at_once = state.find("breach.immediate")
    if at_once is None:
        raise state.refuse(event, N_("ce contrat ne ferme rien sur-le-champ."))
    if at_once.value == "block":
        state.when("service_suspended", closes_on(event.on, 0, "immediate"), at_once)
        terminations.after_formal_notice(state, event)
        return
    end(state, event, event.on, at_once)
    if at_once.value == "close_without_compensation":
        state.amount("refund", 0, at_once, working=state.sentence(N_("Fermé sans compensation.")))
        return
    _provider_refund(state, event.on)


def _provider_refund(state: State, ends_on: date) -> None:
    policy = state.find("termination.provider_refund")
    if policy is not None:
        refund(state, ends_on, policy)


def _inactive(state: State, event: Event) -> None:
    since: date | None = event.get("since_on")
    if since is None:
        raise state.refuse(event, N_("indiquez le jour de la dernière utilisation."))
    unused(state, event, since)


def unused(state: State, event: Event, last_use_on: date) -> None:
    """An account that nobody uses: when it may be deleted.

    Source: 003-19.
    """
    months, notice = state.find("inactivity.months"), state.find("inactivity.notice_months")
    if months is None or notice is None:
        raise state.refuse(event, N_("ce contrat ne dit rien d'un compte inactif."))
    ends_on = inactivity_ends_on(event.on, last_use_on, months.value, notice.value)
    state.when("inactive_from", inactive_from(last_use_on, months.value), months)
    working = state.sentence(
        N_("Courriel du %(on)s, plus %(months)d mois jour pour jour."), on=event.on, months=notice.value
    )
    state.when("contract_ends", ends_on, notice, working=working)
    state.when("data_request_closes", ends_on, notice)
    state.ends_on, state.ended_by = ends_on, "provider"
    state.status(event.on, "notice_given")
    state.status(ends_on, "ended")


def _withdrawn(state: State, event: Event) -> None:
    """A service that is no more: its end without any fee, and what was paid for later days back.

    Source: 003-06.
    """
    source = state.find("service.withdrawn")
    if source is None:
        raise state.refuse(event, N_("ce contrat ne dit rien d'un service retiré."))
    ends_on = event.get("stops_on") or event.on + timedelta(days=1)
    if ends_on <= event.on:
        raise state.refuse(event, N_("le service est retiré après son annonce."))
    end(state, event, ends_on, source)
    refund_unused(state, ends_on, source)


_WAYS: Mapping[str, Callable[[State, Event], None]] = {
    "misuse": _misuse,
    "grave_breach": _grave,
    "inactivity": _inactive,
    "service_withdrawn": _withdrawn,
    "force_majeure": unforeseen.end_for_force_majeure,
}
