"""Tickets that somebody waits for."""

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select
from sqlalchemy.orm import joinedload

from portal.access import Permission
from portal.tickets.clocks import owed
from portal.tickets.kinds import TicketState
from portal.tickets.models import Ticket
from portal.today import Cost, Kind, Todo, waits

_WAITING = (
    TicketState.OPEN,
    TicketState.ANSWERED,
    TicketState.INTERRUPTED,
    TicketState.CONTESTED,
    TicketState.SOLVED,
)


def _of_staff() -> Select[tuple[Ticket]]:
    waiting = Ticket.state.in_(_WAITING) | Ticket.due_at.is_not(None)
    return Ticket.visible_to(g.actor).where(waiting).options(joinedload(Ticket.customer))


def _tell(row: Ticket) -> Todo:
    """The clock that ends first, missed or not, with its clause."""
    clocks = owed(row)
    first = clocks[0] if clocks else None
    return Todo(
        what=row.label,
        who=row.customer.name,
        url=url_for("tickets.show", uid=row.uid),
        button=_("Traiter"),
        due=first.until if first else None,
        why=first.answer if first else None,
    )


waits(
    Kind(
        name="ticket.act",
        label=_l("Tickets ouverts"),
        cost=Cost.RIGHT,
        permission=Permission.TICKET_WORK,
        rows=_of_staff,
        order=(Ticket.due_at.is_(None), Ticket.due_at, Ticket.id),
        tell=_tell,
        everything=lambda: url_for("tickets.list_tickets", queue="open"),
        entry="tickets.list_tickets",
    )
)


def _of_the_customer() -> Select[tuple[Ticket]]:
    query = Ticket.visible_to(g.actor).where(Ticket.state == TicketState.WAITING)
    return query.options(joinedload(Ticket.customer))


waits(
    Kind(
        name="ticket.reply",
        label=_l("Questions du support"),
        cost=Cost.PEOPLE,
        permission=Permission.TICKET_OPEN,
        rows=_of_the_customer,
        order=(Ticket.id,),
        tell=lambda row: Todo(
            what=_("Le support vous attend : %(what)s", what=row.label),
            who=row.customer.name,
            url=url_for("tickets.show", uid=row.uid),
            button=_("Répondre"),
        ),
        everything=lambda: url_for("tickets.list_tickets", queue="customer"),
        entry="tickets.list_tickets",
    )
)
