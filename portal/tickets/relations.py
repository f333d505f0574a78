"""A ticket and the restores that were asked for under its number."""

from collections.abc import Iterator

from flask import g, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal.access import Permission
from portal.db import db
from portal.panels import Related, relates
from portal.restore_requests.models import RestoreRequest
from portal.tickets.models import Ticket


@relates(RestoreRequest, Permission.TICKET_READ)
def ticket_of(request: RestoreRequest) -> Iterator[Related]:
    """A number of another customer's leads nowhere."""
    if not request.ticket_number:
        return
    query = select(Ticket).where(
        Ticket.number == request.ticket_number, Ticket.customer_id == request.customer_id
    )
    for row in db.session.scalars(query):
        yield Related(_("Ticket"), row.label, url_for("tickets.show", uid=row.uid))


@relates(Ticket, Permission.RESTORE_READ)
def restores_of(ticket: Ticket) -> Iterator[Related]:
    query = RestoreRequest.visible_to(g.actor).where(
        RestoreRequest.ticket_number == ticket.number, RestoreRequest.customer_id == ticket.customer_id
    )
    for row in db.session.scalars(query.order_by(RestoreRequest.id)):
        address = url_for("restore_requests.show_request", uid=row.uid)
        yield Related(_("Restauration"), row.what[:70], address)
