"""The rows of notes."""

from sqlalchemy import Index, String, Text, select
from sqlalchemy.orm import Mapped, mapped_column

from portal.actor import Actor
from portal.db import Tenant, db
from portal.paging import Page, page_of

LONGEST = 4000  # characters of one note


class Note(Tenant, db.Model):
    """A few lines about a record, of its writer's house: those below never see them, those above do."""

    __tablename__ = "note"
    __table_args__ = (Index("ix_note_subject", "subject_uid", "id"),)

    subject_kind: Mapped[str] = mapped_column(String(40))  # name of a table
    subject_uid: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(Text)
    by_label: Mapped[str] = mapped_column(String(200))
    by_user_id: Mapped[int | None]


def notes_of(actor: Actor, subject: db.Model) -> Page[Note]:
    """What this person may read beside a record, newest first."""
    query = Note.visible_to(actor).where(Note.subject_uid == subject.uid)
    return page_of(query, Note.id.desc(), name="notes")


def find_own(actor: Actor, uid: str) -> Note | None:
    """A note that this very person has written."""
    return db.session.scalars(select(Note).where(Note.uid == uid, Note.by_user_id == actor.id)).one_or_none()
