"""What a damaged repository still gives (restitution partielle), by the operator's decision.

Reading a whole snapshot stops at the first damaged piece. Here each folder is read by itself, then each
file that still lacks; what never comes is listed in LOST.csv. Slow where the damage is, since every
call of restic derives the key again, and in the memory of a few hundred bytes per file. A run that
was cut off starts again.
"""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

from portal.engine.child import Child
from portal.engine.documents import EmptyFolders
from portal.engine.errors import EngineError, EngineFault
from portal.engine.export import Export, Source, export_readable
from portal.engine.naming import Naming, fold
from portal.engine.pace import after
from portal.engine.passphrase import Passphrase
from portal.engine.port import Exported, ExportLimits, Node, OnProgress, Progress, RepoRef, Snapshot, Totals
from portal.engine.tarstream import TarReader, TruncatedTar
from portal.engine.trees import walk
from portal.engine.volume_entry import Header, header_of

LOSSES = {
    EngineFault.ATTRIBUTES,
    EngineFault.DAMAGED,
    EngineFault.INCOMPLETE,
    EngineFault.PATH_MISSING,
    EngineFault.TIMED_OUT,
    EngineFault.UNKNOWN,
}
IN_MEMORY_BYTES = 8_000_000
CHUNK_BYTES = 1 << 20


class DamagedSource(Source, Protocol):
    """What a rescue needs of the engine, beyond an ordinary export."""

    def inventory(
        self,
        repo: RepoRef,
        key: Passphrase,
        snapshot_id: str,
        sink: Callable[[Node], None],
        *,
        below: Sequence[str] = (),
    ) -> Totals: ...

    def tar_of(
        self, repo: RepoRef, key: Passphrase, snapshot_id: str, *, path: str = "/"
    ) -> AbstractContextManager[Child]: ...

    def file_of(
        self, repo: RepoRef, key: Passphrase, snapshot_id: str, path: str
    ) -> AbstractContextManager[Child]: ...

    def record(self, repo: RepoRef, key: Passphrase, kind: str, id_: str) -> dict[str, Any]: ...


@dataclass(slots=True)
class Want:
    """A file that is listed and has not come yet."""

    path: str  # without leading slash
    name: str  # in the export
    node: Node
    place: int = 0  # which one of the files that are listed under this path


def export_what_is_left(
    source: DamagedSource,
    repo: RepoRef,
    key: Passphrase,
    snapshots: Sequence[Snapshot],
    destination: Path,
    *,
    on_progress: OnProgress | None = None,
    limits: ExportLimits = ExportLimits(),  # noqa: B008  (frozen)
    loses_nothing: bool = False,
    kind: "type[Salvage] | None" = None,
) -> Exported:
    """Export strictly if that is possible, else all that can be read; ``lost`` counts LOST.csv.

    kind: another way to read what is left than giving up what the snapshots do not give.
    loses_nothing: only attributes may stay behind; file by file at once, and every file must come.
    Raises EngineError(DAMAGED) when nothing at all can be read, INCOMPLETE where a file is missing that may
    not be.
    """
    if loses_nothing:
        return export_readable(
            source, repo, key, snapshots, destination, on_progress=on_progress, limits=limits, kind=Unpacked
        )
    reached = 0.0

    def remember(progress: Progress) -> None:
        nonlocal reached
        reached = progress.fraction
        if on_progress is not None:
            on_progress(progress)

    try:
        return export_readable(source, repo, key, snapshots, destination, on_progress=remember, limits=limits)
    except EngineError as error:
        if error.fault not in LOSSES:
            raise
    tell = after(on_progress, reached)
    return export_readable(
        source, repo, key, snapshots, destination, on_progress=tell, limits=limits, kind=kind or Salvage
    )


