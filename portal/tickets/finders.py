"""Tickets by their number, found by the search over everything."""

from flask import g, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from portal.access import Permission
from portal.paging import first_of
from portal.search import Hit, Sought, finder
from portal.search.keys import by_number, keyed, of_numbers
from portal.search.registry import AT_MOST
from portal.tickets.models import Ticket


@keyed(Ticket, "number")
def _words(row: Ticket) -> list[str]:
    return of_numbers(row.number)


@finder(85, Permission.TICKET_READ, _l("Tickets"))
def tickets(sought: Sought) -> list[Hit]:
    own = [row.id for row in by_number(Ticket, g.actor, sought)]
    query = Ticket.visible_to(g.actor).where(Ticket.id.in_(own)).options(joinedload(Ticket.customer))
    found = first_of(query.order_by(Ticket.id.desc()), AT_MOST) if own else []
    return [
        Hit(row.label, url_for("tickets.show", uid=row.uid), row.customer.name, row.state, "question-circle")
        for row in found
    ]
