"""Files that the portal makes and keeps (PDF, XML, archives): a local folder or S3, one row each.

The store holds ciphertext only: who reads its disk, its bucket or a copy of them reads nothing.
"""

import hashlib
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import structlog
from botocore.exceptions import BotoCoreError, ClientError
from flask import Response, current_app, request, send_file
from flask_babel import gettext as _
from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.blob_stores import Tell, store
from portal.crypto.sealed_file import (
    HEAD_BYTES,
    BrokenFile,
    Derive,
    Written,
    key_name_of,
    open_sealed,
    write_sealed,
)
from portal.crypto.secrets import keyring
from portal.db import Tenant, db, new_uid
from portal.errors import Unavailable, Unreadable

# What was in a customer's vault: handed to the customer alone, never to staff (see engine/fetch.py). And what
# is held about one person.
CUSTOMERS_OWN = {"export", "restore", "person_data"}
log = structlog.get_logger()
_LATER = ".sealed"  # ends the storage key of what was sealed after it was kept
_IN_MEMORY_BYTES = 1 << 20  # what is larger is sealed on disk
# These carry accounts: a file for the bank leaves by its own page only, once released; a workbook not at all.
GUARDED = {"batch", "refund_file", "moving"}
# Papers on which a whole IBAN stands.
WITH_ACCOUNT = {
    "mandate",
    "mandate_shown",
    "mandate_evidence",
    "mandate_account",
    "mandate_paper",
    "bank_file",
}


class Document(Tenant, db.Model):
    """A stored file. Its bytes never change; a correction is another document."""

    __tablename__ = "document"

    kind: Mapped[str] = mapped_column(String(40))  # "invoice", "mandate", "export"
    subject_uid: Mapped[str] = mapped_column(String(16), index=True)  # the record it belongs to
    filename: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))  # "": promised, and printed soon (see papers.py)
    storage_key: Mapped[str] = mapped_column(String(200))
    is_sealed: Mapped[bool] = mapped_column(default=True)  # encrypted where it lies
    erased: Mapped[bool] = mapped_column(default=False)  # the bytes are gone, the row stays as proof

    @property
    def is_there(self) -> bool:
        """Its bytes have been written (they may have been erased since)."""
        return self.sha256 != ""


def keep(
    content: bytes, *, owner: Any, subject: Any, kind: str, filename: str, media_type: str, key: str = ""
) -> Document:
    """Store bytes and build their row (not yet committed). ``owner`` is the organisation.

    key: storage key of a job that may be killed and run again, so that nothing is stored twice.
    """
    key = key or new_uid()
    return _document(owner, subject, kind, filename, media_type, key, write_blob(key, content))


def write_blob(key: str, content: bytes) -> Written:
    """Encrypt bytes into one place of the store, for a document whose row is there already.

    Many are sealed piece by piece on disk, so that memory never holds them twice.
    """
    if len(content) > _IN_MEMORY_BYTES:
        part = Path(current_app.config["DATA_DIR"]) / f"{new_uid()}.sealed"
        return _seal_into_store(io.BytesIO(content), part, key, lambda: None)
    sealed = io.BytesIO()
    written = write_sealed(io.BytesIO(content), sealed, keyring().current, _derive(key))
    with store_faults_told():
        store().write(key, sealed.getvalue())
    return written


def discard(key: str) -> None:
    """Remove what no row speaks of."""
    with store_faults_told():
        store().delete(key)


def keep_file(
    path: Path,
    *,
    owner: Any,
    subject: Any,
    kind: str,
    filename: str,
    media_type: str,
    key: str = "",
    tell: Tell = lambda: None,
) -> Document:
    """Like :func:`keep` for a finished file of any size, which moves into the store.

    What the store holds is read back before the file goes. Raises BrokenFile when it is something else.
    tell: is called all along, so that a long copy can say that it is alive.
    """
    key = key or new_uid()
    with path.open("rb") as source:
        written = _seal_into_store(source, path.with_name(f"{path.name}.sealed"), key, tell)
    path.unlink()
    return _document(owner, subject, kind, filename, media_type, key, written)


@contextmanager
def store_faults_told() -> Iterator[None]:
    """Raises Unavailable for a store that is away, refuses for a while, or is full."""
    try:
        yield
    except ClientError as error:
        if error.response["ResponseMetadata"].get("HTTPStatusCode", 500) < 500:
            raise  # a wrong name or right: time cures nothing
        raise Unavailable(_("Le stockage des documents ne répond pas.")) from error
    except BotoCoreError as error:
        raise Unavailable(_("Le stockage des documents ne répond pas.")) from error
    except OSError as error:
        raise Unavailable(_("Le stockage des documents n'est pas accessible, ou plein.")) from error


