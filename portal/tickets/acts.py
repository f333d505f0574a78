"""What is done with a ticket: each act keeps the next clock and tells the other side."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from hashlib import sha256

from flask_babel import gettext as _
from sqlalchemy import func, select

from portal import clock
from portal.actor import Actor
from portal.backups.models import Machine
from portal.blobs import keep
from portal.customers.models import Customer
from portal.db import db
from portal.errors import Refused
from portal.incidents.rules import check_wished_audit, check_wished_test
from portal.journal import SYSTEM, record
from portal.resellers.models import issuer_for, next_number
from portal.scans import Scan, read_scan
from portal.subscriptions.models import Subscription
from portal.tickets.clocks import check_may_contest, keep_due, may_contest
from portal.tickets.kinds import (
    IN_WRITING,
    MOST_FILES,
    ON_A_DAY,
    OPENED_PER_HOUR,
    PREFIX,
    WRITTEN_PER_HOUR,
    Side,
    Source,
    TicketKind,
    TicketState,
    Told,
)
from portal.tickets.letters import tell_closed, tell_customer, tell_opened, tell_staff
from portal.tickets.models import NOT_CLOSED, Ticket, TicketMessage
from portal.tickets.severities import kinds_of, severities_of

HOUR = timedelta(hours=1)
Files = Sequence[tuple[str, bytes]]  # name and content


def open_ticket(
    customer: Customer,
    *,
    kind: TicketKind,
    subject: str,
    text: str,
    source: Source,
    subscription: Subscription | None = None,
    severity: int | None = None,
    machine: Machine | None = None,
    caller: str = "",
    caller_check: str = "",
    known_on: date | None = None,
    posted_on: date | None = None,
    wished_on: date | None = None,
    follows: Ticket | None = None,
    files: Files = (),
    by: Actor,
    mail: "Received | None" = None,
) -> Ticket:
    """A new ticket with its number, its clocks and its first message.

    known_on, posted_on: of a claim, the day of receipt or knowledge, and the postmark of its letter.
    wished_on: of an audit or a penetration test.
    Raises Refused for what its contract does not know, days to come, and too many in an hour.

    Source: 000-30, 000-49, 001-34, 003-73, 004-12, 004-13.
    """
    if source in IN_WRITING:
        _check_flood(customer)
    _check(customer, kind, subscription, severity, known_on, posted_on, source)
    if kind in ON_A_DAY and subscription is not None:
        _check_wish(kind, subscription, wished_on)
    scans = read_files(files)
    entity = subscription.legal_entity if subscription else issuer_for(customer)
    ticket = Ticket(
        organisation=customer.organisation,
        number=next_number(entity, PREFIX, clock.today().year),
        legal_entity_id=entity.id,
        customer=customer,
        subscription=subscription,
        machine=machine,
        kind=kind,
        severity=severity,
        subject=" ".join(subject.split())[:140],
        state=TicketState.OPEN,
        source=source,
        caller=caller,
        caller_check=caller_check,
        known_on=known_on,
        posted_on=posted_on,
        wished_on=wished_on if kind in ON_A_DAY else None,
        confirmed_at=clock.now() if source in IN_WRITING else None,
        missed=[],
        follows_uid=follows.uid if follows else "",
    )
    db.session.add(ticket)
    db.session.flush()
    record(ticket, "open", by=by)
    side = {Source.PHONE: Side.HOUSE, Source.WALL: Side.PORTAL}.get(source, Side.CUSTOMER)
    message = _received(ticket.write(side, text, by=by, key=mail.key(customer) if mail else None), mail)
    keep_files(message, scans)
    keep_due(ticket)
    if source != Source.WALL:
        tell_opened(ticket)
    if side == Side.CUSTOMER:
        tell_staff(ticket, message, first=True)
    return ticket


class Received:
    """What is kept of a received mail: its Message-ID, so that it counts once for a customer."""

    def __init__(self, message_id: str) -> None:
        self.message_id = message_id[:300]

    def key(self, customer: Customer) -> str:
        return sha256(f"{customer.uid} {self.message_id}".encode()).hexdigest()


def _received(message: TicketMessage, mail: Received | None) -> TicketMessage:
    if mail is not None:
        message.message_id = mail.message_id
    return message


def _check(
    customer: Customer,
    kind: TicketKind,
    subscription: Subscription | None,
    severity: int | None,
    known_on: date | None,
    posted_on: date | None,
    source: Source,
) -> None:
    if subscription is not None and subscription.customer_id != customer.id:
        raise Refused(_("Cet abonnement n'est pas de ce client."), field="subscription")
    stack = subscription.terms.on(clock.today()) if subscription else None
    if kind not in kinds_of(stack):
        raise Refused(_("Le contrat de cet abonnement ne connaît pas cette réclamation."), field="kind")
    table = dict(severities_of(stack)) if stack else {}
    typed = source in (Source.SPACE, Source.PHONE)
    if kind == TicketKind.INCIDENT and table and typed and severity not in table:
        raise Refused(_("Choisissez la gravité dans la table du contrat."), field="severity")
    for name, day in (("known_on", known_on), ("posted_on", posted_on)):
        if day is not None and day > clock.today():
            raise Refused(_("Cette date est dans le futur."), field=name)
    if kind in (TicketKind.CONFORMITY, TicketKind.DAMAGE) and known_on is None:
        raise Refused(_("Indiquez le jour de la réception ou de la découverte."), field="known_on")
    if known_on and posted_on and posted_on < known_on:
        raise Refused(_("La lettre ne peut pas précéder la découverte."), field="posted_on")


def _check_wish(kind: TicketKind, subscription: Subscription, wished_on: date | None) -> None:
    """Source: 001-20, 003-40, 003-41."""
    if wished_on is None or wished_on <= clock.today():
        raise Refused(_("Indiquez le jour souhaité, à venir."), field="wished_on")
    stack = subscription.terms.on(clock.today())
    if kind == TicketKind.PENTEST and (notice := stack.find("pentest.notice_months")):
        check_wished_test(clock.today(), wished_on, int(notice.value), notice.clause)
    if kind == TicketKind.AUDIT and (limit := stack.find("audit.per_year")):
        mine = Ticket.subscription_id == subscription.id, Ticket.kind == TicketKind.AUDIT
        days = db.session.scalars(select(Ticket.wished_on).where(*mine, Ticket.wished_on.is_not(None)))
        check_wished_audit(wished_on, [day for day in days if day], int(limit.value), limit.clause)


def _check_flood(customer: Customer) -> None:
    """Raises Refused above so many of an hour, which nobody would read one by one."""
    query = select(func.count(Ticket.id)).where(
        Ticket.customer_id == customer.id,
        Ticket.source.in_(IN_WRITING),
        Ticket.created_at > clock.now() - HOUR,
    )
    if (db.session.scalar(query) or 0) >= OPENED_PER_HOUR:
        raise Refused(_("Trop de tickets en une heure : complétez un ticket ouvert, ou téléphonez."))


def _check_words(customer: Customer) -> None:
    query = (
        select(func.count(TicketMessage.id))
        .join(TicketMessage.ticket)
        .where(
            Ticket.customer_id == customer.id,
            TicketMessage.side == Side.CUSTOMER,
            TicketMessage.created_at > clock.now() - HOUR,
        )
    )
    if (db.session.scalar(query) or 0) >= WRITTEN_PER_HOUR:
        raise Refused(_("Trop de messages en une heure : attendez un peu, ou téléphonez."))


def read_files(files: Files) -> list[tuple[str, Scan]]:
    """Raises Refused, beside ``files``, for too many, and for anything but a PDF, JPEG or PNG of 10 MiB."""
    if len(files) > MOST_FILES:
        raise Refused(_("Joignez cinq fichiers au plus."), field="files")
    return [(name, read_scan(content, field="files")) for name, content in files]


def keep_files(message: TicketMessage, scans: list[tuple[str, Scan]]) -> None:
    for number, (name, scan) in enumerate(scans, 1):
        stem = "".join(sign if sign.isalnum() or sign in " -_" else "_" for sign in name.rpartition(".")[0])
        document = keep(
            scan.content,
            owner=message.ticket.customer.organisation,
            subject=message,
            kind="ticket",
            filename=f"{stem.strip()[:80] or f'piece-{number}'}.{scan.suffix}",
            media_type=scan.media_type,
        )
        db.session.add(document)


def answer_ticket(ticket: Ticket, text: str, *, asks: bool, files: Files = (), by: Actor) -> None:
    """The support writes, and the customer gets it by mail."""
    scans = read_files(files)
    message = ticket.answer(text, asks=asks, by=by)
    keep_files(message, scans)
    keep_due(ticket)
    tell_customer(ticket, message)


def hear_customer(
    ticket: Ticket, text: str, *, files: Files = (), by: Actor, mail: Received | None = None
) -> Ticket:
    """The customer writes; after a closing the same ticket goes on within the time to contest, and later
    another one is opened that follows it. Returns the ticket that has the message.

    Source: 004-17.
    """
    _check_words(ticket.customer)
    key = mail.key(ticket.customer) if mail else None
    if ticket.state == TicketState.CLOSED and not may_contest(ticket):
        return _follow(ticket, text, files, by, mail)
    scans = read_files(files)
    if ticket.state == TicketState.CLOSED:
        check_may_contest(ticket, text)
        message = ticket.reopen(text, by=by, key=key)
    else:
        message = ticket.hear(text, by=by, key=key)
    keep_files(_received(message, mail), scans)
    keep_due(ticket)
    tell_staff(ticket, message)
    return ticket


def _follow(ticket: Ticket, text: str, files: Files, by: Actor, mail: Received | None) -> Ticket:
    """Another one, about the same thing."""
    is_claim = ticket.is_claim
    return open_ticket(
        ticket.customer,
        kind=TicketKind.QUESTION if is_claim else ticket.kind,
        subject=ticket.subject,
        text=text,
        source=Source.MAIL if mail else Source.SPACE,
        subscription=ticket.subscription,
        severity=None if is_claim else ticket.severity,
        follows=ticket,
        files=files,
        by=by,
        mail=mail,
    )


def contest_closing(ticket: Ticket, reason: str, *, by: Actor) -> None:
    """Raises Refused after the contract's delay, or without a reason. Source: 004-17."""
    check_may_contest(ticket, reason)
    message = ticket.reopen(reason, by=by)
    keep_due(ticket)
    tell_staff(ticket, message)


