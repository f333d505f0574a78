"""The incident report: written from the ticket, set right by a person, sealed, mailed, kept on the page."""

from datetime import timedelta

from flask_babel import force_locale, ngettext
from flask_babel import gettext as _

from portal import clock
from portal.actor import Actor
from portal.billing.documents import mentions, party
from portal.billing.issue import parties_of
from portal.db import db
from portal.errors import Refused
from portal.i18n import plain_instant
from portal.journal import record
from portal.papers import Seal, promise
from portal.pdf.draft import Draft
from portal.resellers.brand_paper import mark_for
from portal.resellers.models import LegalEntity
from portal.tickets.clocks import clocks_of, keep_due, value_of
from portal.tickets.kinds import Side, TicketState
from portal.tickets.letters import tell_report
from portal.tickets.models import Ticket

SHORTEST = 20  # characters of causes and solutions


def needs_report(ticket: Ticket) -> bool:
    """Does its contract promise one after the closing? Source: 004-18."""
    return ticket.closed_at is not None and any(each.what == "report_due" for each in clocks_of(ticket))


def first_text(ticket: Ticket) -> str:
    """What the report begins with: what was declared, and what the support wrote last."""
    with force_locale(ticket.customer.language):
        declared = ticket.messages[0].text if ticket.messages else ticket.subject
        told = [each.text for each in ticket.messages if each.side == Side.HOUSE]
        return "\n\n".join(
            (
                _("Ce qui a été signalé :") + f"\n{declared}",
                _("Causes :") + "\n",
                _("Solutions apportées :") + f"\n{told[-1] if told else ''}",
            )
        )


def duration_of(ticket: Ticket) -> timedelta | None:
    """How long the interruption lasted where the contract counts it so, else how long the solution took.

    Source: 003-73, 004-13, 004-16.
    """
    minutes = value_of(ticket, "ticket.confirmation_minutes")
    return ticket.interruption(minutes.value) if minutes and ticket.severity == 1 else ticket.fix_took


def in_words(length: timedelta | None) -> str:
    """« 2 h 05 min », in the reader's language."""
    if length is None:
        return ""
    minutes = length // timedelta(minutes=1)
    hours, rest = divmod(minutes, 60)
    if not hours:
        return ngettext("%(num)d minute", "%(num)d minutes", rest)
    return _("%(hours)d h %(minutes)02d min", hours=hours, minutes=rest)


def keep_text(ticket: Ticket, text: str, *, by: Actor) -> None:
    """A draft that may still change. Raises Refused once it has been handed over."""
    if ticket.reported_at is not None:
        raise Refused(_("Le rapport est remis : il ne change plus."))
    if not needs_report(ticket):
        raise Refused(_("Ce ticket n'attend pas de rapport."))
    ticket.report_text = text.strip()


def hand_over(ticket: Ticket, text: str, *, by: Actor) -> None:
    """Seal it, mail it and keep it on the page. Raises Refused before causes and solutions are written.

    Source: 004-18.
    """
    keep_text(ticket, text, by=by)
    if ticket.state != TicketState.CLOSED or len(ticket.report_text) < SHORTEST:
        raise Refused(_("Écrivez les causes et les solutions."), field="text")
    now = clock.now()
    document = promise(
        _draft(ticket),
        owner=ticket.customer.organisation,
        subject=ticket,
        kind="ticket_report",
        filename=f"{ticket.number}-rapport.pdf",
        urgent=True,
        seal=Seal(_("Rapport d'incident"), now),
    )
    db.session.flush()
    ticket.report_uid, ticket.reported_at = document.uid, now
    record(ticket, "report", by=by)
    keep_due(ticket)
    tell_report(ticket)


def _draft(ticket: Ticket) -> Draft:
    customer, language = ticket.customer, ticket.customer.language
    entity = db.session.get_one(LegalEntity, ticket.legal_entity_id)
    parties = parties_of(customer, entity)
    with force_locale(language):
        draft = Draft(
            _("Rapport d'incident"),
            issuer=party(parties["issuer"]),
            recipient=party(parties["buyer"]),
            meta=[(_("Ticket"), ticket.number)],
            legal=mentions(parties["issuer"]),
            language={"fr": "fr-FR", "en": "en-GB"}[language],
            page_label=_("Page {page} sur {pages}"),
            mark=mark_for(customer.org_path, language),
        )
        draft.fields(
            [
                (_("Objet"), ticket.subject),
                (_("Ouvert le"), plain_instant(ticket.created_at)),
                (_("Rétabli le"), plain_instant(ticket.restored_at)),
                (_("Clos le"), plain_instant(ticket.closed_at)),
                (_("Durée"), in_words(duration_of(ticket))),
            ]
        )
        for part in ticket.report_text.split("\n\n"):
            draft.text(part)
        return draft