class Salvage(Export[DamagedSource]):
    """One run that gives up on single files instead of on the whole."""

    _drops_attributes = False  # a folder could not be packed because of some

    def run(self) -> Exported:
        self._work.reset()
        return super().run()

    def _read_snapshots(self) -> None:
        self._wanted: list[dict[str, list[Want]]] = [{} for _ in self._snapshots]
        self._folders: list[list[str]] = [[] for _ in self._snapshots]
        self._links: list[dict[str, str]] = [{} for _ in self._snapshots]
        self._unknown: list[list[str]] = [[] for _ in self._snapshots]  # folders that cannot be listed
        self._known_children: tuple[int, dict[str, list[str]]] = (-1, {})
        self._namers: dict[int, Naming] = {}
        self._left: Counter[tuple[int, str]] = Counter()  # files still wanted below each folder
        super()._read_snapshots()

    def _list(self, group: int, snapshot: Snapshot) -> None:
        """The names, from restic's list or, where that is damaged, folder by folder."""
        nodes: list[Node] = []
        try:
            below = self._below(snapshot)
            self._source.inventory(self._repo, self._key, snapshot.id, nodes.append, below=below)
        except EngineError as error:
            if error.fault not in LOSSES:
                raise
            nodes = list(self._walk(group, snapshot))
        self._namers[group] = self._namer(group)
        self._note_all(group, nodes, self._namers[group])

    def _note_all(self, group: int, nodes: Sequence[Node], namer: Naming) -> None:
        folders = EmptyFolders()
        for node in [*nodes, None]:
            if (empty := folders.see(node)) is not None and self._is_ours(group, empty):
                self._documents.add_special(empty, "dir")
            if node is not None:
                self._note(group, node, namer)

    def _below(self, snapshot: Snapshot) -> list[str]:
        """The folders of which the list is asked; none: all of it."""
        return []

    def _is_ours(self, group: int, folder: str) -> bool:
        """Is an empty folder part of what is handed over?"""
        return True

    def _walk(self, group: int, snapshot: Snapshot) -> Iterator[Node]:
        def read(kind: str, id_: str) -> dict[str, Any]:
            return self._source.record(self._repo, self._key, kind, id_)

        for node in walk(read, snapshot.id):
            if node.type == "lost":
                self._unknown[group].append(node.path)
            yield node
            self._tell("inventory", self._expected.files, 0, self._expected.bytes, 0)

    def _note(self, group: int, node: Node, namer: Naming) -> None:
        if node.type == "file":
            path = node.path.removeprefix("/")
            name = namer.name(path.replace("\ufffd", "\udcff"))
            self._wanted[group].setdefault(fold(node.path), []).append(Want(path, name, node))
            self._expected.add(group, fold(node.path), node.size)
            self._left.update((group, folder) for folder in _above(fold(node.path)))
        elif node.type == "dir":
            self._folders[group].append(node.path)
        elif node.type == "symlink":
            self._links[group][fold(node.path)] = ""
        elif node.type != "lost":
            self._documents.add_special(node.path, node.type)

    def _copy(self, group: int, snapshot: Snapshot) -> None:
        self._take_all(group, snapshot)
        self._note_lost(group, snapshot)

    def _take_all(self, group: int, snapshot: Snapshot) -> None:
        for folder in self._to_read(group):
            if self._is_worth_reading(group, fold(folder)):
                with self._passing_losses():
                    self._take_folder(group, snapshot, folder)
        for want in [one for wants in self._wanted[group].values() for one in wants]:
            with self._passing_losses():
                self._take_file(group, snapshot, want)
        for path, target in self._links[group].items():
            self._documents.add_special(path, "symlink", target)

    def _note_lost(self, group: int, snapshot: Snapshot) -> None:
        for folder in self._unknown[group]:
            self._documents.add_lost(snapshot.host, folder, "dir", None)
        for wants in self._wanted[group].values():
            for want in wants:
                self._documents.add_lost(snapshot.host, f"/{want.path}", "file", want.node.size)

    @contextmanager
    def _passing_losses(self) -> Iterator[None]:
        """Nothing that is only damage stops the rescue; what did not come stays wanted."""
        try:
            yield
        except EngineError as error:
            if error.fault not in LOSSES:
                raise
            self._drops_attributes |= error.fault == EngineFault.ATTRIBUTES

    def _to_read(self, group: int) -> list[str]:
        """The folders that are read as a whole while something below them is still wanted."""
        return ["/", *self._folders[group]]

    def _is_worth_reading(self, group: int, folder: str) -> bool:
        """Not when all has come, nor when one folder below holds everything that this one holds."""
        left = self._left[group, folder]
        return left > 0 and not any(
            self._left[group, one] == left for one in self._children(group).get(folder, ())
        )

    def _children(self, group: int) -> dict[str, list[str]]:
        """The folders right below each folder of a group, once all of them are known."""
        if self._known_children[0] != group:
            known: dict[str, list[str]] = {}
            for folder in map(fold, self._folders[group]):
                known.setdefault(folder.rpartition("/")[0] or "/", []).append(folder)
            self._known_children = group, known
        return self._known_children[1]

    def _stream_of(self, snapshot: Snapshot, folder: str) -> AbstractContextManager[Child]:
        return self._source.tar_of(self._repo, self._key, snapshot.id, path=folder)

    def _take_folder(self, group: int, snapshot: Snapshot, folder: str) -> None:
        with self._stream_of(snapshot, folder) as child:
            reader = TarReader(child.output)
            try:
                for member in reader:
                    path = fold(f"/{member.path}")
                    if member.type == "file" and (want := self._find(group, path, member.size)):
                        with self._spool(reader.chunks()) as content:
                            want.path = member.path
                            if self._is_tar:
                                want.name = self._namer(group).name(member.path)
                            self._deliver(group, want, content, header_of(member, want.name))
                    elif member.type == "symlink" and path in self._links[group]:
                        self._links[group][path] = member.target
                    if not self._left[group, fold(folder)]:
                        return
            except TruncatedTar:
                pass
            while child.output.read(CHUNK_BYTES):
                pass
            child.finish()  # says when it was something else than damage

    def _take_file(self, group: int, snapshot: Snapshot, want: Want) -> None:
        with (
            self._source.file_of(self._repo, self._key, snapshot.id, f"/{want.path}") as child,
            self._spool(iter(lambda: child.output.read(CHUNK_BYTES), b"")) as content,
        ):
            child.finish()
            if content.tell() == want.node.size:
                mtime = want.node.mtime.timestamp() if want.node.mtime else 0.0
                if self._is_tar and self._drops_attributes:
                    self._documents.add_special(f"/{want.path}", "attributes")
                self._deliver(group, want, content, Header(want.name, want.node.size, mtime, want.node.mode))

    def _spool(self, chunks: Iterator[bytes]) -> IO[bytes]:
        """The content aside, so that a file that breaks off leaves nothing in a volume."""
        content = tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES, dir=str(self._work.root))  # noqa: SIM115
        try:
            for chunk in chunks:
                content.write(chunk)
                self._tell_copied(self._found.bytes)
        except BaseException:
            content.close()
            raise
        return content

    def _find(self, group: int, path: str, size: int) -> Want | None:
        wants = self._wanted[group].get(path, ())
        return next((want for want in wants if want.node.size == size), None)

    def _deliver(self, group: int, want: Want, content: IO[bytes], header: Header) -> None:
        content.seek(0)
        chunks = iter(lambda: content.read(CHUNK_BYTES), b"")
        self._enter(*self._add(group, header, want.path, chunks), header.mtime)
        path = fold(want.node.path)
        self._found.add(group, path, header.size)
        self._left.subtract((group, folder) for folder in _above(path))
        self._wanted[group][path].remove(want)
        self._tell_copied(self._found.bytes)

    def _check_complete(self) -> None:
        """Every listed file has come or is listed as lost; something has come."""
        missing = sum(len(wants) for group in self._wanted for wants in group.values())
        if self._found.files + missing != self._expected.files:
            raise EngineError(EngineFault.INCOMPLETE)
        if self._documents.lost and not self._found.files:
            raise EngineError(EngineFault.DAMAGED)


class Unpacked(Salvage):
    """File by file, because of attributes that no archive can carry: every file comes."""

    def _check_complete(self) -> None:
        super()._check_complete()
        if self._documents.lost:
            raise EngineError(EngineFault.INCOMPLETE, path_count=self._documents.lost)


def _above(path: str) -> Iterator[str]:
    """The folders that hold a path, from the root down."""
    yield "/"
    position = path.find("/", 1)
    while position > 0:
        yield path[:position]
        position = path.find("/", position + 1)