def join_contract(ticket: Ticket, subscription: Subscription, *, by: Actor) -> None:
    """Say which contract a ticket is about that came without one; its clocks count from its opening.

    Raises Refused for a ticket that is closed or has one, and for a contract of somebody else's.
    Source: 003-73, 004-12.
    """
    if ticket.is_over:
        raise Refused(_("Ce ticket est clos."), field="subscription")
    if ticket.subscription is not None:
        raise Refused(_("Ce ticket a déjà son abonnement."), field="subscription")
    if subscription.customer_id != ticket.customer_id:
        raise Refused(_("Cet abonnement n'est pas de ce client."), field="subscription")
    ticket.subscription = subscription
    record(ticket, "join_contract", by=by, subscription=subscription.label)
    keep_due(ticket)


def grade(ticket: Ticket, kind: TicketKind, severity: int | None, *, by: Actor) -> None:
    """Set right what it is; its clocks follow."""
    if ticket.is_over:
        raise Refused(_("Ce ticket est clos."))
    _check(
        ticket.customer, kind, ticket.subscription, severity, ticket.known_on, ticket.posted_on, Source.PHONE
    )
    record(ticket, "grade", by=by, before=str(ticket.severity or ""), after=str(severity or ""))
    ticket.kind, ticket.severity = kind, severity if kind == TicketKind.INCIDENT else None
    keep_due(ticket)


