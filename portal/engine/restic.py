"""The storage engine on top of the restic program (0.14 and later), by subprocess."""

import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from portal.engine import chosen as selection
from portal.engine import destruction, export, keyless, stand_ins
from portal.engine import sealed_export as sealed
from portal.engine.child import Child, WaitsInVain, readable_pipe, running
from portal.engine.errors import EngineError, EngineFault
from portal.engine.mending import read_all
from portal.engine.mirror import discard as discard_mirror
from portal.engine.mirror import mirror
from portal.engine.naming import fold
from portal.engine.pace import after
from portal.engine.passphrase import Passphrase
from portal.engine.place import with_user
from portal.engine.port import (
    MIRROR_SHARE,
    Cancel,
    Capabilities,
    Destroyed,
    Exported,
    ExportLimits,
    Hashed,
    Mirrored,
    Node,
    OnProgress,
    RepoRef,
    SealedExport,
    Snapshot,
    Totals,
    Usage,
)
from portal.engine.stores.objects import REST_PASSWORD, REST_USER, Access

MINIMUM = (0, 14, 0)
CHUNK_BYTES = 1 << 20
_VERSION = re.compile(r"restic (\d+)\.(\d+)(?:\.(\d+))?")
_SNAPSHOT_ID = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Timeouts:
    """Longest silence of restic, in seconds. A lost object alone costs it 44 s of retries."""

    version: float = 20
    open: float = 120
    listing: float = 900
    stream: float = 900
    reindexing: float = 86_400  # every pack is read, and nothing is said meanwhile
    store: float = 60  # of a storage server, when objects are read without restic


