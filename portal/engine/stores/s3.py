"""A repository in an S3 bucket, of any provider, with all the versions that the bucket keeps."""

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from hashlib import md5
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError
from urllib3.exceptions import HTTPError

from portal.blob_stores import NO_VERSIONS
from portal.engine.errors import EngineError, EngineFault
from portal.engine.stores.objects import (
    CONFIG,
    FOLDERS,
    Access,
    Readable,
    Remnant,
    StoredObject,
    byte_range,
    checked_names,
    is_object,
)

CONNECT_SECONDS = 10.0
LARGEST_PUT = 5 << 30  # bytes of one request; restic writes packs of a hundredth of it
_LONGEST_YEAR = 366
_PIECE = 1 << 20
_ANY_REGION = "us-east-1"  # the one that is never named
_NO_LOCK = {"ObjectLockConfigurationNotFoundError", "ObjectLockConfigurationNotFound", *NO_VERSIONS}
_NO_BUCKET = ("404", "NoSuchBucket")
_FULL = "BucketNotEmpty"
_MISSING = {"404", "NoSuchKey", "NoSuchVersion", "NoSuchUpload", "NotFound"}


class S3Store:
    """See :class:`portal.engine.stores.objects.ObjectStore`. Listings name objects, versions and uploads."""

    transfers = 6

    def __init__(self, location: str, access: Access) -> None:
        endpoint, self._bucket, self._prefix = _parts(location)
        names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION")
        values = [access.env.get(name, "") for name in names]
        if not (values[0] and values[1]):
            raise EngineError(EngineFault.BACKEND_DENIED, "no credentials for this storage")
        self._client = _client(endpoint, *values, access.seconds, access.attempts)

    def exists(self) -> bool:
        return self._head(CONFIG) is not None

    def objects(self) -> Iterator[StoredObject]:
        with _told():
            for folder in (CONFIG, *(f"{folder}/" for folder in FOLDERS)):
                yield from self._below(folder)

    def listed(self, folder: str) -> Iterator[StoredObject]:
        with _told():
            yield from self._below(f"{folder}/")

    def _below(self, start: str) -> Iterator[StoredObject]:
        for row in self._rows("list_objects_v2", "Contents", self._prefix + start):
            name = row["Key"].removeprefix(self._prefix)
            if is_object(name):
                yield StoredObject(name, row["Size"], row["LastModified"])

    def size_of(self, name: str) -> int | None:
        found = self._head(name)
        return None if found is None else int(found["ContentLength"])

    def modified_at(self, name: str) -> datetime | None:
        found = self._head(name)
        return found["LastModified"] if found else None

    @contextmanager
    def open(self, name: str, first: int = 0, last: int | None = None) -> Iterator[Readable]:
        with _told(name):
            key = {"Bucket": self._bucket, "Key": self._prefix + name}
            body = self._client.get_object(**key, **byte_range(first, last))["Body"]
            try:
                yield body
            finally:
                body.close()

    def remnants(self) -> Iterator[Remnant]:
        with _told():
            yield from checked_names(one for one in self._everything() if not _is_folder_mark(one))

    def remove(self, remnant: Remnant) -> None:
        key = {"Bucket": self._bucket, "Key": self._prefix + remnant.name}
        with _told(missing_is_fine=True):
            if remnant.kind == "upload":
                self._client.abort_multipart_upload(**key, UploadId=remnant.id)
            elif remnant.id:
                self._client.delete_object(**key, VersionId=remnant.id)
            else:
                self._client.delete_object(**key)

    def send(self, name: str, content: BinaryIO, size: int) -> None:
        """Write one object whole; the server compares its MD5, without which a locked bucket takes none.

        size: bytes. Raises EngineError(BACKEND_DENIED), UNSUPPORTED above what one request may carry.
        """
        if size > LARGEST_PUT:
            raise EngineError(EngineFault.UNSUPPORTED, paths=[name])
        digest = md5(usedforsecurity=False)
        while piece := content.read(_PIECE):
            digest.update(piece)
        content.seek(0)
        with _told():
            self._client.put_object(
                Bucket=self._bucket,
                Key=self._prefix + name,
                Body=content,
                ContentLength=size,
                ContentMD5=b64encode(digest.digest()).decode(),
            )

    def make_bucket(self, locked_days: int | None) -> None:
        """A bucket of its own for one repository; nothing happens where it is there already.

        locked_days: for how long nobody deletes what is written, None: no such lock. Raises EngineError.
        """
        with _told():
            if not self._has_bucket():
                self._client.create_bucket(
                    Bucket=self._bucket, ObjectLockEnabledForBucket=bool(locked_days), **self._where()
                )
            if locked_days and self.retention_days() is None:
                rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": locked_days}}
                told = {"ObjectLockEnabled": "Enabled", "Rule": rule}
                self._client.put_object_lock_configuration(Bucket=self._bucket, ObjectLockConfiguration=told)

    def drop_bucket(self) -> bool:
        """Is a bucket of its own gone, now that nothing lies in it? One that holds something stays."""
        with _told():
            try:
                self._client.delete_bucket(Bucket=self._bucket)
            except ClientError as error:
                code = error.response["Error"]["Code"]
                if code not in (_FULL, *_NO_BUCKET):
                    raise
                return code != _FULL
        return True

    def _has_bucket(self) -> bool:
        try:
            self._client.head_bucket(Bucket=self._bucket)
        except ClientError as error:
            if error.response["Error"]["Code"] in _NO_BUCKET:
                return False
            raise
        return True

    def _where(self) -> dict[str, Any]:
        region = self._client.meta.region_name
        return {} if region == _ANY_REGION else {"CreateBucketConfiguration": {"LocationConstraint": region}}

    def retention_days(self) -> int | None:
        """For how long the bucket refuses to delete what is written now; None where it has no such lock.

        Raises EngineError like the others, BACKEND_DENIED where the account may not read it.
        """
        with _told():
            try:
                told = self._client.get_object_lock_configuration(Bucket=self._bucket)
            except ClientError as error:
                if error.response["Error"]["Code"] not in _NO_LOCK:
                    raise
                return None
        rule = told.get("ObjectLockConfiguration", {}).get("Rule", {}).get("DefaultRetention", {})
        days = int(rule.get("Days") or 0) + int(rule.get("Years") or 0) * _LONGEST_YEAR
        return days or None

    def settle(self) -> None:
        """Nothing to do: the server answers once the version is gone."""

    def _everything(self) -> Iterator[Remnant]:
        """Current objects, older versions, delete markers, and the parts of unfinished uploads."""
        yield from self._uploads()
        try:
            yield from self._versions()
        except ClientError as error:
            if error.response["Error"]["Code"] not in NO_VERSIONS:
                raise
            for row in self._rows("list_objects_v2", "Contents", self._prefix):
                yield Remnant(row["Key"].removeprefix(self._prefix), row["Size"])

    def _versions(self) -> Iterator[Remnant]:
        pages = self._client.get_paginator("list_object_versions")
        for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix):
            for row in page.get("Versions", ()):
                kind = "object" if row["IsLatest"] else "version"
                yield self._remnant(row, kind, row["Size"], row["VersionId"])
            for row in page.get("DeleteMarkers", ()):
                yield self._remnant(row, "version", 0, row["VersionId"])

    def _uploads(self) -> Iterator[Remnant]:
        try:
            for row in self._rows("list_multipart_uploads", "Uploads", self._prefix):
                yield self._remnant(row, "upload", 0, row["UploadId"])
        except ClientError as error:
            if error.response["Error"]["Code"] not in NO_VERSIONS:
                raise

    def _remnant(self, row: dict[str, Any], kind: Any, size: int, id_: str) -> Remnant:
        return Remnant(row["Key"].removeprefix(self._prefix), size, kind, id_)

    def _rows(self, call: str, field: str, prefix: str) -> Iterator[dict[str, Any]]:
        for page in self._client.get_paginator(call).paginate(Bucket=self._bucket, Prefix=prefix):
            yield from page.get(field, ())

    def _head(self, name: str) -> dict[str, Any] | None:
        with _told(missing_is_fine=True):
            found: dict[str, Any] = self._client.head_object(Bucket=self._bucket, Key=self._prefix + name)
            return found
        return None