def post_claim(ticket: Ticket, posted_on: date, *, by: Actor) -> None:
    """The registered letter of a claim: its postmark decides. Source: 000-49, 001-34."""
    if ticket.kind != TicketKind.DAMAGE or ticket.known_on is None:
        raise Refused(_("Ce ticket n'est pas une réclamation par lettre."))
    if not ticket.known_on <= posted_on <= clock.today():
        raise Refused(_("La lettre se situe entre la découverte et aujourd'hui."), field="posted_on")
    record(ticket, "post_claim", by=by, on=posted_on.isoformat())
    ticket.posted_on = posted_on


def close_ticket(
    ticket: Ticket, text: str, told: Told, to: str, *, restored_at: datetime | None = None, by: Actor
) -> None:
    """The service is back and the customer is told, by mail or by telephone. Source: 004-16."""
    if ticket.can("solve"):
        ticket.solve(restored_at, by=by)
    ticket.answered_at = ticket.answered_at or clock.now()
    ticket.close(told, to, by=by)
    ticket.write(Side.PORTAL if by is SYSTEM else Side.HOUSE, text, by=by)
    keep_due(ticket)
    if told == Told.MAIL:
        tell_closed(ticket, text)


def open_ticket_of(machine: Machine) -> Ticket | None:
    """The one that is not closed about a machine."""
    query = select(Ticket).where(Ticket.machine_id == machine.id, Ticket.state.in_(NOT_CLOSED))
    return db.session.scalars(query.order_by(Ticket.id.desc())).first()
