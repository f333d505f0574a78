"""The queue of tickets."""

from datetime import timedelta

from flask import g, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement
from sqlalchemy.orm import joinedload

from portal import clock
from portal.access import Permission, may
from portal.customers.lists import customer_column
from portal.listing import NAME, WIDE, Choice, Column, Link, Listing, Nothing, Pill, define
from portal.tickets.kinds import TicketState
from portal.tickets.models import NOT_CLOSED, Ticket
from portal.words.choices import TICKET_KINDS
from portal.words.readers import reads
from portal.words.states import look_of

QUEUES = [
    ("open", _l("ouverts")),
    ("mine", _l("les miens")),
    ("nobody", _l("à personne")),
    ("soon", _l("délai proche ou manqué")),
    ("customer", reads(_l("vous attendent"), _l("attendent le client"))),
]


def _queue(value: str) -> ColumnElement[bool]:
    still = Ticket.state.in_(NOT_CLOSED)
    if value == "mine":
        return still & (Ticket.taken_by_id == g.actor.id)
    if value == "nobody":
        return still & Ticket.taken_by_id.is_(None)
    if value == "soon":
        return Ticket.due_at < clock.now() + timedelta(days=1)
    return Ticket.state == TicketState.WAITING if value == "customer" else still


TICKETS: Listing[Ticket] = define(
    Listing(
        name="tickets",
        label=_l("Tickets"),
        endpoint="tickets.list_tickets",
        permission=Permission.TICKET_READ,
        model=Ticket,
        query=lambda: Ticket.visible_to(g.actor),
        load=(joinedload(Ticket.customer),),
        columns=[
            Column(
                "number",
                _l("Ticket"),
                lambda row: Link(row.number, url_for("tickets.show", uid=row.uid), row.subject),
                rank=NAME,
            ),
            customer_column(lambda row: (row.customer, row.customer.name)),
            Column("state", _l("État"), lambda row: Pill(row.state)),
            Column("due", _l("Prochain délai"), lambda row: row.due_at),
            Column("kind", _l("Sorte"), lambda row: str(TICKET_KINDS[row.kind]), rank=WIDE),
            Column("owner", _l("Pris par"), lambda row: row.taken_by, rank=WIDE),
            Column("opened", _l("Ouvert"), lambda row: row.created_at, rank=WIDE),
        ],
        order=(Ticket.id.desc(),),
        filters=[
            Choice(
                "state",
                _l("État"),
                lambda: [(state, look_of(state).word) for state in TicketState],
                lambda value: Ticket.state == TicketState(value),
            ),
            Choice("queue", _l("File d'attente"), lambda: [*QUEUES], _queue),
        ],
        nothing=lambda: Nothing(
            _l("Aucun ticket."),
            _l("Une panne, une question ou une réclamation s'ouvre ici, avec son numéro et ses délais."),
            _l("Ouvrir un ticket"),
            url_for("tickets.new")
            if may(Permission.TICKET_OPEN)
            else url_for("ticket_work.new_call")
            if may(Permission.TICKET_WORK)
            else "",
        ),
    )
)
