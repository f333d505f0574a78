"""Who did what to which record, and when: one row per event, written in the same transaction."""

from typing import Any

import structlog
from sqlalchemy import JSON, Index, String, select
from sqlalchemy.orm import Mapped, mapped_column

from portal.actor import Actor, Owner, owner_of
from portal.db import AWAY, Tenant, commits, db, writing
from portal.leaves import add_leaf_of
from portal.paging import Page, page_of
from portal.wording import N_

log = structlog.get_logger()


class System:
    """The actor of everything that no person asked for at that moment."""

    label = N_("portail")
    org_path = "/"
    id = None


SYSTEM = System()


class JournalEntry(Tenant, db.Model):
    """One event of a record's timeline. Never changed, never deleted."""

    __tablename__ = "journal_entry"
    __table_args__ = (Index("ix_journal_entry_subject", "subject_uid", "id"),)

    subject_kind: Mapped[str] = mapped_column(String(40))  # table name
    subject_uid: Mapped[str] = mapped_column(String(16))
    what: Mapped[str] = mapped_column(String(60))  # the verb: "sign", "issue"
    before: Mapped[str | None] = mapped_column(String(40))
    after: Mapped[str | None] = mapped_column(String(40))
    by_label: Mapped[str] = mapped_column(String(200))
    by_user_id: Mapped[int | None]
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


def record(
    subject: Any, what: str, *, by: Actor, before: str | None = None, after: str | None = None, **details: Any
) -> None:
    """Add an event to the timeline of ``subject`` (any tenant row); ``by`` has ``label`` and ``id``."""
    add_leaf_of(
        JournalEntry,
        organisation=owner_of(subject),
        subject_kind=subject.__tablename__,
        subject_uid=subject.uid,
        what=what,
        before=before,
        after=after,
        by_label=by.label,
        by_user_id=by.id,
        details=details,
    )


@commits
def record_taking(subject: Any, what: str, *, by: Actor, **details: Any) -> None:
    """Note that somebody reads or takes something away, in a transaction of its own.

    A database that cannot write now refuses nobody what is theirs: the line then stands in the log.
    """
    kind, uid = subject.__tablename__, subject.uid
    owner, whose = owner_of(subject), by.label
    db.session.commit()  # a transaction that has read cannot wait for its turn to write, on SQLite
    try:
        with writing():
            entry = _Subject(kind, uid, owner)
            record(entry, what, by=by, **details)
            db.session.commit()
    except AWAY:
        db.session.rollback()
        log.error("journal.unwritten", kind=kind, uid=uid, what=what, by=whose, **details)


def timeline(subject: Any) -> Page[JournalEntry]:
    """The events of one record, newest first."""
    query = select(JournalEntry).where(JournalEntry.subject_uid == subject.uid)
    return page_of(query, JournalEntry.id.desc(), name="events")


class _Subject:
    """What a line of the journal says of its record."""

    def __init__(self, kind: str, uid: str, owner: Owner) -> None:
        self.__tablename__, self.uid = kind, uid
        self.organisation_id, self.org_path = owner.id, owner.org_path
