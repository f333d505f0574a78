"""A repository behind restic's REST protocol, as rest-server or ``rclone serve restic`` speak it."""

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import BinaryIO
from urllib.parse import unquote, urlsplit, urlunsplit

import urllib3
from urllib3.exceptions import HTTPError
from urllib3.util import Retry, Timeout

from portal.engine.errors import EngineError, EngineFault
from portal.engine.stores.objects import (
    CONFIG,
    FOLDERS,
    REST_PASSWORD,
    REST_USER,
    Access,
    Readable,
    Remnant,
    StoredObject,
    byte_range,
    checked_names,
    is_object,
)

LISTING = "application/vnd.x.restic.rest.v2"
CONNECT_SECONDS = 10.0
_PART = 206
_DENIED, _GONE, _FAILING = (401, 403, 405), (404, 410), (429, 500, 502, 503, 504)


class RestStore:
    """See :class:`portal.engine.stores.objects.ObjectStore`. An append-only server refuses removals."""

    transfers = 4

    def __init__(self, location: str, access: Access) -> None:
        parts = urlsplit(location.removeprefix("rest:"))
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise EngineError(EngineFault.UNSUPPORTED)
        user = unquote(parts.username or "") or access.env.get(REST_USER, "")
        secret = unquote(parts.password or "") or access.env.get(REST_PASSWORD, "")
        host = parts.netloc.rpartition("@")[2]
        self._base = urlunsplit((parts.scheme, host, parts.path.rstrip("/") + "/", "", ""))
        patience = Timeout(connect=min(CONNECT_SECONDS, access.seconds), read=access.seconds)
        again = Retry(
            access.attempts - 1,
            redirect=0,
            backoff_factor=0.3,
            backoff_max=5,
            status_forcelist=_FAILING,
            allowed_methods={"GET", "HEAD", "DELETE"},
            raise_on_status=False,
            respect_retry_after_header=False,
        )
        proof = b64encode(f"{user}:{secret}".encode()).decode()  # UTF-8, as restic itself sends it
        headers = {"Authorization": f"Basic {proof}"} if user or secret else {}
        self._pool = urllib3.PoolManager(
            maxsize=self.transfers, headers=headers, timeout=patience, retries=again
        )

    def exists(self) -> bool:
        return self._ask("HEAD", CONFIG) is not None

    def objects(self) -> Iterator[StoredObject]:
        for one in self._listed():
            if is_object(one.name):
                yield one

    def modified_at(self, name: str) -> datetime | None:
        """Asked for small objects only: rest-server tells the time beside the content, rclone never does."""
        answer = self._ask("GET", name)
        try:
            return parsedate_to_datetime(answer.headers["Last-Modified"]) if answer else None
        except (KeyError, ValueError):
            return None

    def listed(self, folder: str) -> Iterator[StoredObject]:
        return (one for one in self._in_folder(folder) if is_object(one.name))

    def size_of(self, name: str) -> int | None:
        answer = self._ask("HEAD", name)
        return None if answer is None else int(answer.headers.get("Content-Length", 0))

    @contextmanager
    def open(self, name: str, first: int = 0, last: int | None = None) -> Iterator[Readable]:
        answer = self._ask("GET", name, headers=byte_range(first, last), stream=True)
        if answer is None:
            raise EngineError(EngineFault.INCOMPLETE, paths=[name])
        try:
            if first and answer.status != _PART:  # a server that knows no ranges sends it all
                _skip(answer, first)
            yield answer
        except (HTTPError, OSError) as error:
            raise _unreachable(error) from None
        finally:
            answer.close()

    def remnants(self) -> Iterator[Remnant]:
        return checked_names(Remnant(one.name, one.bytes) for one in self._listed())

    def remove(self, remnant: Remnant) -> None:
        self._ask("DELETE", remnant.name)

    def create(self) -> None:
        """Have the server make the folders of a repository; it may have them already."""
        self._ask("POST", "?create=true")

    def send(self, name: str, content: BinaryIO, size: int) -> None:
        """Write one object whole. size: bytes. Raises EngineError(BACKEND_DENIED) where it is there."""
        if self._ask("POST", name, headers={"Content-Length": str(size)}, body=content) is None:
            raise EngineError(EngineFault.BACKEND_UNREACHABLE, "no such place")

    def settle(self) -> None:
        """Nothing to do: the server answers once the object is gone, and keeps its own folders."""

    def _listed(self) -> Iterator[StoredObject]:
        if (config := self._ask("HEAD", CONFIG)) is not None:
            yield StoredObject(CONFIG, int(config.headers.get("Content-Length", 0)), None)
        for folder in FOLDERS:
            yield from self._in_folder(folder)

    def _in_folder(self, folder: str) -> Iterator[StoredObject]:
        answer = self._ask("GET", f"{folder}/", headers={"Accept": LISTING})
        for row in self._rows(answer):
            yield StoredObject(f"{folder}/{row['name']}", int(row["size"]), None)

    def _rows(self, answer: urllib3.BaseHTTPResponse | None) -> list[dict[str, str | int]]:
        if answer is None:
            return []
        try:
            rows: list[dict[str, str | int]] = answer.json() or []
        except ValueError:
            raise EngineError(EngineFault.BACKEND_UNREACHABLE, "not a listing of restic's protocol") from None
        return rows

    def _ask(
        self,
        method: str,
        name: str,
        *,
        headers: dict[str, str] | None = None,
        stream: bool = False,
        body: BinaryIO | None = None,
    ) -> urllib3.BaseHTTPResponse | None:
        """The answer, or None for 404. Credentials are in headers, so no error can show them."""
        try:
            answer = self._pool.request(
                method,
                self._base + name,
                headers={**self._pool.headers, **(headers or {})},
                body=body,
                preload_content=not stream,
                decode_content=False,
            )
        except HTTPError as error:
            raise _unreachable(error) from None
        if answer.status in _GONE:
            answer.close()
            return None
        if answer.status not in (200, 204, _PART):
            answer.close()
            denied = answer.status in _DENIED
            fault = EngineFault.BACKEND_DENIED if denied else EngineFault.BACKEND_UNREACHABLE
            raise EngineError(fault, f"HTTP {answer.status} to {method}")
        return answer


def _skip(content: Readable, count: int) -> None:
    buffer = memoryview(bytearray(min(count, 1 << 16)))
    while count and (read := content.readinto(buffer[:count])):
        count -= read


def _unreachable(error: Exception) -> EngineError:
    return EngineError(EngineFault.BACKEND_UNREACHABLE, type(error).__name__)
