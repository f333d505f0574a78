"""How a case is shown: who is waited for, and the bar of its steps."""

from datetime import date

from flask_babel import gettext as _
from flask_babel import ngettext

from portal import clock
from portal.deadlines import business_days_between
from portal.reversibility.models import CaseState, Reason, ReversibilityCase
from portal.terms.answered import Answered
from portal.words.readers import for_whom

C = CaseState
_HERS = {C.QUOTED, C.WAITING_FOR_KEY, C.CHOOSING, C.READY}


def due_of(case: ReversibilityCase) -> Answered | None:
    """The day that the next duty falls due; None where the contract gives none."""
    if case.state in {C.ACCEPTED, C.COOLING_OFF, C.ERASING}:
        return case.erasure
    return case.validation if case.state == C.READY else case.delivery


def deadline_of(case: ReversibilityCase) -> date:
    """The day of it; the day of the request where the contract gives none."""
    due = due_of(case)
    return due.value if due and isinstance(due.value, date) else case.requested_on


def waits_for(case: ReversibilityCase) -> str:
    """Who has to do something now, and what."""
    if case.state in _HERS or (case.state == C.REQUESTED and case.reason == Reason.DESTROY):
        return _of_the_customer(case)
    if case.state == C.REQUESTED:
        return _("l'exploitant, qui doit chiffrer la récupération")
    if case.state == C.ACCEPTED:
        if case.may_release() and case.first_released_by_id is not None:
            return _("une deuxième personne, qui doit ordonner l'effacement")
        if case.may_release():
            return _("l'exploitant, qui doit ordonner l'effacement")
        return _("la date du contrat")
    if case.state == C.COOLING_OFF:
        return _("le délai de réflexion : l'effacement ordonné peut encore être annulé")
    if case.awaits_decision:
        return _("l'exploitant, qui doit décider : le coffre est abîmé")
    return {
        C.TO_PAY: _("le paiement, dû avant la remise"),
        C.EXPORTING: _("le portail, qui exporte"),
        C.CONTESTED: _("le technicien, qui doit refaire l'export"),
        C.ERASING: _("le portail, qui efface"),
        C.ERASED: _("personne : c'est terminé"),
        C.CANCELLED: _("personne : c'est annulé"),
    }[case.state]


def _of_the_customer(case: ReversibilityCase) -> str:
    hers, staffs = {
        C.REQUESTED: (
            _("vous, pour confirmer la destruction"),
            _("le client, qui doit confirmer la destruction"),
        ),
        C.QUOTED: (_("vous, pour accepter le devis"), _("le client, qui doit accepter le devis")),
        C.WAITING_FOR_KEY: (
            _("vous, pour taper votre phrase secrète"),
            _("le client, qui doit taper sa phrase secrète"),
        ),
        C.CHOOSING: (
            _("vous, pour choisir ce qui est remis, si vous le voulez"),
            _("le client, qui peut choisir ce qui est remis"),
        ),
        C.READY: (_("vous, pour vérifier et répondre"), _("le client, qui doit vérifier et répondre")),
    }[case.state]
    return str(for_whom(hers, staffs))


def time_left(day: date) -> str:
    """Both clocks of a deadline: calendar days and, of them, business days."""
    today = clock.today()
    if day < today:
        return ngettext("%(num)d jour de retard", "%(num)d jours de retard", (today - day).days)
    if day == today:
        return _("aujourd'hui")
    left = ngettext("dans %(num)d jour", "dans %(num)d jours", (day - today).days)
    business = business_days_between(today, day)
    return left + ngettext(", dont %(num)d ouvré", ", dont %(num)d ouvrés", business)


def case_steps(case: ReversibilityCase) -> list[tuple[str, str]]:
    """Each step's label and whether it is past, now or to come."""
    steps = [
        (_("Demande"), {C.REQUESTED}),
        (_("Devis"), {C.QUOTED}),
        (_("Paiement"), {C.TO_PAY}),
        (_("Phrase secrète"), {C.WAITING_FOR_KEY}),
        (_("Export"), {C.CHOOSING, C.EXPORTING, C.CONTESTED}),
        (for_whom(_("Votre vérification"), _("Vérification par le client")), {C.READY}),
        (_("Accord d'effacement"), {C.ACCEPTED}),
        (_("Effacement"), {C.COOLING_OFF, C.ERASING}),
        (_("Certificat"), {C.ERASED}),
    ]
    left_out = set()
    if not case.wants_copy:
        left_out |= {C.QUOTED, C.TO_PAY, C.WAITING_FOR_KEY, C.CHOOSING, C.EXPORTING, C.READY}
    if not case.needs_quote:
        left_out.add(C.QUOTED)
    if not (case.needs_payment or case.state in (C.QUOTED, C.TO_PAY)):
        left_out.add(C.TO_PAY)
    if case.is_sealed:
        left_out.add(C.WAITING_FOR_KEY)
    if case.reason == Reason.UNCLAIMED:
        left_out.add(C.REQUESTED)
    steps = [(label, states) for label, states in steps if not states & left_out]
    now = next((n for n, (_label, states) in enumerate(steps) if case.state in states), 0)
    if case.state == C.ERASED:
        now = len(steps)
    return [
        (label, "past" if n < now else "now" if n == now else "next") for n, (label, _s) in enumerate(steps)
    ]
