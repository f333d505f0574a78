"""The rows: what was written to whom, in which state it is, and what the relay said."""

from datetime import datetime
from email.utils import make_msgid
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import JSON, Index, String, Text, select, text
from sqlalchemy.orm import Mapped, mapped_column

from portal import jobs
from portal.blobs import Document
from portal.crypto.secrets import Sealed
from portal.db import Tenant, db
from portal.leaves import add_leaf
from portal.mail.addresses import own_address
from portal.mail.greeting import Addressee, Reachable
from portal.mail.kinds import KINDS, Kind, kind_of_template
from portal.mail.voice import voice_for
from portal.mail.writing import written
from portal.paging import Page, page_of
from portal.panels import Place
from portal.papers import enqueue_behind

KIND = "mail.send"  # the task of a mail; its ref is the mail's uid


class MailState(StrEnum):
    QUEUED = "queued"
    SENT = "sent"  # the relay has taken it over
    REFUSED = "refused"  # the relay, or the address itself, says no for good
    GIVEN_UP = "given_up"  # tried for days
    DECLINED = "declined"  # its person does not want notices of this kind: written, never sent


UNDELIVERED = (MailState.REFUSED, MailState.GIVEN_UP)
IS_UNDELIVERED = text("mail.state IN ('refused', 'given_up')")
"""As the index of these few is written: with values instead, SQLite would read every mail."""


class Letter(NamedTuple):
    """What is about to be written: in whose affairs, of what kind, to whom by default."""

    owner: Any
    kind: Kind
    to: Reachable


addressed: Place[Any, list[Reachable]] = Place()  # of a Letter: to whom it goes instead


class Mail(Tenant, db.Model):
    """One message to one person."""

    __tablename__ = "mail"
    __table_args__ = (
        Index("ix_mail_state", "state", "id"),
        Index(
            "ix_mail_undelivered",
            "id",
            postgresql_where=text("state IN ('refused', 'given_up')"),
            sqlite_where=text("state IN ('refused', 'given_up')"),
        ),
        Index("ix_mail_kind", "kind", "id"),
        Index("ix_mail_recipient", "recipient", "id"),
        Index("ix_mail_owner", "organisation_id", "id"),
    )

    recipient: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(300))
    body_sealed: Mapped[str] = mapped_column(Text)
    body = Sealed()
    language: Mapped[str] = mapped_column(String(5), default="fr")
    kind: Mapped[str] = mapped_column(String(60), default="")  # of KINDS; "" for those of long ago
    sender: Mapped[str | None] = mapped_column(String(70))  # name before our address; None: that of MAIL_FROM
    reply_to: Mapped[str | None] = mapped_column(String(254))  # people who answer
    subject_uid: Mapped[str] = mapped_column(String(16), index=True)  # the record it speaks of
    attachments: Mapped[list[str]] = mapped_column(JSON, default=list)  # document uids
    state: Mapped[MailState] = mapped_column(default=MailState.QUEUED)
    again_at: Mapped[datetime | None]  # a person asked for it again; the days of trying begin anew
    sent_at: Mapped[datetime | None]
    message_id: Mapped[str] = mapped_column(String(200))
    copy_of: Mapped[str | None] = mapped_column(String(16), index=True)  # uid of the first of these words
    server_answer: Mapped[str] = mapped_column(String(300), default="")  # the relay's last words about it

    @property
    def is_undelivered(self) -> bool:
        """It will not leave unless a person asks for it again."""
        return self.state in UNDELIVERED


def queue_mail(
    to: Reachable | str,
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

    ``to`` is a person, greeted by name where it is a person's, or a bare address. ``template`` is a text file
    whose first line is the subject; greeting, sender and reason are put around it. ``about`` is the record
    whose timeline shows the mail; ``owner`` the organisation that the row belongs to. ``urgent``: somebody
    waits for it, so it never stands behind a run's thousands. Who writes is ``entity``, where one is given,
    or the issuer above the owner.

    A customer's wishes may send it to several; the answer is the first one's. What its person has declined
    is written and does not leave.
    """
    person = Addressee(to) if isinstance(to, str) else to
    kind = KINDS[kind_of_template(template)]
    people = next(iter(addressed.shown(Letter(owner, kind, person))), [person]) if kind.topic else [person]
    frame: dict[str, Any] = {"about": about, "owner": owner, "language": language, "urgent": urgent}
    mails = [_queue(each, template, attach=attach or [], **frame, **context) for each in people]
    return mails[0]


def _queue(
    person: Reachable,
    template: str,
    *,
    about: Any,
    owner: Any,
    language: str,
    attach: list[Document],
    urgent: bool,
    **context: Any,
) -> Mail:
    """One row to one person."""
    is_declined = getattr(person, "declines", None)
    declined = is_declined is not None and is_declined(KINDS[kind_of_template(template)].group)
    voice = voice_for(owner, context.get("entity"))
    text = written(template, language, owner=owner, person=person, voice=voice, **context)
    mail = Mail(
        organisation=owner,
        recipient=person.email,
        subject=text.subject,
        language=language,
        kind=kind_of_template(template),
        sender=(voice.brand or voice.name)[:70] or None,
        reply_to=voice.email or None,
        subject_uid=about.uid,
        attachments=[document.uid for document in attach],
        state=MailState.DECLINED if declined else MailState.QUEUED,
        message_id=make_msgid(domain=own_address().domain or "localhost"),
        server_answer="",
    )
    mail.body = text.body
    add_leaf(mail)
    if declined:
        return mail
    lane = jobs.Lane.PROMPT if urgent else jobs.Lane.MAIL
    if attach:
        enqueue_behind(attach, KIND, mail.uid, owner, lane)
    else:
        jobs.enqueue_first(KIND, mail.uid, owner, lane=lane)
    return mail


def sent_at_of(uid: str | None) -> datetime | None:
    """When the relay took over the mail of this uid (UTC); None for one that has not left, or for none."""
    return db.session.scalar(select(Mail.sent_at).where(Mail.uid == uid)) if uid else None


def mails_about(*subjects: Any) -> Page[Mail]:
    """The mails that speak of these records, newest first."""
    uids = [subject.uid for subject in subjects]
    return page_of(select(Mail).where(Mail.subject_uid.in_(uids)), Mail.id.desc(), name="mails")
