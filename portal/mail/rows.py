"""The rows: what was written to whom, in which state it is, and what the relay said."""

from datetime import datetime
from email.utils import make_msgid
from enum import StrEnum
from typing import Any

from flask import current_app, render_template
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import JSON, Index, String, Text, select
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock, jobs
from portal.actor import Actor
from portal.blobs import Document
from portal.crypto.secrets import Sealed
from portal.db import Tenant, db
from portal.errors import Refused
from portal.journal import record
from portal.leaves import add_leaf
from portal.mail.addresses import own_address
from portal.paging import Page, page_of
from portal.papers import enqueue_behind

KIND = "mail.send"  # the task of a mail; its ref is the mail's uid


class MailState(StrEnum):
    QUEUED = "queued"
    SENT = "sent"  # the relay has taken it over
    REFUSED = "refused"  # the relay, or the address itself, says no for good
    GIVEN_UP = "given_up"  # tried for days


UNDELIVERED = (MailState.REFUSED, MailState.GIVEN_UP)


class Mail(Tenant, db.Model):
    """One message to one person."""

    __tablename__ = "mail"
    __table_args__ = (Index("ix_mail_state", "state", "id"),)

    recipient: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(300))
    body_sealed: Mapped[str] = mapped_column(Text)
    body = Sealed()
    language: Mapped[str] = mapped_column(String(5), default="fr")
    sender: Mapped[str | None] = mapped_column(String(70))  # name before our address; None: that of MAIL_FROM
    subject_uid: Mapped[str] = mapped_column(String(16), index=True)  # the record it speaks of
    attachments: Mapped[list[str]] = mapped_column(JSON, default=list)  # document uids
    state: Mapped[MailState] = mapped_column(default=MailState.QUEUED)
    again_at: Mapped[datetime | None]  # a person asked for it again; the days of trying begin anew
    sent_at: Mapped[datetime | None]
    message_id: Mapped[str] = mapped_column(String(200))
    server_answer: Mapped[str] = mapped_column(String(300), default="")  # the relay's last words about it

    @property
    def is_undelivered(self) -> bool:
        """It will not leave unless a person asks for it again."""
        return self.state in UNDELIVERED


def queue_mail(
    to: str,
    template: str,
    *,
    about: Any,
    owner: Any,
    language: str = "fr",
    attach: list[Document] | None = None,
    urgent: bool = False,
    **context: Any,
) -> Mail:
    """Write a mail and ask for its sending, both in the present transaction.

    It leaves once the documents that it carries are there.

    ``template`` is a text file whose first line is the subject. ``about`` is the record whose timeline
    shows the mail; ``owner`` the organisation that the row belongs to. ``urgent``: somebody waits for it, so
    it never stands behind a run's thousands. The sender's name is that of ``entity``, where one is given.
    """
    with force_locale(language):
        text = render_template(template, public_url=current_app.config["PUBLIC_URL"], **context)
    subject, _newline, body = text.strip().partition("\n")
    mail = Mail(
        organisation=owner,
        recipient=to,
        subject=subject.strip(),
        language=language,
        sender=getattr(context.get("entity"), "name", None),
        subject_uid=about.uid,
        attachments=[document.uid for document in attach or []],
        state=MailState.QUEUED,
        message_id=make_msgid(domain=own_address().domain or "localhost"),
        server_answer="",
    )
    mail.body = body.strip() + "\n"
    add_leaf(mail)
    lane = jobs.Lane.PROMPT if urgent else jobs.Lane.MAIL
    if attach:
        enqueue_behind(attach, KIND, mail.uid, owner, lane)
    else:
        jobs.enqueue_first(KIND, mail.uid, owner, lane=lane)
    return mail


def send_again(mail: Mail, *, by: Actor) -> None:
    """Put a mail that was refused or given up back in the queue; raises Refused for any other."""
    if not mail.is_undelivered:
        raise Refused(_("Ce message n'a pas été refusé : il n'est pas à renvoyer."))
    record(mail, "send_again", by=by, before=mail.state, to=mail.recipient, answer=mail.server_answer)
    mail.state, mail.again_at, mail.server_answer = MailState.QUEUED, clock.now(), ""
    jobs.do_again(KIND, mail.uid)


def link(path: str) -> str:
    """Absolute address for a mail, built from PUBLIC_URL and never from the request's host."""
    return f"{current_app.config['PUBLIC_URL']}{path}"


def sent_at_of(uid: str | None) -> datetime | None:
    """When the relay took over the mail of this uid (UTC); None for one that has not left, or for none."""
    return db.session.scalar(select(Mail.sent_at).where(Mail.uid == uid)) if uid else None


def mails_about(*subjects: Any) -> Page[Mail]:
    """The mails that speak of these records, newest first."""
    uids = [subject.uid for subject in subjects]
    return page_of(select(Mail).where(Mail.subject_uid.in_(uids)), Mail.id.desc(), name="mails")