class Restic:
    """See :class:`portal.engine.port.StorageEngine`.

    backend_env: the provider's own storage credentials (AWS_ACCESS_KEY_ID …), or what gives those of a
    repository; they reach the child and the stores alone. The customer's passphrase and the address of
    the repository, with the user of a REST server in it, travel by anonymous pipe.
    """

    def __init__(
        self,
        binary: str = "restic",
        *,
        timeouts: Timeouts = Timeouts(),
        backend_env: Mapping[str, str] | Callable[[RepoRef], Mapping[str, str]] | None = None,
    ) -> None:
        self.binary = shutil.which(binary) or binary
        self.timeouts = timeouts
        self._env = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "GOMAXPROCS": "1",
            "RESTIC_PROGRESS_FPS": "1",
        }
        self._impatient = False
        self._credentials = backend_env if callable(backend_env) else _always(backend_env or {})

    def _access(self, repo: RepoRef) -> Access:
        return Access(self._credentials(repo), self.timeouts.store)

    # Without the key

    def probe(self) -> Capabilities:
        """Raises EngineError BINARY_MISSING, VERSION_TOO_OLD."""
        with running([self.binary, "version"], env=self._env, silence_seconds=self.timeouts.version) as child:
            text = child.output.read().decode(errors="replace")
            child.finish()
        found = _VERSION.match(text)
        version = tuple(int(part or 0) for part in found.groups()) if found else (0, 0, 0)
        if version < MINIMUM:
            raise EngineError(EngineFault.VERSION_TOO_OLD, text[:80])
        major, minor, patch = version
        return Capabilities(self.binary, (major, minor, patch), version >= (0, 17, 1), version >= (0, 19, 0))

    @cached_property
    def capabilities(self) -> Capabilities:
        return self.probe()

    def exists(self, repo: RepoRef) -> bool:
        return keyless.exists(repo, self._access(repo))

    def fingerprint(self, repo: RepoRef) -> str:
        """See :func:`portal.engine.keyless.fingerprint`."""
        return keyless.fingerprint(repo, self._access(repo))

    def usage(self, repo: RepoRef) -> Usage:
        return keyless.usage(repo, self._access(repo))

    def hashed(self, repo: RepoRef, after: str = "") -> Iterator[Hashed]:
        """See :func:`portal.engine.keyless.hashed`."""
        return keyless.hashed(repo, after, self._access(repo))

    def destroy(self, repo: RepoRef, journal: Path, on_progress: OnProgress | None = None) -> Destroyed:
        return destruction.destroy(repo, journal, on_progress, self._access(repo))

    def export_sealed(
        self,
        repo: RepoRef,
        destination: Path,
        on_progress: OnProgress | None = None,
        limits: ExportLimits = ExportLimits(),  # noqa: B008  (frozen)
    ) -> SealedExport:
        """See :func:`portal.engine.sealed_export.export_sealed`."""
        return sealed.export_sealed(repo, destination, on_progress, limits, self._access(repo))

    def mirror(
        self,
        repo: RepoRef,
        place: Path,
        on_progress: OnProgress | None = None,
        limits: ExportLimits = ExportLimits(),  # noqa: B008  (frozen)
    ) -> Mirrored:
        """See :func:`portal.engine.mirror.mirror`."""
        return mirror(repo, place, on_progress, limits, self._access(repo))

    # With the key

    def open_check(self, repo: RepoRef, key: Passphrase) -> str:
        """The repository's own id, which proves that the key opens it.

        A server is asked first without restic, which from 0.16 on retries a dead one for a quarter of
        an hour. Raises EngineError WRONG_KEY, REPO_MISSING, BACKEND_UNREACHABLE, BACKEND_DENIED.
        """
        if repo.backend != "local" and not self.exists(repo):
            raise EngineError(EngineFault.REPO_MISSING)
        with self.command(repo, key, ["cat", "config"], self.timeouts.open) as child:
            text = child.output.read()
            child.finish()
        return str(json.loads(text)["id"])

    def snapshots(self, repo: RepoRef, key: Passphrase) -> list[Snapshot]:
        """Every backup in the repository, oldest first."""
        with self.command(repo, key, ["snapshots", "--json"], self.timeouts.listing) as child:
            text = child.output.read()
            child.finish()
        return sorted((_snapshot(row) for row in json.loads(text) or ()), key=_age)

    def latest_set(self, snapshots: Sequence[Snapshot]) -> list[Snapshot]:
        """The newest backup of each machine and set of folders: what « the data » means.

        restic's own "latest" is one snapshot of one machine, whichever came last.
        """
        newest = {(one.host, frozenset(one.paths)): one for one in sorted(snapshots, key=_age)}
        return sorted(newest.values(), key=lambda one: (one.host, one.paths))

    def inventory(
        self,
        repo: RepoRef,
        key: Passphrase,
        snapshot_id: str,
        sink: Callable[[Node], None],
        cancel: Cancel | None = None,
        *,
        below: Sequence[str] = (),
    ) -> Totals:
        """Give every node of a snapshot to ``sink``, in tree order, and return the sums.

        below: only these folders and what lies in them, by their absolute paths; none: everything.
        Raises EngineError SNAPSHOT_MISSING, DAMAGED, WRONG_KEY …; nothing is complete until it
        returns.
        """
        files = size = directories = specials = 0
        only = ["--recursive", "--", *below] if below else []
        for node in self._nodes(repo, key, [snapshot_id, *only], cancel):
            if node.type == "file":
                files, size = files + 1, size + node.size
            elif node.type == "dir":
                directories += 1
            else:
                specials += 1
            sink(node)
        return Totals(files, size, directories, specials)

    def read_file(
        self, repo: RepoRef, key: Passphrase, snapshot_id: str, path: str, cancel: Cancel | None = None
    ) -> Iterator[bytes]:
        """The content of one file, in chunks of at most 1 MiB. The path is literal.

        The caller must take every chunk: the last step checks restic's verdict and the length.
        Raises EngineError PATH_MISSING, SNAPSHOT_MISSING, DAMAGED, INCOMPLETE.
        """
        if not path.startswith("/") or "\0" in path:
            raise EngineError(EngineFault.PATH_MISSING)
        found = [
            node
            for node in self._nodes(repo, key, [snapshot_id, path], cancel)
            if node.type == "file" and node.path == fold(path)
        ]
        if not found:  # restic 0.14 lists nothing and says that all went well
            raise EngineError(EngineFault.PATH_MISSING, paths=[path])
        received = 0
        words = ["dump", snapshot_id, path]
        with self.command(repo, key, words, self.timeouts.stream, cancel) as child:
            while chunk := child.output.read(CHUNK_BYTES):
                received += len(chunk)
                yield chunk
            child.finish()
        if received != found[0].size:
            raise EngineError(EngineFault.INCOMPLETE, paths=[path])

    @contextmanager
    def tar_of(
        self,
        repo: RepoRef,
        key: Passphrase,
        snapshot_id: str,
        cancel: Cancel | None = None,
        *,
        path: str = "/",
    ) -> Iterator[Child]:
        """A folder of a snapshot as a tar stream. Its exit code proves nothing before restic 0.19."""
        words = ["dump", "-a", "tar", _checked(snapshot_id), path]
        with self.command(repo, key, words, self.timeouts.stream, cancel) as child:
            yield child

    @contextmanager
    def file_of(self, repo: RepoRef, key: Passphrase, snapshot_id: str, path: str) -> Iterator[Child]:
        """One file as it comes. The caller checks the length: see :meth:`read_file`."""
        words = ["dump", _checked(snapshot_id), path]
        with self.command(repo, key, words, self.timeouts.stream) as child:
            yield child

    def record(self, repo: RepoRef, key: Passphrase, kind: str, id_: str) -> dict[str, Any]:
        """One of restic's own records. kind: « snapshot », « index », or « blob » for a folder."""
        with self.command(repo, key, ["cat", kind, _checked(id_)], self.timeouts.listing) as child:
            text = child.output.read()
            child.finish()
        found: dict[str, Any] = json.loads(text)
        return found

    def export_readable(
        self,
        repo: RepoRef,
        key: Passphrase,
        snapshots: Sequence[Snapshot],
        destination: Path,
        on_progress: OnProgress | None = None,
        limits: ExportLimits = ExportLimits(),  # noqa: B008  (frozen)
        *,
        accept_losses: bool = False,
    ) -> Exported:
        """See :func:`portal.engine.export.export_readable`.

        accept_losses: when the repository is damaged, deliver every file that can be read and list
        the others in LOST.csv: see :mod:`portal.engine.salvage`. Attributes that no archive can carry cost
        only themselves: what they stop is read file by file, without asking.

        A repository on a server is first copied to this machine, beside the destination, and read
        there; the copy is kept until the export is published or discarded.
        """
        place = export.mirror_directory(destination)
        if repo.backend != "local" and not destination.exists():
            self.mirror(repo, place, on_progress, limits)
            repo, on_progress = RepoRef(str(place)), after(on_progress, MIRROR_SHARE)
        words: Any = {"on_progress": on_progress, "limits": limits}
        done = read_all(self, repo, key, snapshots, destination, accept_losses=accept_losses, **words)
        discard_mirror(place)
        return done

    def export_chosen(
        self,
        repo: RepoRef,
        key: Passphrase,
        snapshots: Sequence[selection.ChosenSnapshot],
        destination: Path,
        on_progress: OnProgress | None = None,
        limits: ExportLimits = ExportLimits(),  # noqa: B008  (frozen)
    ) -> Exported:
        """See :func:`portal.engine.chosen.export_chosen`. A repository on a server is read where it is."""
        words: Any = {"on_progress": on_progress, "limits": limits}
        if repo.backend != "local" or destination.exists():
            return selection.export_chosen(self, repo, key, snapshots, destination, **words)
        hurried = copy(self)
        hurried._impatient = True
        try:
            return selection.export_chosen(hurried, repo, key, snapshots, destination, **words)
        except WaitsInVain:  # only now is it looked for what the repository has lost
            pass
        with stand_ins.without_waiting(repo, destination, partial(self.record, repo, key, "index")) as whole:
            return selection.export_chosen(self, whole, key, snapshots, destination, **words)

    @contextmanager
    def command(
        self,
        repo: RepoRef,
        key: Passphrase,
        words: Sequence[str],
        silence_seconds: float,
        cancel: Cancel | None = None,
        *,
        writes: bool = False,
    ) -> Iterator[Child]:
        """Run restic on a repository. writes: take restic's own locks."""
        given = dict(self._credentials(repo))
        user, password = given.pop(REST_USER, ""), given.pop(REST_PASSWORD, "")
        with ExitStack() as pipes:
            location = pipes.enter_context(readable_pipe(with_user(repo.location, user, password)))
            secret = pipes.enter_context(readable_pipe(key))
            argv = [self.binary, "--no-cache"]
            argv += ["--repository-file", f"/dev/fd/{location}"]
            argv += ["--password-file", f"/dev/fd/{secret}"]
            if repo.no_lock and not writes:
                argv.append("--no-lock")
            with running(
                [*argv, *words],
                env={**self._env, **given},
                descriptors=(location, secret),
                silence_seconds=silence_seconds,
                cancel=cancel,
                impatient=self._impatient,
            ) as child:
                yield child

    def _nodes(
        self, repo: RepoRef, key: Passphrase, arguments: list[str], cancel: Cancel | None
    ) -> Iterator[Node]:
        words = ["ls", "--json", _checked(arguments[0]), *arguments[1:]]
        snapshot_seen = False
        with self.command(repo, key, words, self.timeouts.listing, cancel) as child:
            for line in child.output:
                row = json.loads(line) if line.strip() else {}
                if row.get("struct_type") == "snapshot":
                    snapshot_seen = True
                elif row.get("struct_type") == "node":
                    yield _node(row)
            child.finish()
        if not snapshot_seen:  # restic 0.14 ignores an unknown id and says that all went well
            raise EngineError(EngineFault.SNAPSHOT_MISSING)


def _always(env: Mapping[str, str]) -> Callable[[RepoRef], Mapping[str, str]]:
    return lambda _repo: env


def _checked(snapshot_id: str) -> str:
    if not _SNAPSHOT_ID.fullmatch(snapshot_id):
        raise EngineError(EngineFault.SNAPSHOT_MISSING)
    return snapshot_id


def _age(snapshot: Snapshot) -> tuple[datetime, str]:
    return snapshot.time, snapshot.id


def _snapshot(row: dict[str, Any]) -> Snapshot:
    return Snapshot(
        id=row["id"],
        short_id=row["short_id"],
        time=datetime.fromisoformat(row["time"]).astimezone(UTC),
        host=row["hostname"],
        paths=tuple(row["paths"] or ()),
        tags=tuple(row.get("tags") or ()),
    )


def _node(row: dict[str, Any]) -> Node:
    try:
        mtime = datetime.fromisoformat(row["mtime"]).astimezone(UTC)
    except (KeyError, ValueError, OverflowError):  # a file dated before year 1 or after 9999
        mtime = None
    return Node(row["path"], row["type"], row.get("size", 0), mtime, row.get("mode", 0) & 0o7777)
