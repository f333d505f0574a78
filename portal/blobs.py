"""Files that the portal makes and keeps (PDF, XML, archives): a local folder or S3, one row each."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, Protocol
from urllib.parse import urlsplit

import boto3
from flask import Response, current_app, request, send_file
from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Tenant, db, new_uid

# What was in a customer's vault: handed to the customer alone, never to staff (see engine/fetch.py).
CUSTOMERS_OWN = {"export", "restore"}
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
    sha256: Mapped[str] = mapped_column(String(64))
    storage_key: Mapped[str] = mapped_column(String(200))
    erased: Mapped[bool] = mapped_column(default=False)  # the bytes are gone, the row stays as proof


class Store(Protocol):
    def write(self, key: str, content: bytes) -> None: ...
    def adopt(self, key: str, path: Path) -> None: ...
    def open(self, key: str) -> BinaryIO: ...
    def delete(self, key: str) -> None: ...


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

    def adopt(self, key: str, path: Path) -> None:
        """Take over a finished file, by rename where the disk allows it."""
        with self._landing(key) as part:
            try:
                path.rename(part)
            except OSError:  # another file system: copy, then remove the original
                with path.open("rb") as source, part.open("wb") as out:
                    while block := source.read(1 << 20):
                        out.write(block)
                    out.flush()
                    os.fsync(out.fileno())
                path.unlink()

    @contextmanager
    def _landing(self, key: str) -> Iterator[Path]:
        target = self.path(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f"{target.name}.{new_uid()}.part")
        try:
            yield part
            part.rename(target)
        finally:
            part.unlink(missing_ok=True)
        folder = os.open(target.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)

    def open(self, key: str) -> BinaryIO:
        return self.path(key).open("rb")

    def delete(self, key: str) -> None:
        self.path(key).unlink(missing_ok=True)


class S3Store:
    """Objects in an S3-compatible bucket; credentials come from boto3's usual places."""

    def __init__(self, bucket: str, prefix: str) -> None:
        self._client: Any = boto3.client("s3", endpoint_url=os.environ.get("AWS_ENDPOINT_URL"))
        self._bucket, self._prefix = bucket, prefix

    def write(self, key: str, content: bytes) -> None:
        self._client.put_object(Bucket=self._bucket, Key=self._prefix + key, Body=content)

    def adopt(self, key: str, path: Path) -> None:
        self._client.upload_file(str(path), self._bucket, self._prefix + key)
        path.unlink()

    def open(self, key: str) -> BinaryIO:
        answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + key)
        body: BinaryIO = answer["Body"]
        return body

    def delete(self, key: str) -> None:
        self._client.delete_object(Bucket=self._bucket, Key=self._prefix + key)


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
    store().write(key, content)
    return _document(
        owner, subject, kind, filename, media_type, key,
        len(content), hashlib.sha256(content).hexdigest(),
    )  # fmt: skip


def keep_file(
    path: Path, *, owner: Any, subject: Any, kind: str, filename: str, media_type: str, key: str = ""
) -> Document:
    """Like :func:`keep` for a finished file of any size, which moves into the store."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as source:
        while block := source.read(1 << 20):
            digest.update(block)
            size += len(block)
    key = key or new_uid()
    store().adopt(key, path)
    return _document(owner, subject, kind, filename, media_type, key, size, digest.hexdigest())


def _document(
    owner: Any, subject: Any, kind: str, filename: str, media_type: str,
    key: str, size: int, sha256: str,
) -> Document:  # fmt: skip
    row = Document(
        organisation=owner,
        kind=kind,
        subject_uid=subject.uid,
        filename=filename,
        media_type=media_type,
        size_bytes=size,
        sha256=sha256,
        storage_key=key,
    )
    db.session.add(row)
    return row


def content_of(document: Document) -> bytes:
    with store().open(document.storage_key) as source:
        return source.read()


def erase(document: Document) -> None:
    """Remove the bytes and keep the row, which still says what they were."""
    store().delete(document.storage_key)
    document.erased = True


def send_document(document: Document) -> Response:
    """The stored bytes as an attachment, with ranges, never to be kept by a shared cache."""
    response = send_file(
        store().open(document.storage_key),
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