def _parts(location: str) -> tuple[str, str, str]:
    """Endpoint, bucket and prefix of ``s3:http://host:9000/bucket/path`` or ``s3:host/bucket/path``."""
    address = location.removeprefix("s3:").removeprefix("//")
    parts = urlsplit(address if address.startswith(("http://", "https://")) else f"https://{address}")
    bucket, _, prefix = parts.path.strip("/").partition("/")
    if not parts.hostname or not bucket or parts.username or ".." in prefix.split("/"):
        raise EngineError(EngineFault.UNSUPPORTED)
    return f"{parts.scheme}://{parts.netloc}", bucket, f"{prefix}/" if prefix else ""


@cache
def _client(
    endpoint: str, key: str, secret: str, token: str, region: str, seconds: float, attempts: int
) -> Any:
    """One per endpoint and account: building a client reads large tables from the disk."""
    ours = endpoint.endswith((".amazonaws.com", ".amazonaws.com.cn"))
    settings = Config(
        connect_timeout=min(CONNECT_SECONDS, seconds),
        read_timeout=seconds,
        retries={"total_max_attempts": attempts, "mode": "standard"},
        max_pool_connections=10,
        s3={"addressing_style": "auto" if ours else "path"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=token or None,
        region_name=region or _ANY_REGION,
        config=settings,
    )


@contextmanager
def _told(name: str = "", *, missing_is_fine: bool = False) -> Iterator[None]:
    """Say what went wrong in the engine's words; name: of the object that is read."""
    try:
        yield
    except ClientError as error:
        code = str(error.response["Error"]["Code"])
        if not (missing_is_fine and code in _MISSING):
            raise _fault(code, int(error.response["ResponseMetadata"]["HTTPStatusCode"]), name) from None
    except NoCredentialsError:
        raise EngineError(EngineFault.BACKEND_DENIED) from None
    except (BotoCoreError, HTTPError) as error:
        raise EngineError(EngineFault.BACKEND_UNREACHABLE, type(error).__name__) from None


def _fault(code: str, status: int, name: str) -> EngineError:
    if code == "NoSuchBucket":
        return EngineError(EngineFault.REPO_MISSING, code)
    if code in _MISSING:
        return EngineError(EngineFault.INCOMPLETE, code, paths=[name] if name else ())
    if status in (401, 403, 405):
        return EngineError(EngineFault.BACKEND_DENIED, code)
    return EngineError(EngineFault.BACKEND_UNREACHABLE, f"HTTP {status} {code}")


def _is_folder_mark(one: Remnant) -> bool:
    """The empty object that some consoles put where they show a folder."""
    return one.kind == "object" and not one.bytes and (not one.name or one.name.endswith("/"))
