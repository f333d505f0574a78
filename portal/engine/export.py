"""Readable export (restitution lisible): a backup as ZIP or tar files that anybody can open and check.

Published only after three comparisons: the files read against restic's own list (its exit code
proves nothing before 0.19), each volume read again against the checksums taken on the way in, and
the number of files against both.
"""

import hashlib
import shutil
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from portal.engine import stand_ins
from portal.engine.child import Child
from portal.engine.copying import full_disk_told
from portal.engine.disk import exclusive
from portal.engine.documents import Documents, EmptyFolders
from portal.engine.errors import PATHS_LIMIT, EngineError, EngineFault
from portal.engine.mirror import discard as discard_mirror
from portal.engine.naming import Namer, Verbatim, fold
from portal.engine.pace import throttled
from portal.engine.passphrase import Passphrase
from portal.engine.port import Exported, ExportLimits, Node, OnProgress, RepoRef, Snapshot, Totals, VolumeKind
from portal.engine.reread import reread
from portal.engine.space import StillNeeds, forget, reserved
from portal.engine.tally import Tally, file_key
from portal.engine.tarstream import Member, TarReader, TruncatedTar
from portal.engine.volume_entry import Header, header_of
from portal.engine.volumes import VolumeWriter
from portal.engine.workspace import Closed, Entry, StaleCheckpoint, Workspace, published, work_directory

SPARE = 1.01  # share of the plain bytes that ZIP headers and stored blocks may add
PAPER_BYTES = 600  # per file: headers, manifest, checksums, checkpoint
TAR_BYTES = 2_500  # more per entry of a tar volume: its headers and what fills its last block
_HELD = {VolumeKind.ZIP: {"file"}, VolumeKind.TAR: {"file", "dir", "symlink"}}  # the rest: SPECIAL.csv


class Source(Protocol):
    """What the export needs of the engine."""

    def inventory(
        self, repo: RepoRef, key: Passphrase, snapshot_id: str, sink: Callable[[Node], None]
    ) -> Totals: ...

    def tar_of(self, repo: RepoRef, key: Passphrase, snapshot_id: str) -> AbstractContextManager[Child]: ...


def export_readable(
    source: Source,
    repo: RepoRef,
    key: Passphrase,
    snapshots: Sequence[Snapshot],
    destination: Path,
    *,
    on_progress: OnProgress | None = None,
    limits: ExportLimits = ExportLimits(),  # noqa: B008  (frozen)
    kind: "type[Export[Any]] | None" = None,
) -> Exported:
    """Export snapshots into ``destination``, which appears whole at the end or not at all.

    on_progress may raise to give up: children are killed, nothing is published. After a kill, an
    error or a cancellation, a call with the same arguments goes on from the last closed volume;
    :func:`discard` throws the work away. When the result is already there, it is returned.
    kind: another way to read the snapshots than the strict one.
    Raises EngineError WRONG_KEY, DAMAGED or INCOMPLETE (with the paths that are missing),
    NO_SPACE, BUSY (already running), UNSAFE_PATH (destination taken by something else) …
    """
    ids = tuple(one.id for one in snapshots)
    volume = [limits.volume_bytes, limits.volume_entries, limits.volume_kind]
    plan = {"snapshots": ids, "volume": volume, "format": 2}
    kind = kind or Export
    if kind is not Export:
        plan["kind"] = kind.__name__
    with exclusive(_lock_file(destination)), full_disk_told():
        if (done := published(destination, ids)) is not None:
            if any(Path(one.name).suffix != f".{limits.volume_kind}" for one in done.volumes):
                raise EngineError(EngineFault.UNSAFE_PATH)  # the same backups, in the other kind of volumes
            _clear(destination)
            return done
        forget(destination)  # one that was killed has promised nothing, and we may have nothing more to write
        while True:
            work = Workspace(destination, plan)
            try:
                return kind(source, repo, key, snapshots, work, on_progress, limits).run()
            except StaleCheckpoint:
                work.reset()


def discard(destination: Path) -> None:
    """Throw away the work of an export that will not be resumed. Raises EngineError(BUSY)."""
    with exclusive(_lock_file(destination)):
        _clear(destination)
    discard_mirror(mirror_directory(destination))


def _clear(destination: Path) -> None:
    """Remove what a process that was killed left beside the result."""
    if work_directory(destination).exists():
        shutil.rmtree(work_directory(destination))
    forget(destination)
    stand_ins.forget(destination)


def mirror_directory(destination: Path) -> Path:
    """Where a repository of a server is copied to before it is exported."""
    return destination.with_name(destination.name + ".mirror")


def _lock_file(destination: Path) -> Path:
    return destination.with_name(destination.name + ".lock")


S = TypeVar("S", bound=Source)


