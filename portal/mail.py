"""Mails are rows first: queued in the business transaction, sent by the worker after the commit.

The body is stored sealed, because mails carry activation keys and links. Over SMTP when ``SMTP_URL`` is
set; otherwise into a Maildir, which the demo shows at ``/outbox``.
"""

import mailbox
import smtplib
import ssl
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from flask import current_app, render_template
from flask_babel import force_locale
from sqlalchemy import JSON, String, Text, select
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock, jobs
from portal.blobs import Document, content_of
from portal.crypto.secrets import Sealed
from portal.db import Tenant, db
from portal.paging import Page, page_of


class MailState(StrEnum):
    QUEUED = "queued"
    SENT = "sent"


class Mail(Tenant, db.Model):
    """One message to one person."""

    __tablename__ = "mail"

    recipient: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(300))
    body_sealed: Mapped[str] = mapped_column(Text)
    body = Sealed()
    language: Mapped[str] = mapped_column(String(5), default="fr")
    subject_uid: Mapped[str] = mapped_column(String(16), index=True)  # the record it speaks of
    attachments: Mapped[list[str]] = mapped_column(JSON, default=list)  # document uids
    state: Mapped[MailState] = mapped_column(default=MailState.QUEUED)
    sent_at: Mapped[datetime | None]
    message_id: Mapped[str] = mapped_column(String(200))
    server_answer: Mapped[str] = mapped_column(String(300), default="")


def queue_mail(
    to: str,
    template: str,
    *,
    about: Any,
    owner: Any,
    language: str = "fr",
    attach: list[Document] | None = None,
    **context: Any,
) -> Mail:
    """Write a mail and ask for its sending, both in the present transaction.

    ``template`` is a text file whose first line is the subject. ``about`` is the record whose timeline
    shows the mail; ``owner`` the organisation that the row belongs to.
    """
    host = urlsplit(current_app.config["PUBLIC_URL"]).hostname
    with force_locale(language):
        text = render_template(template, public_url=current_app.config["PUBLIC_URL"], **context)
    subject, _, body = text.strip().partition("\n")
    mail = Mail(
        organisation=owner,
        recipient=to,
        subject=subject.strip(),
        language=language,
        subject_uid=about.uid,
        attachments=[document.uid for document in attach or []],
        state=MailState.QUEUED,
        message_id=make_msgid(domain=host or "localhost"),
        server_answer="",
    )
    mail.body = body.strip() + "\n"
    db.session.add(mail)
    jobs.enqueue("mail.send", mail.uid, owner)
    return mail


def link(path: str) -> str:
    """Absolute address for a mail, built from PUBLIC_URL and never from the request's host."""
    return f"{current_app.config['PUBLIC_URL']}{path}"


@jobs.job("mail.send", jobs.Lane.MAIL)
def send_mail(claim: jobs.Claim) -> None:
    mail = db.session.scalars(select(Mail).where(Mail.uid == claim.ref)).one()
    if mail.state == MailState.SENT:
        return
    mail.server_answer = deliver(as_message(mail))
    mail.state, mail.sent_at = MailState.SENT, clock.now()
    claim.step(done=1, total=1)


def as_message(mail: Mail) -> EmailMessage:
    """The message as it travels; one recipient, and header injection is refused by construction."""
    message = EmailMessage()
    message["Subject"] = mail.subject
    message["From"] = Address(addr_spec=current_app.config["MAIL_FROM"])
    message["To"] = Address(addr_spec=mail.recipient)
    message["Date"] = format_datetime(mail.created_at)
    message["Message-ID"] = mail.message_id  # the same on every retry: a relay can drop the double
    message["Content-Language"] = mail.language
    message.set_content(mail.body)
    for uid in mail.attachments:
        document = db.session.scalars(select(Document).where(Document.uid == uid)).one()
        main, _, sub = document.media_type.partition("/")
        message.add_attachment(content_of(document), maintype=main, subtype=sub, filename=document.filename)
    return message


def deliver(message: EmailMessage) -> str:
    """Hand over to the SMTP server or the Maildir; returns what the other side said."""
    url = current_app.config["SMTP_URL"]
    if not url:
        box = mailbox.Maildir(Path(current_app.config["DATA_DIR"]) / "mailbox")
        return f"maildir {box.add(message)}"
    parts = urlsplit(url)
    port = parts.port or (465 if parts.scheme == "smtps" else 25)
    kind = smtplib.SMTP_SSL if parts.scheme == "smtps" else smtplib.SMTP
    with kind(parts.hostname or "localhost", port, timeout=20) as server:
        if parts.scheme == "smtp" and parse_qs(parts.query).get("tls") == ["1"]:
            server.starttls(context=ssl.create_default_context())
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(message)  # raises when the only recipient is refused
        return "250"


def mails_about(*subjects: Any) -> Page[Mail]:
    """The mails that speak of these records, newest first."""
    uids = [subject.uid for subject in subjects]
    return page_of(select(Mail).where(Mail.subject_uid.in_(uids)), Mail.id.desc(), name="mails")
