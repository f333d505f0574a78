"""What was handed over behind a link, and whether this browser has given its code."""

from datetime import timedelta

from flask import abort, session
from sqlalchemy import func, select

from portal import clock
from portal.blobs import CUSTOMERS_OWN, Document
from portal.db import db
from portal.journal import JournalEntry
from portal.links import Purpose, SignedLink, open_link

CODE_GOOD_FOR = timedelta(hours=4)


def handed_over(subject_uid: str) -> list[Document]:
    """The files to fetch of a record, still there, in the order they were made."""
    query = select(Document).where(Document.subject_uid == subject_uid, Document.kind.in_(CUSTOMERS_OWN))
    return list(db.session.scalars(query.where(Document.erased.is_(False)).order_by(Document.id)))


def downloads(documents: list[Document]) -> dict[str, int]:
    """How often each file was fetched, by uid."""
    query = (
        select(JournalEntry.subject_uid, func.count())
        .where(JournalEntry.subject_uid.in_([one.uid for one in documents]), JournalEntry.what == "download")
        .group_by(JournalEntry.subject_uid)
    )
    return {row[0]: row[1] for row in db.session.execute(query)}


def link_with_code(token: str) -> SignedLink:
    """The link, if this browser gave its code within the last hours; else 403."""
    link = open_link(Purpose.FETCH_EXPORT, token)
    if not has_code(link):
        abort(403)
    return link


def has_code(link: SignedLink) -> bool:
    recent = link.code_passed_at is not None and clock.now() - link.code_passed_at < CODE_GOOD_FOR
    return recent and session.get("fetch") == link.uid
