"""The mails of a ticket, with its number in the subject and the thread of those before it."""

from collections.abc import Iterable

from flask import current_app
from sqlalchemy import select

from portal.access import Role
from portal.accounts.models import Organisation, OrganisationKind, User
from portal.backups.anomalies import staff_of
from portal.customers.models import ContactRole
from portal.db import EVERYTHING, db, scope
from portal.desk.models import WorkKind, work_about
from portal.engine.models import mail_contact
from portal.mail import Mail, link, queue_mail
from portal.mail.message import Thread, mail_thread
from portal.tickets.clocks import Clock, clocks_of, rights_of, value_of
from portal.tickets.kinds import Source
from portal.tickets.models import Ticket, TicketMessage

_SHOWN = 20  # Message-IDs of a thread


def tell_opened(ticket: Ticket) -> None:
    """Her number leaves by itself; whoever telephoned is asked to confirm in writing. Source: 004-13."""
    minutes = value_of(ticket, "ticket.confirmation_minutes")
    asks = ticket.confirmed_at is None and ticket.source == Source.PHONE and minutes is not None
    clocks = [each for each in clocks_of(ticket) if each.what in ("answer_due", "fix_due")]
    _to_customer(ticket, "opened", clocks=clocks, minutes=minutes.value if minutes and asks else 0)


def tell_customer(ticket: Ticket, message: TicketMessage) -> None:
    _to_customer(ticket, "message", text=plain(message.text), asks=ticket.state == "ticket_waiting")


def tell_closed(ticket: Ticket, text: str) -> None:
    """The closing, and until when it may be contested. Source: 004-16, 004-17."""
    work = work_about(ticket.uid, WorkKind.INCIDENT)
    contest = next((each for each in clocks_of(ticket) if each.what == "contest_closes"), None)
    _to_customer(ticket, "closed", text=plain(text), contest=contest, work=work)


def tell_report(ticket: Ticket) -> None:
    """Source: 004-18."""
    document = ticket.report
    _to_customer(ticket, "report", attach=[document] if document else [])


def _to_customer(ticket: Ticket, name: str, **words: object) -> None:
    customer = ticket.customer
    queue_mail(
        mail_contact(customer, ContactRole.INCIDENT),
        f"tickets/mail_{name}.txt",
        about=ticket,
        owner=customer.organisation,
        language=customer.language,
        urgent=True,
        ticket=ticket,
        page=link(f"/tickets/{ticket.uid}"),
        **words,  # type: ignore[arg-type]
    )


def tell_staff(ticket: Ticket, message: TicketMessage, *, first: bool = False) -> None:
    """Who sees to it, or else those who look after her at her reseller."""
    with scope(EVERYTHING):
        taken = db.session.get(User, ticket.taken_by_id) if ticket.taken_by_id else None
        people = [taken] if taken is not None and taken.is_enabled else staff_of(ticket.customer)
        _to_people(ticket, people, "message_staff", text=plain(message.text), first=first)


def tell_missed(ticket: Ticket, missed: Clock) -> None:
    """A clock of the house has run out: the operators read it, and who sees to the ticket."""
    with scope(EVERYTHING):
        root = select(Organisation.id).where(Organisation.kind == OrganisationKind.PROVIDER)
        asked = (User.role == Role.OPERATOR) & User.organisation_id.in_(root) | (
            User.id == ticket.taken_by_id
        )
        people = db.session.scalars(select(User).where(asked, User.works()).order_by(User.id)).all()
        _to_people(ticket, people, "missed", missed=missed, rights=rights_of(ticket))


def _to_people(ticket: Ticket, people: Iterable[User], name: str, **words: object) -> None:
    for user in people:
        queue_mail(
            user,
            f"tickets/mail_{name}.txt",
            about=ticket,
            owner=user.organisation,
            language=user.language or "fr",
            urgent=True,
            ticket=ticket,
            page=link(f"/tickets/{ticket.uid}"),
            **words,  # type: ignore[arg-type]
        )
    db.session.flush()


def plain(text: str) -> str:
    """Somebody's words as lines of a mail: none stands out, none is a button or the foot."""
    lines = (f"> {line.strip()}" for line in text.splitlines() if line.strip())
    return "\n".join(lines)


@mail_thread()
def thread_of(mail: Mail) -> Thread | None:
    """What the customer wrote and was written before, and the address that receives her answers."""
    if not mail.kind.startswith("tickets/"):
        return None
    sent = db.session.scalars(
        select(Mail.message_id)
        .where(Mail.subject_uid == mail.subject_uid, Mail.recipient == mail.recipient, Mail.id < mail.id)
        .order_by(Mail.id)
    ).all()
    heard = db.session.scalars(
        select(TicketMessage.message_id)
        .join(TicketMessage.ticket)
        .where(Ticket.uid == mail.subject_uid, TicketMessage.message_id != "")
        .where(TicketMessage.created_at <= mail.created_at)
        .order_by(TicketMessage.id)
    ).all()
    known = [*sent, *heard]
    address = "" if mail.kind in _OF_STAFF else str(current_app.config["TICKET_ADDRESS"])
    return Thread(tuple(known[:1] + known[1:][-_SHOWN:]), address, mail.kind == "tickets/mail_message")


_OF_STAFF = ("tickets/mail_message_staff", "tickets/mail_missed")
