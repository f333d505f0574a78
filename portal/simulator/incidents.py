"""Clocks of incidents, and which restores are billed."""

from datetime import datetime, timedelta

from portal.answers.case import Event
from portal.answers.state import State
from portal.deadlines import PARIS
from portal.incidents.rules import (
    contest_until,
    fix_due_at,
    fix_due_in_business_hours,
    report_due_on,
    response_due_at,
    restore_due_at,
)
from portal.restore_requests.rules import is_billable
from portal.terms.values import Value
from portal.wording import N_


def incident(state: State, event: Event) -> None:
    """A ticket: until when to answer and to mend, and what follows its closing.

    Source: 001-24, 001-25, 001-26, 003-70..73, 004-13, 004-17, 004-18.
    """
    if state.find("support.severity1.fix_minutes"):
        _graded(state, event)
    elif state.find("sla.restore_main_hours"):
        _restored(state, event)
    elif state.find("ticket.report_business_days"):
        _ticket(state, event)
    else:
        raise state.refuse(event, N_("ce contrat ne fixe pas de délai d'intervention."))


def _at(state: State, what: str, at: datetime, *sources: Value) -> None:
    local = at.astimezone(PARIS)
    state.when(what, local.date(), *sources, at=local)


def _graded(state: State, event: Event) -> None:
    severity = f"support.severity{event['severity']}"
    answer = state.get(f"{severity}.answer_minutes")
    opened, waited = event["opened_at"], timedelta(minutes=event["waiting_minutes"])
    due = response_due_at(opened, answer.value)
    _at(state, "answer_due", due, answer)
    hours = state.find(f"{severity}.fix_business_hours")
    if hours is not None:
        days = state.get(f"{severity}.fix_stated_days")
        fix = fix_due_in_business_hours(opened, hours.value, hours.value // days.value, waited)
        _at(state, "fix_due", fix, hours, days)
    else:
        minutes = state.get(f"{severity}.fix_minutes")
        _at(state, "fix_due", fix_due_at(opened, minutes.value, waited), minutes)
    answered = event.get("answered_at")
    if answered is not None:
        told = N_("%(clause)s : première réponse dans le délai.")
        if answered > due:
            told = N_("%(clause)s : première réponse hors délai.")
        state.remark(told, clause=answer.clause)


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
    """``on`` is the day on which the incident was closed."""
    confirm, contest = state.get("ticket.confirmation_minutes"), state.get("ticket.contest_hours")
    report = state.get("ticket.report_business_days")
    _at(state, "confirmation_due", event["opened_at"] + timedelta(minutes=confirm.value), confirm)
    state.when("report_due", report_due_on(event.on, report.value), report)
    closed = datetime.combine(event.on, datetime.min.time(), PARIS) + timedelta(days=1)
    _at(state, "contest_closes", contest_until(closed, contest.value), contest)


def restore_request(state: State, event: Event) -> None:
    """Is this restore billed, and how is it done?

    Source: 002-08, 002-10, 002-12, 004-10, 004-11.
    """
    free, billed = state.find("restore.free_cause"), state.find("intervention.price_day")
    if free is None:
        state.remark(N_("Le contrat ne facture pas de restauration : le client restaure lui-même."))
        return
    if is_billable(event["cause"], free.value):
        price = billed or free
        state.remark(
            N_("%(clause)s : restauration facturée en sus, au prix du jour du travail (%(price)s)."),
            clause=free.clause,
            price=price.clause,
        )
    else:
        working = state.sentence(N_("Panne d'un équipement hébergé : la restauration est comprise."))
        state.amount("restore", 0, free, working=working)
    steps = state.find("restore.complex_steps")
    if event["kind"] == "complex" and steps is not None:
        state.remark(
            N_(
                "%(clause)s : planifiée selon l'urgence, faite par un technicien et vérifiée avec le "
                "client ; un devis peut être demandé."
            ),
            clause=steps.clause,
        )
