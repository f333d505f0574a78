"""What a contract answers about an incident or a claim: one answer for page, duty, mail and simulator."""

from datetime import date, datetime, timedelta

from portal.answers.case import Event
from portal.answers.state import State
from portal.deadlines import PARIS
from portal.incidents.claims import conformity_claim_until, damage_claim_until, reservation_until
from portal.incidents.rules import (
    contest_until,
    fix_due_at,
    fix_due_in_business_hours,
    report_due_on,
    response_due_at,
    restore_due_at,
    waited_time,
)
from portal.terms.values import Value
from portal.wording import N_

HOURS_OF_A_DAY = 24  # of a claim's business hours: the texts of 000 and 001 give no other length (A9)
NO_CONTEST = N_("Ce contrat ne prévoit pas de contester une clôture : ouvrez un autre ticket.")


def incident(state: State, event: Event) -> None:
    """A ticket: until when to answer and to mend, and what follows its closing.

    Source: 001-24, 001-25, 001-26, 003-13, 003-70..73, 004-13, 004-17, 004-18.
    """
    if state.find("support.severity1.fix_minutes"):
        _graded(state, event)
    elif state.find("sla.restore_main_hours"):
        _restored(state, event)
    elif state.find("ticket.report_business_days"):
        _ticket(state, event)
    else:
        raise state.refuse(event, N_("ce contrat ne fixe pas de délai d'intervention."))


def claim(state: State, event: Event) -> None:
    """A claim: until when it may be made, and whether it came in time. ``on`` is the day of the claim.

    Source: 000-30, 000-49, 001-34.
    """
    if event["kind"] == "conformity":
        _conformity(state, event)
    else:
        _damage(state, event)


def _conformity(state: State, event: Event) -> None:
    days = state.find("claim.delivery_days")
    if days is None:
        raise state.refuse(event, N_("ce contrat ne limite pas les réclamations de conformité."))
    consumer = state.case.customer == "consumer"
    until = conformity_claim_until(event["known_on"], days.value // 7, consumer=consumer)
    if until is None:
        law = state.law("claim.delivery_days", event.on).law
        state.remark(
            N_("%(clause)s : le délai du contrat n'est pas opposé à un consommateur."),
            clause=law.id if law else days.clause,
        )
        return
    _closes(state, event, until, days)


def _damage(state: State, event: Event) -> None:
    hours = state.find("claim.damage_business_hours")
    if hours is None:
        raise state.refuse(event, N_("ce contrat ne limite pas les réclamations pour dommage."))
    until = damage_claim_until(event["known_on"], hours.value, HOURS_OF_A_DAY)
    _closes(state, event, until, hours, state.get("claim.damage_channel"))


def _closes(state: State, event: Event, until: date, *sources: Value) -> None:
    state.when("claim_closes", until, *sources)
    told = N_("%(clause)s : réclamation dans le délai.")
    if event.on > until:
        told = N_("%(clause)s : réclamation hors délai.")
    state.remark(told, clause=sources[0].clause)


def _at(state: State, what: str, at: datetime, *sources: Value) -> None:
    local = at.astimezone(PARIS)
    state.when(what, local.date(), *sources, at=local)


def _graded(state: State, event: Event) -> None:
    severity = f"support.severity{event['severity']}"
    answer = state.get(f"{severity}.answer_minutes")
    due = response_due_at(event["opened_at"], answer.value)
    _at(state, "answer_due", due, answer)
    fix = _fix(state, event, severity)
    answered, restored = event.get("answered_at"), event.get("restored_at")
    if answered is not None:
        told = N_("%(clause)s : première réponse dans le délai.")
        if answered > due:
            told = N_("%(clause)s : première réponse hors délai.")
        state.remark(told, clause=answer.clause)
    hours = state.find("reception.reservation_hours")
    if restored is not None and restored > fix and hours is not None:
        _at(state, "reservation_closes", reservation_until(restored, hours.value), hours)


def _fix(state: State, event: Event, severity: str) -> datetime:
    """When it must be solved, from the ticket with all that is asked for."""
    begun = event.get("complete_at") or event["opened_at"]
    hours = state.find(f"{severity}.fix_business_hours")
    pause = _waited(event, begun, business_days=hours is not None)
    if hours is not None:
        days = state.get(f"{severity}.fix_stated_days")
        fix = fix_due_in_business_hours(begun, hours.value, hours.value // days.value, pause)
        _at(state, "fix_due", fix, hours, days)
    else:
        minutes = state.get(f"{severity}.fix_minutes")
        fix = fix_due_at(begun, minutes.value, pause)
        _at(state, "fix_due", fix, minutes)
    return fix


def _waited(event: Event, begun: datetime, *, business_days: bool) -> timedelta:
    """For how long the customer owed an answer: as it was told, or from question to answer."""
    waits = event.get("waits")
    if waits is None:
        return timedelta(minutes=event["waiting_minutes"])
    return waited_time(begun, waits, business_days=business_days)


def _restored(state: State, event: Event) -> None:
    main = event["severity"] == 1
    hours = state.get("sla.restore_main_hours" if main else "sla.restore_secondary_hours")
    factor = state.get("sla.night_factor")
    due = restore_due_at(
        event["opened_at"],
        hours.value,
        off_hours_factor=factor.value,
        night_from=state.number("sla.night_from_hour"),
        night_to=state.number("sla.night_to_hour"),
    )
    _at(state, "fix_due", due, hours, factor)


def _ticket(state: State, event: Event) -> None:
    """``on`` is the day on which the incident was closed; closed_at, where it is known, the instant."""
    confirm, contest = state.get("ticket.confirmation_minutes"), state.get("ticket.contest_hours")
    report = state.get("ticket.report_business_days")
    called = event.get("called_at") or event["opened_at"]
    _at(state, "confirmation_due", called + timedelta(minutes=confirm.value), confirm)
    state.when("report_due", report_due_on(event.on, report.value), report)
    whole_day = datetime.combine(event.on, datetime.min.time(), PARIS) + timedelta(days=1)
    closed = event.get("closed_at") or whole_day
    _at(state, "contest_closes", contest_until(closed, contest.value), contest)
