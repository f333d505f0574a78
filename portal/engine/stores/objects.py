"""What every store can do, and how restic names the objects of a repository."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from portal.engine.errors import EngineError, EngineFault

FOLDERS = ("keys", "snapshots", "index", "locks", "data")  # order of deletion: keys first
CONFIG = "config"
REST_USER, REST_PASSWORD = "RESTIC_REST_USERNAME", "RESTIC_REST_PASSWORD"
_OBJECT = re.compile(
    r"(?:config|(?:keys|snapshots|index|locks)/[0-9a-f]{64}|data/(?:[0-9a-f]{2}/)?[0-9a-f]{64})"
    r"(?:-tmp-\d+)?"  # left by a backup that was cut off
)
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Access:
    """How to reach a store.

    env: the provider's own credentials, by the names that restic gives them (AWS_ACCESS_KEY_ID …).
    seconds: longest silence of a server. attempts: how often a request is sent at most.
    """

    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    seconds: float = 60
    attempts: int = 4


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object, as a listing shows it."""

    name: str  # relative to the repository, with slashes
    bytes: int
    modified: datetime | None  # None where listings have no times

    @property
    def base(self) -> str:
        return self.name.rsplit("/", 1)[-1]

    @property
    def folder(self) -> str:
        return self.name.split("/", 1)[0]

    @property
    def is_hashed(self) -> bool:
        """True when the name is the SHA-256 of the content: everything but config and leftovers."""
        return _HASH.fullmatch(self.base) is not None


@dataclass(frozen=True, slots=True)
class Remnant:
    """Something of the repository that the store still holds, and that a destruction must remove."""

    name: str
    bytes: int
    kind: Literal["object", "version", "upload"] = "object"  # version: an older one, or a delete marker
    id: str = ""  # of the version or of the upload

    @property
    def label(self) -> str:
        """Stable name of an older version or an upload in the journal of a destruction."""
        return f"{self.name}?{self.kind}={self.id}"


class Readable(Protocol):
    def readinto(self, buffer: memoryview, /) -> int: ...


class ObjectStore(Protocol):
    """Failures are EngineError BACKEND_UNREACHABLE, BACKEND_DENIED, REPO_MISSING …"""

    transfers: int  # how many objects are best read at once

    def exists(self) -> bool: ...

    def objects(self) -> Iterator[StoredObject]:
        """Restic's objects, folder by folder in the order of FOLDERS, ``config`` first.

        In that order a listing made during a backup names no snapshot whose data it lacks.
        """
        ...

    def modified_at(self, name: str) -> datetime | None: ...

    def listed(self, folder: str) -> Iterator[StoredObject]:
        """Restic's objects of one folder."""
        ...

    def size_of(self, name: str) -> int | None:
        """Bytes of one object; None when it is not there."""
        ...

    def open(self, name: str, first: int = 0, last: int | None = None) -> AbstractContextManager[Readable]:
        """One object, or its bytes from ``first`` to ``last``, which may be followed by more.

        Raises EngineError(INCOMPLETE) when it is no longer there.
        """
        ...

    def remnants(self) -> Iterator[Remnant]:
        """All that a destruction removes. Raises EngineError(UNSAFE_PATH) at what restic did not write."""
        ...

    def remove(self, remnant: Remnant) -> None:
        """Remove one for good; nothing happens when it is gone already."""
        ...

    def settle(self) -> None:
        """Make the removals so far durable; once all is gone, remove what held it."""
        ...


def is_object(name: str) -> bool:
    return _OBJECT.fullmatch(name) is not None


def checked_names(remnants: Iterable[Remnant]) -> Iterator[Remnant]:
    """Pass on what restic wrote. Raises EngineError(UNSAFE_PATH) at the first name that is not its own."""
    for one in remnants:
        if not is_object(one.name):
            raise EngineError(EngineFault.UNSAFE_PATH, paths=[one.name])
        yield one


def byte_range(first: int, last: int | None) -> dict[str, str]:
    """The header that asks a server for a part; nothing for a whole object."""
    if not first and last is None:
        return {}
    return {"Range": f"bytes={first}-{'' if last is None else last}"}


def place_of(name: str) -> str:
    """Where a local repository keeps the object: data lies in one folder per first two digits."""
    folder, _, base = name.rpartition("/")
    return f"data/{base[:2]}/{base}" if folder == "data" else name