def _seal_into_store(source: BinaryIO, part: Path, key: str, tell: Tell) -> Written:
    """Encrypt into ``part``, which the store takes over; then read back what the store has."""
    try:
        with part.open("wb") as out:
            written = write_sealed(source, out, keyring().current, _derive(key), tell)
            out.flush()
            os.fsync(out.fileno())
        with store_faults_told():
            store().adopt(key, part, tell)
    finally:
        part.unlink(missing_ok=True)
    with _open(key, written.size_bytes) as kept:
        if _digest(kept, tell) != written.sha256:
            raise BrokenFile(key)
    return written


def _digest(source: BinaryIO, tell: Tell) -> str:
    digest = hashlib.sha256()
    while piece := source.read(1 << 20):
        digest.update(piece)
        tell()
    return digest.hexdigest()


def _derive(key: str) -> Derive:
    """Each file has a key of its own, which opens no other place of the store."""
    return partial(keyring().file_key, context=key)


def _document(
    owner: Any, subject: Any, kind: str, filename: str, media_type: str, key: str, written: Written
) -> Document:
    row = Document(
        organisation=owner,
        kind=kind,
        subject_uid=subject.uid,
        filename=filename,
        media_type=media_type,
        size_bytes=written.size_bytes,
        sha256=written.sha256,
        storage_key=key,
    )
    db.session.add(row)
    return row


def opener(document: Document) -> Callable[[], BinaryIO]:
    """How to open the content, to be read from any place, when the row is no longer at hand.

    Opening or reading raises BrokenFile when the store holds something else than what was written.
    """
    key = document.storage_key
    return partial(_open, key, document.size_bytes) if document.is_sealed else partial(store().open, key)


def _open(key: str, size_bytes: int) -> BinaryIO:
    return open_sealed(partial(store().open, key), size_bytes, _derive(key))


def content_of(document: Document) -> bytes:
    with opener(document)() as source:
        return source.read()


def kept_with(key: str) -> str | None:
    """The data key that a stored object is sealed with; None for a plain one."""
    with store().open(key) as source:
        return key_name_of(source.read(HEAD_BYTES))


def erase(document: Document) -> None:
    """Remove the bytes and keep the row, which still says what they were.

    The row is locked first: whoever writes the bytes anew under another key does so before, or not at all.
    """
    db.session.flush()
    db.session.refresh(document, with_for_update=True)
    store().delete(document.storage_key)
    drop_plain(document)
    document.erased = True


def seal_older(document: Document) -> bool:
    """Encrypt a file that was kept before the store was sealed; the plain one stays beside it.

    The row is to be committed before :func:`drop_plain`: killed anywhere and done again, both come to the
    same end. False for a file that is sealed already. Raises BrokenFile when the plain file is not what was
    kept.
    """
    key = document.storage_key
    if document.is_sealed:
        return False
    with store().open(key) as source:
        part = Path(current_app.config["DATA_DIR"]) / f"{key}.sealed"
        written = _seal_into_store(source, part, key + _LATER, lambda: None)
    if written.sha256 != document.sha256:
        store().delete(key + _LATER)
        raise BrokenFile(key)
    document.storage_key, document.is_sealed = key + _LATER, True
    return True


def drop_plain(document: Document) -> None:
    """Remove what :func:`seal_older` has left, now or in a run that was killed."""
    if document.is_sealed and document.storage_key.endswith(_LATER):
        store().delete(document.storage_key.removesuffix(_LATER))


def _opened(document: Document) -> BinaryIO:
    try:
        content = opener(document)()
        if document.is_sealed:
            content.read(1)  # decrypts the first piece, which most documents are
            content.seek(0)
    except (OSError, ClientError) as error:
        log.error("document unreadable", document=document.uid, key=document.storage_key, error=str(error))
        message = _("Ce fichier ne se relit pas tel qu'il a été gardé. Le prestataire doit le rétablir.")
        raise Unreadable(message) from None
    return content


def send_document(document: Document) -> Response:
    """The content as an attachment, with ranges, never to be kept by a shared cache.

    Raises Unreadable when the store has it no more or has something else; where that shows only later in
    a long file, the download breaks off.
    """
    response = send_file(
        _opened(document),
        mimetype=document.media_type,
        as_attachment=True,
        download_name=document.filename,
        etag=document.sha256[:32],
        conditional=False,
    )
    # Flask does not know the length of an open file, and without it would ignore every range.
    response.content_length = document.size_bytes
    response.make_conditional(request.environ, accept_ranges=True, complete_length=document.size_bytes)
    response.headers["Cache-Control"] = "private, no-store"
    return response
