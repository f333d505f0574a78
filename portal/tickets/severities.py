"""Which severities a ticket may have, in the words of its own contract, and what each one is owed."""

from typing import Any

from flask_babel import gettext as _

from portal.subscriptions.models import Subscription
from portal.terms.stack import Stack
from portal.tickets.kinds import TicketKind

# What a contract must name for a ticket of this kind.
_NAMED_BY = (
    (TicketKind.CONFORMITY, ("claim.delivery_days",)),
    (TicketKind.DAMAGE, ("claim.damage_business_hours",)),
    (TicketKind.CERTIFICATE, ("insurance.certificate_billed", "insurance.on_request")),
    (TicketKind.AUDIT, ("audit.per_year",)),
    (TicketKind.PENTEST, ("pentest.notice_months",)),
)


def severities_of(stack: Stack) -> list[tuple[int, str]]:
    """The contract's own table; empty where it grades nothing.

    Source: 001-24, 001-25, 003-70, 003-71, 003-72, 004-13.
    """
    if stack.find("support.severity1.fix_minutes"):
        return [
            (1, _("Majeure : un service est totalement et durablement indisponible")),
            (2, _("Élevée : un service est dégradé, ou se contourne")),
            (3, _("Mineure : incident isolé, bug, demande d'analyse")),
        ]
    if stack.find("sla.restore_main_hours"):
        return [
            (1, _("Sauvegarde ou restauration impossible")),
            (2, _("Fonction secondaire : administration du compte, statistiques…")),
        ]
    if stack.find("ticket.confirmation_minutes"):
        return [(1, _("Interruption du service")), (2, _("Incident sans interruption"))]
    return []


def severity_word(ticket: Any) -> str:
    """The words of a ticket's severity; empty without one."""
    if ticket.subscription is None or ticket.severity is None:
        return ""
    table = dict(severities_of(ticket.subscription.terms.on(ticket.opened_on)))
    return table.get(ticket.severity, "")


def severity_of_a_machine(subscription: Subscription, stack: Stack) -> int | None:
    """What one red or silent machine is in the contract's table.

    Backup itself is the main function of 001; elsewhere one machine is an isolated incident.
    """
    table = severities_of(stack)
    if not table:
        return None
    return 1 if stack.find("sla.restore_main_hours") else table[-1][0]


def kinds_of(stack: Stack | None) -> list[TicketKind]:
    """What may be opened under a contract: claims only where it sets their delay, wishes where it names them.

    Source: 000-30, 000-49, 001-20, 001-34, 003-38, 003-40, 003-41, 004-46.
    """
    always = [TicketKind.INCIDENT, TicketKind.QUESTION]
    if stack is None:
        return always
    return always + [kind for kind, keys in _NAMED_BY if any(stack.find(key) for key in keys)]
