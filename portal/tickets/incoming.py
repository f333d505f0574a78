"""A received mail becomes a message of a ticket, or a new one; what must not, is left aside.

Whoever writes is known by the address in « From » alone: the MTA refuses what fails SPF, DKIM or DMARC before
it pipes a mail to us (see docs/operations.md).
"""

import hashlib
import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage, MIMEPart
from email.utils import parseaddr
from enum import StrEnum
from html.parser import HTMLParser

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import func, select

from portal.accounts.models import User
from portal.customers.models import Contact, Customer
from portal.db import commits, db
from portal.errors import Refused
from portal.i18n import said
from portal.mail import Mail
from portal.scans import LARGEST_SCAN, read_scan
from portal.tickets.acts import Received, hear_customer, open_ticket
from portal.tickets.kinds import LONGEST, MOST_FILES, PREFIX, Source, TicketKind
from portal.tickets.models import Ticket, TicketMessage

LARGEST = 25 * 1024 * 1024  # bytes of a whole mail
_NUMBER = re.compile(rf"\b{PREFIX}-\d{{4}}-\d{{6}}\b")
_TEXT = 200_000  # characters of a body that are looked at
_RETURNED = ("mailer-daemon", "postmaster")


class Filed(StrEnum):
    """What became of a mail."""

    MESSAGE = "message"  # of the ticket that its subject names
    OPENED = "opened"  # a new ticket
    AGAIN = "again"  # known already
    AUTOMATIC = "automatic"  # no person wrote it, or we did
    UNKNOWN = "unknown"  # no contact of any customer, or of several
    REFUSED = "refused"  # too large, too many, nothing in it


@dataclass(frozen=True, slots=True)
class Outcome:
    filed: Filed
    ticket: Ticket | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class _Sender:
    label: str
    email: str
    id: int | None = None


@commits
def receive(raw: bytes) -> Outcome:
    """File one message of RFC 5322; whole, or not at all."""
    if len(raw) > LARGEST:
        return Outcome(Filed.REFUSED, why="too large")
    message = message_from_bytes(raw, policy=policy.default)
    if not isinstance(message, EmailMessage) or is_automatic(message):
        return Outcome(Filed.AUTOMATIC)
    name, address = parseaddr(str(message.get("From", "")))
    sender = _Sender(f"{name} <{address}>"[:200] if name else address[:200], address.strip().lower())
    customer, ticket = whose(sender.email, str(message.get("Subject", "")))
    if customer is None:
        return Outcome(Filed.UNKNOWN)
    mail = Received(str(message.get("Message-ID", "")).strip() or f"<{hashlib.sha256(raw).hexdigest()}>")
    if known := _known(mail, customer):
        return Outcome(Filed.AGAIN, known)
    try:
        filed = _file(message, customer, ticket, sender, mail)
        db.session.commit()
    except Refused as refusal:
        db.session.rollback()
        return Outcome(Filed.REFUSED, why=said(refusal))
    return filed


def is_automatic(message: EmailMessage) -> bool:
    """Out of office, returned mail, a list, or one of ours that came round. Source: RFC 3834."""
    submitted = str(message.get("Auto-Submitted", "no")).partition(";")[0].strip().lower()
    precedence = str(message.get("Precedence", "")).strip().lower()
    address = parseaddr(str(message.get("From", "")))[1].partition("@")[0].lower()
    if submitted != "no" or precedence in ("bulk", "junk", "list", "auto_reply"):
        return True
    if (
        str(message.get("Return-Path", "x")).strip() == "<>"
        or address in _RETURNED
        or "X-Autoreply" in message
    ):
        return True
    own = str(message.get("Message-ID", "")).strip()
    return bool(own) and db.session.scalar(select(func.count(Mail.id)).where(Mail.message_id == own)) != 0