class Export(Generic[S]):
    """One run, from inventory to publication."""

    def __init__(
        self,
        source: S,
        repo: RepoRef,
        key: Passphrase,
        snapshots: Sequence[Snapshot],
        work: Workspace,
        on_progress: OnProgress | None,
        limits: ExportLimits,
    ) -> None:
        self._source, self._repo, self._key = source, repo, key
        self._snapshots, self._work, self._limits = snapshots, work, limits
        self._tell = throttled(on_progress)
        self._is_tar = limits.volume_kind == VolumeKind.TAR
        self._held = _HELD[limits.volume_kind]
        self._tops = top_folders(snapshots, always=self._is_tar)
        self._expected, self._found = Tally(), Tally()
        self._expected_others, self._found_others = Tally(), Tally()  # folders and links, in a tar volume
        self._volume_entries = 0  # of the customer, in the open volume

    def run(self) -> Exported:
        self._work.open()
        try:
            if not (self._work.closed and self._work.closed[-1].papers):
                self._read_snapshots()
            report = reread(self._work, tuple(one.id for one in self._snapshots), self._tell)
        finally:
            self._work.close()
        self._work.publish(report)
        return report

    def _read_snapshots(self) -> None:
        self._documents = Documents(self._work.out, self._limits.decisions)
        self._writer = VolumeWriter(self._work.out, self._limits, len(self._work.closed), self._record_closed)
        self._papers: list[str] = []
        self._recorded = self._recorded_entries()
        try:
            for group, snapshot in enumerate(self._snapshots):
                self._list(group, snapshot)
            with self._space() as self._still_needs:
                for group, snapshot in enumerate(self._snapshots):
                    self._copy(group, snapshot)
                self._check_complete()
                self._close_with_papers()
        except EngineError as error:
            raise self._with_missing_paths(error) from error
        finally:
            self._recorded.close()
            self._writer.abandon()
            self._documents.abandon()

    def _check_complete(self) -> None:
        found, expected = (self._found, self._found_others), (self._expected, self._expected_others)
        if found != expected or next(self._recorded, None) is not None:
            raise EngineError(EngineFault.INCOMPLETE)

    def _list(self, group: int, snapshot: Snapshot) -> None:
        """First pass: what there is, and what a volume cannot hold."""
        folders = EmptyFolders()

        def sink(node: Node | None) -> None:
            if not self._is_tar and (empty := folders.see(node)) is not None:
                self._documents.add_special(empty, "dir")
            if node is None:
                return
            if node.type == "file":
                self._expected.add(group, node.path, node.size)
                self._tell("inventory", self._expected.files, 0, self._expected.bytes, 0)
            elif node.type in self._held:
                self._expected_others.add(group, node.path, 0)
            elif node.type not in ("dir", "symlink"):  # a symlink's target is in the tar stream
                self._documents.add_special(node.path, node.type)

        self._source.inventory(self._repo, self._key, snapshot.id, sink)
        sink(None)

    def _space(self) -> AbstractContextManager[StillNeeds]:
        need = self._room_for(self._expected.files, self._expected.bytes, self._expected_others.files)
        need -= sum(one.bytes for one in self._work.closed)
        return reserved(self._work.destination, self._work.out, need, self._limits.keep_free_bytes)

    def _copy(self, group: int, snapshot: Snapshot) -> None:
        """Second pass: the tar stream, file by file, into the volumes."""
        namer = self._namer(group)
        with self._source.tar_of(self._repo, self._key, snapshot.id) as child:
            reader = TarReader(child.output)
            try:
                for member in reader:
                    if member.type in self._held and member.path:
                        self._copy_member(group, member, namer.name(member.path), reader)
                    elif member.type == "symlink":
                        self._documents.add_special(f"/{member.path}", "symlink", member.target)
            except TruncatedTar:
                while child.output.read(1 << 20):
                    pass
                child.finish()  # raises restic's own reason, if it gave one
                raise EngineError(EngineFault.INCOMPLETE) from None
            while child.output.read(1 << 20):
                pass
            child.finish()

    def _namer(self, group: int) -> Namer | Verbatim:
        return Verbatim(self._tops[group]) if self._is_tar else Namer(self._tops[group])

    def _copy_member(self, group: int, member: Member, name: str, reader: TarReader) -> None:
        chunks = self._counted(reader)
        if (recorded := next(self._recorded, None)) is not None:
            volume, old = recorded
            entry = Entry(group, member.path, name, member.size, _digest(member, chunks), member.type)
            if entry != old:
                raise StaleCheckpoint
        else:
            volume, entry = self._add(group, header_of(member, name), member.path, chunks)
        if member.type == "file":
            self._enter(volume, entry, member.mtime)
            self._found.add(group, fold(f"/{member.path}"), member.size)
        else:
            self._found_others.add(group, fold(f"/{member.path}"), 0)

    def _add(self, group: int, header: Header, path: str, chunks: Iterator[bytes]) -> tuple[str, Entry]:
        """Write an entry and record it; the volume it went into."""
        volume = self._writer.make_room(header)
        entry = Entry(group, path, header.name, header.size, self._writer.add(header, chunks), header.type)
        self._work.record(entry)
        self._volume_entries += 1
        return volume, entry

    def _enter(self, volume: str, entry: Entry, mtime: float) -> None:
        """A file in the papers."""
        point = self._older_point(entry.group)
        self._documents.add_file(volume, entry.name, entry.size, entry.sha256, mtime, point)
        whole = f"{self._tops[entry.group]}/{entry.path}".removeprefix("/")
        if fold(entry.name) != whole:
            self._documents.add_renamed(entry.name, f"/{entry.path}")

    def _older_point(self, group: int) -> str:
        """When the point was taken, in ISO 8601, for what does not come from the one that was asked for."""
        return ""

    def _counted(self, reader: TarReader) -> Iterator[bytes]:
        """Pass the content on, telling how far it is."""
        read = self._found.bytes
        for chunk in reader.chunks():
            read += len(chunk)
            yield chunk
            self._tell_copied(read)
        self._tell_copied(read)

    def _tell_copied(self, read: int) -> None:
        total = self._expected
        self._tell("export", self._found.files, total.files, read, total.bytes)

    def _close_with_papers(self) -> None:
        """Put the papers into the last volume, which is the only one in the ordinary case."""
        papers = self._documents.finish()
        mtime = max((one.time.timestamp() for one in self._snapshots), default=0.0)
        headers = [Header(one, (self._work.out / one).stat().st_size, mtime) for one in papers]
        self._writer.make_room(Header(papers[0], sum(one.size for one in headers), mtime))
        for header in headers:
            with (self._work.out / header.name).open("rb") as content:
                self._writer.add(header, iter(lambda: content.read(1 << 20), b""))
        self._papers = papers
        self._writer.close()

    def _record_closed(self, volume: str, size: int) -> None:
        documents = self._documents
        self._work.record_closed(Closed(volume, self._volume_entries, size, self._papers, **documents.counts))
        self._volume_entries = 0
        others = self._expected_others.files - self._found_others.files
        to_come = self._expected.files - self._found.files, self._expected.bytes - self._found.bytes
        self._still_needs(self._room_for(*to_come, others))

    def _room_for(self, files: int, size: int, others: int) -> int:
        """Bytes of disk for that many files of that many bytes, folders and links, in the worst case."""
        need = int(size * SPARE) + (files + others) * PAPER_BYTES
        return need + (files + others) * TAR_BYTES if self._is_tar else need

    def _recorded_entries(self) -> Generator[tuple[str, Entry], None, None]:
        """What a former run put into closed volumes, in the order of the stream."""
        waiting: list[Entry] = []
        for row in self._work.recovered_entries():
            if isinstance(row, Entry):
                waiting.append(row)
            else:
                yield from ((row.volume, entry) for entry in waiting)
                waiting = []

    def _with_missing_paths(self, error: EngineError) -> EngineError:
        """Name the files that did not come, by listing again: only now is memory spent on it.

        Where a list breaks off, nobody knows how many files there are, and none are counted.
        """
        if error.fault not in (EngineFault.DAMAGED, EngineFault.INCOMPLETE, EngineFault.UNKNOWN):
            return error
        copied: Counter[int] = Counter()
        for row in self._work.entries():
            if isinstance(row, Entry) and row.type == "file":
                copied[file_key(row.group, fold(f"/{row.path}"), row.size)] += 1
        missing: list[str] = []
        count = 0

        def sink(group: int, node: Node) -> None:
            nonlocal count
            key = file_key(group, node.path, node.size)
            if node.type != "file":
                return
            if copied[key]:
                copied[key] -= 1
                return
            count += 1
            if count <= PATHS_LIMIT:
                missing.append(node.path)

        unlisted = []
        for group, snapshot in enumerate(self._snapshots):
            try:
                self._source.inventory(self._repo, self._key, snapshot.id, partial(sink, group))
            except EngineError:
                unlisted.append(snapshot.id)
        if unlisted:
            missing, count = [], 0
        return EngineError(error.fault, error.detail, paths=missing, path_count=count, unlisted=unlisted)


def top_folders(snapshots: Sequence[Snapshot], *, always: bool) -> list[str]:
    """One folder per snapshot, named after machine and paths; none for a single one unless ``always``."""
    if len(snapshots) == 1 and not always:
        return [""]
    namer = Namer()
    hosts = Counter(one.host for one in snapshots)
    labels = [one.host if hosts[one.host] == 1 else f"{one.host} {' '.join(one.paths)}" for one in snapshots]
    return [namer.name(label.replace("/", "_")[:80]) for label in labels]


def _digest(member: Member, chunks: Iterator[bytes]) -> str:
    target = member.target if member.type == "symlink" else ""
    digest = hashlib.sha256(target.encode("utf-8", "surrogateescape"))
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()
