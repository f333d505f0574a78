"""Work on a ticket outside the scope: priced by the grid, billed once the closing is accepted."""

from enum import StrEnum

from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock, jobs
from portal.actor import Actor
from portal.db import db
from portal.desk.models import Outcome, WorkKind, WorkOrder, WorkState, open_work, work_about
from portal.desk.prices import Item
from portal.errors import Refused
from portal.incidents.rules import is_ticket_billable
from portal.journal import SYSTEM
from portal.terms.values import Value
from portal.tickets.clocks import may_contest, value_of
from portal.tickets.kinds import TicketState
from portal.tickets.models import Ticket, find_ticket

_KEYS = ("ticket.out_of_scope_billed", "intervention.out_of_scope_billed")


class Finding(StrEnum):
    """What the check of a ticket found."""

    OURS = "ours"
    OUTSIDE = "outside"  # not the provider's to solve
    ABNORMAL = "abnormal"  # came of an abnormal use


def billing_value(ticket: Ticket) -> Value | None:
    """What the contract of the ticket's day says of billing such work; None where it says nothing."""
    found = (value_of(ticket, key) for key in _KEYS)
    return next((each for each in found if each is not None and each.value), None)


def work_on(ticket: Ticket) -> WorkOrder | None:
    return work_about(ticket.uid, WorkKind.INCIDENT)


def note_work(ticket: Ticket, finding: Finding, minutes: int | None, *, by: Actor) -> None:
    """What was found when the ticket is closed, and how many minutes were worked outside the scope.

    Raises Refused, beside the field, where the contract bills no such work, or the grid has no price.
    Source: 002-13, 004-15.
    """
    order = work_on(ticket)
    if order is not None and order.is_over:
        order = None
    outside, abnormal = finding == Finding.OUTSIDE, finding == Finding.ABNORMAL
    if not is_ticket_billable(outside_scope=outside, abnormal_use=abnormal):
        if order is not None:
            order.drop(by=by)
        return
    if (value := billing_value(ticket)) is None:
        raise Refused(_("Le contrat de ce ticket ne prévoit pas de le facturer."), field="finding")
    if not minutes:
        raise Refused(_("Indiquez les minutes passées, en nombre entier."), field="minutes")
    order = order or _begin(ticket, value, by)
    try:
        order.add_line(Item.LABOUR, minutes, worked_on=clock.today(), by=by)
    except Refused as refusal:
        raise Refused(refusal.template, field="minutes", **refusal.values) from refusal


def _begin(ticket: Ticket, value: Value, by: Actor) -> WorkOrder:
    subscription = ticket.subscription
    return open_work(
        ticket.customer,
        WorkKind.INCIDENT,
        ticket.uid,
        _("Ticket %(number)s, hors périmètre", number=ticket.number),
        by=by,
        subscription_uid=subscription.uid if subscription else "",
        clause=value.clause,
        asked_on=ticket.opened_on,
        state=WorkState.CHECKED,
        outcome=Outcome.WHOLE,
    )


@jobs.periodic("tickets.bill", jobs.hourly)
def bill_accepted() -> None:
    """A closing that nobody may contest any more is accepted: what was worked is owed.

    Source: 002-13, 004-15, 004-17.
    """
    query = select(WorkOrder).where(WorkOrder.kind == WorkKind.INCIDENT, WorkOrder.state == WorkState.CHECKED)
    for order in db.session.scalars(query.order_by(WorkOrder.id)).all():
        ticket = find_ticket(order.subject_uid)
        if ticket is not None and ticket.state == TicketState.CLOSED and not may_contest(ticket):
            if order.settle(by=SYSTEM):
                order.owe()
            db.session.commit()
