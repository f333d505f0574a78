"""Clocks that run out are told in their minute."""

from sqlalchemy import select

from portal import clock, jobs
from portal.db import db
from portal.journal import SYSTEM, record
from portal.tickets.clocks import HOUSES, Hand, clocks_of, keep_due
from portal.tickets.letters import tell_missed
from portal.tickets.models import Ticket


def _minute() -> str:
    return f"{clock.now():%Y-%m-%dT%H:%M}"


@jobs.periodic("tickets.clocks", _minute)
def tell_of_missed() -> None:
    """Each clock of the house that has run out, once: the kept instant finds the ticket, the engine decides.

    Source: 001-24, 001-25, 001-26, 003-70, 003-71, 003-72, 004-18.
    """
    query = select(Ticket).where(Ticket.due_at < clock.now()).order_by(Ticket.due_at, Ticket.id)
    for ticket in db.session.scalars(query).all():
        look_at(ticket)


def look_at(ticket: Ticket) -> None:
    for each in clocks_of(ticket):
        if each.what in HOUSES and each.hand == Hand.MISSED and each.what not in ticket.missed:
            ticket.missed = [*ticket.missed, each.what]
            record(ticket, "miss", by=SYSTEM, clock=each.what, clause=each.answer.clause)
            tell_missed(ticket, each)
    keep_due(ticket)