def whose(address: str, subject: str) -> tuple[Customer | None, Ticket | None]:
    """The customer whose contact or person writes, and the ticket of hers that the subject names.

    A number of somebody else's is no number. Without one, an address that several share is nobody's.
    """
    contacts = select(Contact.customer_id).where(func.lower(Contact.email) == address)
    people = (
        select(Customer.id)
        .join(User, User.organisation_id == Customer.organisation_id)
        .where(User.email == address, User.works())
    )
    mine = set(db.session.scalars(contacts)) | set(db.session.scalars(people)) if "@" in address else set()
    numbers = _NUMBER.findall(subject.upper())
    query = select(Ticket).where(Ticket.number.in_(numbers), Ticket.customer_id.in_(mine))
    tickets = list(db.session.scalars(query)) if numbers and mine else []
    if len(tickets) == 1:
        return tickets[0].customer, tickets[0]
    if len(mine) != 1:
        return None, None
    return db.session.get(Customer, mine.pop()), None


def _known(mail: Received, customer: Customer) -> Ticket | None:
    query = select(TicketMessage).where(TicketMessage.message_key == mail.key(customer))
    found = db.session.scalars(query).one_or_none()
    return found.ticket if found else None


def _file(
    message: EmailMessage, customer: Customer, ticket: Ticket | None, sender: _Sender, mail: Received
) -> Outcome:
    with force_locale(customer.language):
        files, dropped = _files(message)
        text = words_of(message) or (_("(sans texte)") if files else "")
        if dropped:
            text += "\n\n" + _("Pièces non gardées : %(names)s", names=", ".join(dropped))
        subject = " ".join(_NUMBER.sub("", str(message.get("Subject", ""))).replace("[]", "").split())
        if ticket is not None:
            heard = hear_customer(ticket, text, files=files, by=sender, mail=mail)
            return Outcome(Filed.MESSAGE if heard is ticket else Filed.OPENED, heard)
        opened = open_ticket(
            customer,
            kind=TicketKind.INCIDENT,
            subject=subject or _("(sans objet)"),
            text=text,
            source=Source.MAIL,
            files=files,
            by=sender,
            mail=mail,
        )
        return Outcome(Filed.OPENED, opened)


class _Words(HTMLParser):
    """What people read of a page: a line for each block, nothing of styles and scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.hidden += tag in ("style", "script", "head")
        if tag in ("br", "p", "div", "tr", "li"):
            self.found.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in ("style", "script", "head")

    def handle_data(self, data: str) -> None:
        if self.hidden <= 0:
            self.found.append(data)


def words_of(message: EmailMessage) -> str:
    """What the sender wrote, without the mail that it answers."""
    part = message.get_body(("plain", "html"))
    if part is None:
        return ""
    text = _decoded(part)[:_TEXT]
    if part.get_content_subtype() == "html":
        reader = _Words()
        reader.feed(text)
        text = "".join(reader.found)
    lines = [line.rstrip() for line in text.replace("\r", "").replace("\0", "").split("\n")]
    own = [line for line in lines if not line.startswith(">")]
    return "\n".join(own).strip()[:LONGEST]


def _decoded(part: MIMEPart) -> str:
    """In the charset that is told; where none is, or one that does not exist, UTF-8 or else Windows-1252."""
    told = str(part.get_content_charset() or "us-ascii").lower()
    try:
        text = str(part.get_content())
    except (LookupError, ValueError, AssertionError):
        told = "us-ascii"
    if told not in ("us-ascii", "ascii"):
        return text
    raw = part.get_payload(decode=True)
    content = raw if isinstance(raw, bytes) else b""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _files(message: EmailMessage) -> tuple[list[tuple[str, bytes]], list[str]]:
    """PDF, JPEG and PNG within the limits, and the names of what is not kept."""
    files: list[tuple[str, bytes]] = []
    dropped: list[str] = []
    for part in message.iter_attachments():
        name = (part.get_filename() or "").replace("/", "_")[:80] or part.get_content_type()
        content = part.get_payload(decode=True)
        try:
            if not isinstance(content, bytes) or len(content) > LARGEST_SCAN or len(files) >= MOST_FILES:
                raise Refused("")
            read_scan(content)
        except Refused:
            dropped.append(name)
        else:
            files.append((name, content))
    return files, dropped
