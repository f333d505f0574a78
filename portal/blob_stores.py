"""Where stored bytes lie: a local folder, or a bucket that speaks S3."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, Protocol
from urllib.parse import urlsplit

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError
from flask import current_app

from portal.db import new_uid

Tell = Callable[[], object]
ONE_BY_ONE = TransferConfig(use_threads=False)
"""For boto3: the calling thread does the work, so that it can say meanwhile that it is alive."""
NO_VERSIONS = {"NotImplemented", "MethodNotAllowed", "501"}
"""What S3 servers answer that keep no versions, or list no uploads, when they are asked for them."""
_PART = ".part"  # ends the name of a file that is being written


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
        """Take over a finished file; ``tell`` is called meanwhile.

        By one rename where the disk allows it: whatever stops it, the file is at its old place or at its new
        one. On another file system it is copied, and the original removed behind that.
        """
        target = self.path(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            path.rename(target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            with self._landing(key) as part:
                _copy(path, part, tell)
            path.unlink()
        else:
            _sync(target.parent)

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
        _sync(target.parent)

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


def _copy(path: Path, part: Path, tell: Tell) -> None:
    with path.open("rb") as source, part.open("wb") as out:
        while block := source.read(1 << 20):
            out.write(block)
            tell()
        out.flush()
        os.fsync(out.fileno())


def _sync(place: Path) -> None:
    """What was renamed into a folder stays there after a power cut."""
    folder = os.open(place, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


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
