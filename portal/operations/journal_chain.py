"""A chain over the journal: each link holds the digest of the lines since the one before, sealed.

Whoever can write to the database but has no keys cannot change, add or remove a line behind a link, nor
make another chain. The newest link is printed by ``flask journal verify`` and belongs outside: a later
``--since`` with it proves that the chain was not made again with the keys either.
"""

import hashlib
import json
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from datetime import timedelta

from cryptography.exceptions import InvalidTag
from sqlalchemy import Text, func, select
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock, jobs
from portal.crypto.secrets import Sealed
from portal.db import Row, db
from portal.journal import JournalEntry

SETTLED_AFTER = timedelta(hours=1)  # a line that was given its number earlier has been committed by now
_AT_ONCE = 1000
_CODED = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


class JournalLink(Row, db.Model):
    """One link: everything up to ``last_id``."""

    __tablename__ = "journal_link"

    last_id: Mapped[int] = mapped_column(unique=True)
    lines: Mapped[int]
    digest_sealed: Mapped[str] = mapped_column(Text)
    digest = Sealed()


class BrokenChain(Exception):
    """The journal is not what was sealed; the text says where."""


def add_link() -> JournalLink | None:
    """Seal what is settled since the last link; None when there is nothing new."""
    before = _newest()
    settled = select(func.max(JournalEntry.id)).where(JournalEntry.created_at < clock.now() - SETTLED_AFTER)
    last = db.session.scalar(settled) or 0
    first = before.last_id if before else 0
    if last <= first:
        return None
    lines, digest = _digest(before.digest if before else "", first, last)
    link = JournalLink(last_id=last, lines=lines)
    link.digest = digest
    db.session.add(link)
    return link


def verify() -> JournalLink | None:
    """Work every link out again; the newest one. Raises BrokenChain at the first that does not fit.

    The lines of all links are read as one stream, so that many small links cost no more than a few long ones.
    """
    links = db.session.scalars(select(JournalLink).order_by(JournalLink.id)).all()
    with closing(_lines(0, links[-1].last_id if links else 0)) as lines:
        _follow(links, lines)
    return links[-1] if links else None


def _follow(links: Sequence[JournalLink], lines: Iterator[tuple[int, bytes]]) -> None:
    previous, first, ahead = "", 0, next(lines, None)
    for link in links:
        whole, count = hashlib.sha256(previous.encode()), 0
        while ahead is not None and ahead[0] <= link.last_id:
            whole.update(ahead[1])
            count, ahead = count + 1, next(lines, None)
        try:
            sealed = link.digest
        except InvalidTag:
            raise BrokenChain(f"link {link.uid} is not of these keys") from None
        if (link.lines, sealed) != (count, whole.hexdigest()):
            raise BrokenChain(f"the journal differs between lines {first + 1} and {link.last_id}")
        previous, first = sealed, link.last_id


def find(digest: str) -> JournalLink | None:
    """The link with this digest, once :func:`verify` has read them all."""
    links = db.session.scalars(select(JournalLink).order_by(JournalLink.id.desc()))
    return next((link for link in links if link.digest == digest), None)


def _newest() -> JournalLink | None:
    return db.session.scalars(select(JournalLink).order_by(JournalLink.id.desc()).limit(1)).one_or_none()


def _digest(previous: str, after: int, last: int) -> tuple[int, str]:
    """How many lines lie in a range of numbers, and the digest of the link before with all of them."""
    whole, count = hashlib.sha256(previous.encode()), 0
    for _id, line in _lines(after, last):
        whole.update(line)
        count += 1
    return count, whole.hexdigest()


def _lines(after: int, last: int) -> Generator[tuple[int, bytes]]:
    """Number and bytes of each line, without its place in the tree: an organisation may move."""
    columns = (
        JournalEntry.id,
        JournalEntry.uid,
        JournalEntry.created_at,
        JournalEntry.subject_kind,
        JournalEntry.subject_uid,
        JournalEntry.what,
        JournalEntry.before,
        JournalEntry.after,
        JournalEntry.by_label,
        JournalEntry.by_user_id,
        JournalEntry.details,
    )
    query = select(*columns).where(JournalEntry.id > after, JournalEntry.id <= last).order_by(JournalEntry.id)
    with db.session.execute(query.execution_options(yield_per=_AT_ONCE)) as rows:
        for number, uid, at, *rest in rows:
            yield number, _CODED.encode([number, uid, at.isoformat(), *rest]).encode() + b"\n"


@jobs.periodic("journal.seal", jobs.hourly)
def seal() -> None:
    add_link()


@jobs.periodic("journal.verify", jobs.daily)
def watch() -> None:
    """A broken chain is a duty that fails: red on the page of work, in the log and in the metrics."""
    verify()
