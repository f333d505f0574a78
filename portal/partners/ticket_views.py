"""Tickets: listed, read, opened for a contact of the customer, and answered."""

from typing import Any

from flask import g, url_for
from flask_babel import gettext as _
from marshmallow import fields
from sqlalchemy.orm import joinedload

from portal.access import Permission, get_or_404, requires
from portal.customers.models import ContactRole, Customer
from portal.partners.fields import (
    Day,
    Flag,
    Incoming,
    Instant,
    OfCustomer,
    Outgoing,
    Ref,
    choice,
    listed,
    text,
    uid,
    whole,
)
from portal.partners.narrowing import named, of_customer, ref
from portal.partners.problems import Wrong
from portal.partners.reading import page_after
from portal.partners.replays import once
from portal.partners.views import bp
from portal.subscriptions.models import Subscription
from portal.tickets.acts import answer_ticket, open_ticket
from portal.tickets.kinds import LONGEST, Source, TicketKind
from portal.tickets.models import Ticket
from portal.words.states import look_of


class TicketIn(Incoming):
    customer = uid(required=True)
    subscription = uid(metadata={"description": "The contract that it is about."})
    contact = choice(ContactRole, required=True, metadata={"description": "Who asks, of the contacts."})
    identity_checked = Flag(
        required=True,
        metadata={"description": "Called back at the number on file, or known: only then true."},
    )
    kind = choice(TicketKind, load_default=TicketKind.INCIDENT.value)
    severity = whole(1, 99, metadata={"description": "Of the contract's own table."})
    subject = text(140, least=1, required=True)
    text = text(LONGEST, least=1, required=True)
    known_on = Day()
    posted_on = Day()
    wished_on = Day()


class AnswerIn(Incoming):
    text = text(LONGEST, least=1, required=True)
    asks = Flag(load_default=False, metadata={"description": "The customer owes an answer."})


class TicketOut(Outgoing):
    href = fields.String(required=True)
    uid = fields.String(required=True)
    number = fields.String(required=True)
    customer = fields.Nested(Ref, required=True)
    subscription = fields.String(required=True, allow_none=True)
    created_at = Instant(required=True)
    kind = fields.String(required=True)
    severity = fields.Integer(required=True, allow_none=True)
    subject = fields.String(required=True)
    state = fields.String(required=True)
    state_text = fields.String(required=True)
    taken_by = fields.String(required=True)
    due_at = Instant(required=True, allow_none=True)
    answered_at = Instant(required=True, allow_none=True)
    restored_at = Instant(required=True, allow_none=True)
    closed_at = Instant(required=True, allow_none=True)


class MessageOut(Outgoing):
    created_at = Instant(required=True)
    side = fields.String(required=True)
    by = fields.String(required=True)
    text = fields.String(required=True)


class TicketDetail(TicketOut):
    messages = fields.List(fields.Nested(MessageOut), required=True)


_SAME = ("uid", "number", "created_at", "kind", "severity", "subject", "state", "taken_by")
_CLOCKS = ("due_at", "answered_at", "restored_at", "closed_at")


def shape(row: Ticket) -> dict[str, Any]:
    return {name: getattr(row, name) for name in (*_SAME, *_CLOCKS)} | {
        "href": url_for("partner.show_ticket", uid=row.uid),
        "customer": ref(row.customer),
        "subscription": row.subscription.uid if row.subscription else None,
        "state_text": str(look_of(row.state).word),
    }


def detail(row: Ticket) -> dict[str, Any]:
    messages = [
        {"created_at": each.created_at, "side": each.side, "by": each.by_label, "text": each.text}
        for each in row.messages
    ]
    return shape(row) | {"messages": messages}


@bp.get("/tickets")
@requires(Permission.TICKET_READ)
@bp.arguments(OfCustomer, location="query")
@bp.response(200, listed("Tickets", TicketOut))
def list_tickets(asked: dict[str, Any]) -> Any:
    """Tickets, the oldest first."""
    both = joinedload(Ticket.customer), joinedload(Ticket.subscription)
    page = page_after(of_customer(Ticket, asked).options(*both), Ticket.id, asked)
    return {"data": [shape(row) for row in page["rows"]], "next_cursor": page["next_cursor"]}


@bp.get("/tickets/<uid>")
@requires(Permission.TICKET_READ)
@bp.response(200, TicketDetail)
def show_ticket(uid: str) -> Any:
    """One ticket with what was written."""
    return detail(get_or_404(Ticket.visible_to(g.actor), uid))


@bp.post("/tickets")
@requires(Permission.TICKET_WORK)
@once
@bp.arguments(TicketIn)
@bp.response(201, TicketDetail)
def create_ticket(body: dict[str, Any]) -> Any:
    """Open a ticket that a contact of the customer has asked for, as at the telephone (004-12)."""
    customer = named(Customer.visible_to(g.actor).where(Customer.uid == body["customer"]), "customer")
    subscription = _subscription(customer, body)
    if not body["identity_checked"]:
        raise Wrong({"#/identity_checked": [_("Rappelez-la au numéro du dossier avant de continuer.")]})
    row = _opened(customer, subscription, body)
    return detail(row), 201, {"Location": url_for(".show_ticket", uid=row.uid)}


def _opened(customer: Customer, subscription: Subscription | None, body: dict[str, Any]) -> Ticket:
    kind, caller = TicketKind(body["kind"]), customer.contact(ContactRole(body["contact"]))
    row = open_ticket(
        customer,
        kind=kind,
        subject=body["subject"],
        text=body["text"],
        severity=body.get("severity") if kind == TicketKind.INCIDENT else None,
        source=Source.PHONE,
        caller=caller.name,
        caller_check=caller.phone,
        subscription=subscription,
        known_on=body.get("known_on"),
        posted_on=body.get("posted_on"),
        wished_on=body.get("wished_on"),
        by=g.actor,
    )
    row.take(by=g.actor)
    return row


def _subscription(customer: Customer, body: dict[str, Any]) -> Subscription | None:
    if not (wanted := body.get("subscription")):
        return None
    query = Subscription.visible_to(g.actor).where(Subscription.customer_id == customer.id)
    found: Subscription = named(query.where(Subscription.uid == wanted), "subscription")
    return found


@bp.post("/tickets/<uid>/answers")
@requires(Permission.TICKET_WORK)
@once
@bp.arguments(AnswerIn)
@bp.response(201, TicketDetail)
def answer(body: dict[str, Any], uid: str) -> Any:
    """Answer the customer, who gets it by mail."""
    row = get_or_404(Ticket.visible_to(g.actor), uid)
    answer_ticket(row, body["text"], asks=body["asks"], by=g.actor)
    return detail(row), 201
