"""Files that the portal makes and keeps (PDF, XML, archives): a local folder or S3, one row each.

The store holds ciphertext only: who reads its disk, its bucket or a copy of them reads nothing.
"""

import hashlib
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import Any, BinaryIO, Protocol
from urllib.parse import urlsplit

import boto3
import structlog
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import BotoCoreError, ClientError
from flask import Response, current_app, request, send_file
from flask_babel import gettext as _
from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

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

# What was in a customer's vault: handed to the customer alone, never to staff (see engine/fetch.py).
CUSTOMERS_OWN = {"export", "restore"}
log = structlog.get_logger()
Tell = Callable[[], object]
ONE_BY_ONE = TransferConfig(use_threads=False)
"""For boto3: the calling thread does the work, so that it can say meanwhile that it is alive."""
NO_VERSIONS = {"NotImplemented", "MethodNotAllowed", "501"}
"""What S3 servers answer that keep no versions, or list no uploads, when they are asked for them."""
_PART = ".part"  # ends the name of a file that is being written
_LATER = ".sealed"  # ends the storage key of what was sealed after it was kept
# Bank files carry accounts: they leave by their own page only (see sepa/batch_views.py).
GUARDED = {"batch"}


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


class Store(Protocol):
    def write(self, key: str, content: bytes) -> None: ...
    def adopt(self, key: str, path: Path, tell: Tell) -> None: ...
    def open(self, key: str, start: int = 0) -> BinaryIO: ...
    def delete(self, key: str) -> None: ...
    def keys(self) -> Iterator[str]: ...
    def tidy(self, before: datetime) -> int: ...


class FolderStore:
    """Objects as files under one folder: written aside, synced, then renamed."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def path(self, key: str) -> Path:
        return self._root / key[:2] / key

    def write(self, key: str, content: bytes) -> None:
        with self._landing(key) as part, part.open("wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())

    def adopt(self, key: str, path: Path, tell: Tell) -> None:
        """Take over a finished file, by rename where the disk allows it; ``tell`` is called meanwhile."""
        with self._landing(key) as part:
            try:
                path.rename(part)
            except OSError:  # another file system: copy, then remove the original
                with path.open("rb") as source, part.open("wb") as out:
                    while block := source.read(1 << 20):
                        out.write(block)
                        tell()
                    out.flush()
                    os.fsync(out.fileno())
                path.unlink()

    @contextmanager
    def _landing(self, key: str) -> Iterator[Path]:
        target = self.path(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f"{target.name}.{new_uid()}{_PART}")
        try:
            yield part
            part.rename(target)
        finally:
            part.unlink(missing_ok=True)
        folder = os.open(target.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)

    def open(self, key: str, start: int = 0) -> BinaryIO:
        source = self.path(key).open("rb")
        source.seek(start)
        return source

    def delete(self, key: str) -> None:
        self.path(key).unlink(missing_ok=True)

    def keys(self) -> Iterator[str]:
        """Of every finished object."""
        found = self._root.glob("*/*")
        return (path.name for path in found if path.suffix != _PART and path.is_file())

    def tidy(self, before: datetime) -> int:
        """Remove what was begun before this instant and never finished; returns how many."""
        left = [path for path in self._root.glob(f"*/*{_PART}") if _begun(path, before)]
        for path in left:
            path.unlink(missing_ok=True)
        return len(left)


def _begun(path: Path, before: datetime) -> bool:
    try:
        return path.stat().st_mtime < before.timestamp()
    except FileNotFoundError:  # finished meanwhile
        return False


class S3Store:
    """Objects in an S3-compatible bucket; credentials come from boto3's usual places."""

    def __init__(self, bucket: str, prefix: str) -> None:
        self._client: Any = boto3.client("s3", endpoint_url=os.environ.get("AWS_ENDPOINT_URL"))
        self._bucket, self._prefix = bucket, prefix

    def write(self, key: str, content: bytes) -> None:
        self._client.put_object(Bucket=self._bucket, Key=self._prefix + key, Body=content)

    def adopt(self, key: str, path: Path, tell: Tell) -> None:
        """Send a finished file, and give up earlier tries at its key that were cut off.

        What was sent of them costs as much as an object, and no list of objects shows it.
        """
        self._client.upload_file(
            str(path), self._bucket, self._prefix + key, Callback=lambda _: tell(), Config=ONE_BY_ONE
        )
        self._give_up(self._prefix + key, lambda upload: bool(upload["Key"] == self._prefix + key))
        path.unlink()

    def open(self, key: str, start: int = 0) -> BinaryIO:
        wanted = {"Range": f"bytes={start}-"} if start else {}
        answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + key, **wanted)
        body: BinaryIO = answer["Body"]
        return body

    def delete(self, key: str) -> None:
        """Remove the object with the older versions that a bucket may keep of it."""
        name = self._prefix + key
        pages = self._client.get_paginator("list_object_versions")
        try:
            for page in pages.paginate(Bucket=self._bucket, Prefix=name):
                for each in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                    if each["Key"] == name:
                        self._client.delete_object(Bucket=self._bucket, Key=name, VersionId=each["VersionId"])
        except ClientError as error:
            if error.response["Error"]["Code"] not in NO_VERSIONS:
                raise
            self._client.delete_object(Bucket=self._bucket, Key=name)

    def keys(self) -> Iterator[str]:
        pages = self._client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix):
            yield from (each["Key"].removeprefix(self._prefix) for each in page.get("Contents", []))

    def tidy(self, before: datetime) -> int:
        """Give up the uploads that were begun before this instant and never finished; returns how many."""
        return self._give_up(self._prefix, lambda upload: bool(upload["Initiated"] < before))

    def _give_up(self, prefix: str, chosen: Callable[[dict[str, Any]], bool]) -> int:
        pages = self._client.get_paginator("list_multipart_uploads")
        count = 0
        try:
            for page in pages.paginate(Bucket=self._bucket, Prefix=prefix):
                for upload in filter(chosen, page.get("Uploads", [])):
                    name, number = upload["Key"], upload["UploadId"]
                    with suppress(self._client.exceptions.NoSuchUpload):  # it came to its end meanwhile
                        self._client.abort_multipart_upload(Bucket=self._bucket, Key=name, UploadId=number)
                        count += 1
        except ClientError as error:
            if error.response["Error"]["Code"] not in NO_VERSIONS:
                raise
        return count


@cache
def _store_at(url: str) -> Store:
    parts = urlsplit(url)
    if parts.scheme == "s3":
        prefix = parts.path.strip("/")
        return S3Store(parts.netloc, f"{prefix}/" if prefix else "")
    return FolderStore(Path(url))


def store() -> Store:
    """The store that ``BLOB_URL`` names."""
    return _store_at(str(current_app.config["BLOB_URL"]))


def keep(
    content: bytes, *, owner: Any, subject: Any, kind: str, filename: str, media_type: str, key: str = ""
) -> Document:
    """Store bytes and build their row (not yet committed). ``owner`` is the organisation.

    key: storage key of a job that may be killed and run again, so that nothing is stored twice.
    """
    key = key or new_uid()
    return _document(owner, subject, kind, filename, media_type, key, write_blob(key, content))


def write_blob(key: str, content: bytes) -> Written:
    """Encrypt bytes into one place of the store, for a document whose row is there already."""
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
