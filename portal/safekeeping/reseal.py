"""What is sealed with a former data key is sealed with the present one, in steps that a kill interrupts."""

import hashlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import bindparam, func, select, update

from portal.blob_stores import store
from portal.blobs import Document, kept_with, store_faults_told
from portal.crypto.sealed_file import BrokenFile, open_sealed, write_sealed
from portal.crypto.secrets import keyring
from portal.db import commits, db, new_uid
from portal.paging import chunk_of
from portal.safekeeping.sealed_columns import SealedColumn, sealed_columns
from portal.safekeeping.staging import workshop

STEP = 500  # rows of one transaction
Tell = Callable[[], object]


def reseal_columns(tell: Tell = lambda: None) -> int:
    """Every value that another key has sealed; says how many there were. Done again: none."""
    return sum(_reseal_column(column, tell) for column in sealed_columns())


@commits
def _reseal_column(column: SealedColumn, tell: Tell) -> int:
    table, done, last = column.table, 0, 0
    rows = select(table.c.id, table.c.uid, column.sealed.label("sealed")).order_by(table.c.id)
    same = update(table).where(table.c.id == bindparam("of"), column.sealed == bindparam("was"))
    change = same.values({column.sealed.name: bindparam("becomes")})  # not what was changed meanwhile
    while True:
        ring = keyring()
        other = ~column.sealed.startswith(f"{ring.current}.", autoescape=True)
        found = chunk_of(rows.where(column.sealed.is_not(None), other, table.c.id > last), STEP)
        again = []
        for id_, uid, sealed in found:
            context = column.context(uid)
            value = ring.seal(ring.open(sealed, context), context)
            again.append({"of": id_, "was": sealed, "becomes": value})
        if again:
            db.session.connection().execute(change, again)
        db.session.commit()
        tell()
        if not found:
            return done
        done, last = done + len(found), found[-1].id


def values_sealed_with(kid: str) -> int:
    """How many values of the database a data key has sealed."""
    return sum(
        db.session.scalar(
            select(func.count())
            .select_from(column.table)
            .where(column.sealed.startswith(f"{kid}.", autoescape=True))
        )
        or 0
        for column in sealed_columns()
    )


def documents_by_key() -> Iterator[tuple[str, str | None]]:
    """The uid of each stored document, and the data key that it is sealed with; None for a plain one."""
    last = 0
    query: Any = select(Document.id, Document.uid, Document.storage_key)
    query = query.where(Document.erased.is_(False))
    while rows := chunk_of(query.where(Document.id > last).order_by(Document.id), STEP):
        db.session.rollback()
        for _id, uid, key in rows:
            try:
                with store_faults_told():
                    yield uid, kept_with(key)
            except FileNotFoundError:
                continue
        last = rows[-1].id


def reseal_documents(tell: Tell = lambda: None) -> tuple[int, list[str]]:
    """Every stored file that another key has sealed; how many, and the uids of those that cannot be read."""
    done, broken = 0, []
    for uid, kid in documents_by_key():
        if kid is not None and kid != keyring().current:
            try:
                done += reseal_document(uid)
            except OSError:
                broken.append(uid)
                db.session.rollback()
        tell()
    return done, broken


@commits
def reseal_document(uid: str) -> bool:
    """Write one file anew under the present key; False if it is erased meanwhile.

    The new file is read back before it takes the place of the old one, in one step.
    """
    query = select(Document).where(Document.uid == uid)
    document = db.session.scalars(query).one()
    key, size, digest = document.storage_key, document.size_bytes, document.sha256
    db.session.rollback()
    part = workshop() / f"{new_uid()}.sealed"
    try:
        derive = partial(keyring().file_key, context=key)
        with open_sealed(partial(store().open, key), size, derive) as content, part.open("wb") as out:
            written = write_sealed(content, out, keyring().current, derive)
        with open_sealed(partial(_opened, part), size, derive) as again:
            if written.sha256 != digest or hashlib.file_digest(again, "sha256").hexdigest() != digest:  # type: ignore[arg-type]
                raise BrokenFile(key)
        document = db.session.scalars(query.with_for_update()).one()  # erasing it waits, or came first
        if document.erased or document.storage_key != key:
            db.session.rollback()
            return False
        with store_faults_told():
            store().adopt(key, part, lambda: None)
        db.session.commit()
        return True
    finally:
        part.unlink(missing_ok=True)


def _opened(path: Path, start: int) -> BinaryIO:
    source = path.open("rb")
    source.seek(start)
    return source
