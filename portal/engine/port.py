"""What the portal may ask of a storage engine, and the values it gets back.

Every size is in bytes and every instant an aware UTC datetime. Failures are EngineError.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Literal, Protocol

from portal.engine.errors import EngineError, EngineFault
from portal.engine.passphrase import Passphrase

Backend = Literal["local", "rest", "s3"]
Phase = Literal["mirror", "inventory", "export", "verify", "seal", "destroy"]
Cancel = Callable[[], bool]  # asked about four times per second; True stops the operation

MIRROR_SHARE = 0.4

_SCHEME = re.compile(r"([a-z0-9]+):")


@dataclass(frozen=True)
class RepoRef:
    """Where a repository is: an absolute directory, ``rest:http…`` or ``s3:…``.

    no_lock: read without leaving a lock, right for a repository that nobody prunes meanwhile.
    Raises EngineError(UNSUPPORTED) for anything else.
    """

    location: str = field(repr=False)  # a REST address may carry credentials
    backend: Backend = field(init=False)
    no_lock: bool = True

    def __post_init__(self) -> None:
        scheme = _SCHEME.match(self.location)
        backend: Backend
        if scheme and scheme[1] in ("rest", "s3"):
            backend = "rest" if scheme[1] == "rest" else "s3"
        elif self.location.startswith("/"):
            backend = "local"
        else:
            raise EngineError(EngineFault.UNSUPPORTED)
        if any(ord(letter) < 32 for letter in self.location):
            raise EngineError(EngineFault.UNSUPPORTED)
        object.__setattr__(self, "backend", backend)


@dataclass(frozen=True)
class Capabilities:
    """What the installed restic can do; decided from its version alone."""

    binary: str
    version: tuple[int, int, int]
    rc_codes: bool  # 10, 11, 12 tell missing, locked, wrong key apart (0.17.1)
    dump_safe: bool  # dump reports a damaged directory (0.19); compared with ls all the same


@dataclass(frozen=True)
class Usage:
    """What is known of a repository without its key."""

    bytes_stored: int
    objects: int
    snapshots: int
    newest_snapshot_at: datetime | None  # server clock: when the object was written
    keys: int
    locks: int
    oldest_lock_at: datetime | None = None  # server clock; None without locks, and where no server tells


@dataclass(frozen=True)
class Hashed:
    """One object that was hashed again, without the key."""

    name: str
    bytes: int
    is_good: bool  # its content is still what its name says
    count: int  # of objects in the repository
    total: int  # of their bytes


@dataclass(frozen=True)
class Snapshot:
    """One backup of one machine."""

    id: str  # 64 hexadecimal digits
    short_id: str
    time: datetime
    host: str
    paths: tuple[str, ...]
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Node:
    """One entry of a snapshot. A byte that is not UTF-8 shows as U+FFFD in ``path``."""

    path: str
    type: str  # file, dir, symlink, fifo, socket, dev, chardev
    size: int
    mtime: datetime | None
    mode: int  # permission bits only


@dataclass(frozen=True)
class Totals:
    """What a snapshot holds; hard links count as often as they appear, as in an export."""

    files: int = 0
    bytes: int = 0
    directories: int = 0
    specials: int = 0  # symlinks, fifos, sockets, devices


@dataclass(frozen=True)
class Progress:
    """How far an operation is. Never goes back within a phase; ``fraction`` never goes back."""

    phase: Phase
    files_done: int
    files_total: int  # 0 while unknown
    bytes_done: int
    bytes_total: int
    behind: float = 0.0  # share of the whole operation that was over before these phases began

    @property
    def fraction(self) -> float:
        """Share of the whole operation, 0 to 1; the inventory counts 3 %, the checks 10 %.

        A repository on a server is fetched first, which counts 40 %; the phases share the rest.
        """
        start, share = {
            "mirror": (0.0, MIRROR_SHARE),
            "inventory": (0.0, 0.03),
            "export": (0.03, 0.87),
            "verify": (0.90, 0.10),
            "seal": (0.0, 1.0),
            "destroy": (0.0, 1.0),
        }[self.phase]
        whole = self.bytes_total + self.files_total
        done = self.bytes_done + self.files_done
        part = start + share * min(1.0, done / whole if whole else 0.0)
        return self.behind + (1 - self.behind) * part


OnProgress = Callable[[Progress], None]


@dataclass(frozen=True)
class Volume:
    """One published ZIP or tar file."""

    name: str
    bytes: int
    sha256: str
    entries: int


@dataclass(frozen=True)
class Exported:
    """A published readable export."""

    directory: Path
    snapshot_ids: tuple[str, ...]
    volumes: tuple[Volume, ...]
    documents: tuple[str, ...]  # MANIFEST.csv, SHA256SUMS, … beside the volumes
    files: int
    bytes: int  # of the files, before compression
    renamed: int  # listed in NAMES.csv
    specials: int  # listed in SPECIAL.csv
    manifest_sha256: str
    lost: int = 0  # files, and folders that could not be listed, in LOST.csv; only where losses were accepted
    lost_folders: int = 0  # of them: folders whose content nobody knows
    older: int = 0  # of the files: those that come from an older point than the one asked for, in OLDER.csv
    older_folders: int = 0  # folders whose content comes from an older point, its own being unknown


@dataclass(frozen=True)
class Mirrored:
    """A repository of a server, copied whole to a directory of this machine."""

    directory: Path
    objects: int
    bytes: int
    fetched: int  # objects that this call brought; the others were there
    damaged: tuple[str, ...]  # names whose content, fetched again and again, is not what the name says


@dataclass(frozen=True)
class SealedVolume:
    """One published tar file, with whole objects of the repository."""

    name: str
    bytes: int
    objects: int


@dataclass(frozen=True)
class SealedExport:
    """A published sealed export: the repository as it is, still encrypted."""

    directory: Path
    volumes: tuple[SealedVolume, ...]
    documents: tuple[str, ...]  # LISEZMOI.txt, README.txt, SHA256SUMS, DAMAGED.txt beside the volumes
    objects: int
    bytes: int
    damaged: tuple[str, ...]  # delivered as they are, listed in DAMAGED.txt

    @property
    def ok(self) -> bool:
        return not self.damaged


@dataclass(frozen=True)
class Destroyed:
    """What a destruction certificate states."""

    location: str
    objects: int
    bytes: int
    keys: int
    names_sha256: str  # of the sorted object names, one per line, each ended by a newline
    started_at: datetime
    finished_at: datetime
    versions: int = 0  # older versions and delete markers that the storage had kept, counted in bytes
    uploads: int = 0  # unfinished uploads that were given up


class VolumeKind(StrEnum):
    """What the volumes of a readable export are; the value is also how their names end."""

    ZIP = "zip"  # opens on every computer
    TAR = "tar"  # keeps names, owners, rights, links and extended attributes as they are


@dataclass(frozen=True)
class ExportLimits:
    """Size and kind of the volumes, the space that must stay free on the disk, and what CHOICE.csv says.

    decisions: a row for each machine that is left out or comes from an older point: machine, folders, what
    was decided, the point's time, by whom, when, and the customer's word.
    """

    volume_bytes: int = 4_000_000_000  # below 2^32: any unzip program opens it
    volume_entries: int = 60_000  # below 2^16, for the same reason
    keep_free_bytes: int = 5_000_000_000
    volume_kind: VolumeKind = VolumeKind.ZIP  # of a readable export
    decisions: tuple[tuple[str, ...], ...] = ()


class StorageEngine(Protocol):
    """The engine as the portal sees it; tests of the portal replace it by a fake."""

    def probe(self) -> Capabilities: ...

    def exists(self, repo: RepoRef) -> bool: ...

    def fingerprint(self, repo: RepoRef) -> str: ...

    def usage(self, repo: RepoRef) -> Usage: ...

    def hashed(self, repo: RepoRef, after: str = "") -> Iterator[Hashed]: ...

    def destroy(self, repo: RepoRef, journal: Path, on_progress: OnProgress | None = None) -> Destroyed: ...

    def export_sealed(
        self,
        repo: RepoRef,
        destination: Path,
        on_progress: OnProgress | None = None,
        limits: ExportLimits = ...,
    ) -> SealedExport: ...

    def mirror(
        self, repo: RepoRef, place: Path, on_progress: OnProgress | None = None, limits: ExportLimits = ...
    ) -> Mirrored: ...

    def open_check(self, repo: RepoRef, key: Passphrase) -> str: ...

    def snapshots(self, repo: RepoRef, key: Passphrase) -> list[Snapshot]: ...

    def latest_set(self, snapshots: Sequence[Snapshot]) -> list[Snapshot]: ...

    def inventory(
        self,
        repo: RepoRef,
        key: Passphrase,
        snapshot_id: str,
        sink: Callable[[Node], None],
        cancel: Cancel | None = None,
        *,
        below: Sequence[str] = (),
    ) -> Totals: ...

    def read_file(
        self, repo: RepoRef, key: Passphrase, snapshot_id: str, path: str, cancel: Cancel | None = None
    ) -> Iterator[bytes]: ...

    def export_readable(
        self,
        repo: RepoRef,
        key: Passphrase,
        snapshots: Sequence[Snapshot],
        destination: Path,
        on_progress: OnProgress | None = None,
        limits: ExportLimits = ...,
        *,
        accept_losses: bool = False,
    ) -> Exported: ...
