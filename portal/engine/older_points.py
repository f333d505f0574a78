"""What a damaged point no longer gives, taken from older points of the same machine and folders.

A file that cannot be read comes in the newest older version that can be. Of a folder that cannot be listed
nobody knows what it holds; what the next older point has in its place is given, and named as such. What no
point gives is listed in LOST.csv, what an older one gave in OLDER.csv.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from portal.engine.errors import EngineError
from portal.engine.naming import Naming, fold
from portal.engine.pace import TICK_SECONDS, Teller
from portal.engine.passphrase import Passphrase
from portal.engine.port import Node, Phase, Progress, RepoRef, Snapshot
from portal.engine.salvage import LOSSES, DamagedSource, Salvage, Want
from portal.engine.trees import Read, node_at, walk, walk_from

LOOKED_FOR_SECONDS = 300  # for folders that cannot be listed, before somebody decides about them
_ON_A_COMMAND_LINE = 200  # folders; beyond, the whole list is read


@dataclass(frozen=True)
class BackedSnapshot(Snapshot):
    """A snapshot with the older ones that may stand in for what it no longer gives, newest first."""

    older: tuple[Snapshot, ...] = ()


def is_same_group(one: Snapshot, other: Snapshot) -> bool:
    """Are both of the same machine and the same folders?"""
    return (one.host, frozenset(one.paths)) == (other.host, frozenset(other.paths))


def backed(snapshot: Snapshot, known: Sequence[Snapshot]) -> BackedSnapshot:
    """A snapshot with all older ones of its group. known: every snapshot of the repository."""
    older = [one for one in known if is_same_group(one, snapshot) and one.time < snapshot.time]
    return BackedSnapshot(
        snapshot.id,
        snapshot.short_id,
        snapshot.time,
        snapshot.host,
        snapshot.paths,
        snapshot.tags,
        older=tuple(sorted(older, key=lambda one: (one.time, one.id), reverse=True)),
    )


def with_unknown_folders(
    source: DamagedSource, repo: RepoRef, key: Passphrase, error: EngineError
) -> EngineError:
    """The same failure with the number of folders that cannot be listed, as far as minutes find them."""
    read, count, until = partial(source.record, repo, key), 0, time.monotonic() + LOOKED_FOR_SECONDS
    for id_ in error.unlisted:
        try:
            for node in walk(read, id_):
                count += node.type == "lost"
                if time.monotonic() > until:
                    break
        except EngineError as other:
            if other.fault not in LOSSES:
                raise
            count += 1  # not even the record of the point itself
    return EngineError(
        error.fault,
        error.detail,
        paths=error.paths,
        path_count=error.path_count,
        unlisted=error.unlisted,
        folder_count=count,
    )


@dataclass
class _Missing:
    """What has not come yet. tried: versions of files that cannot be read, by path, size and time."""

    folders: list[str]
    files: dict[str, list[Want]]
    tried: set[tuple[str, int, datetime | None]] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.folders or self.files)


class _Known:
    """Names as the export gave them already, else new ones."""

    def __init__(self, names: dict[str, str], namer: Naming) -> None:
        self._names, self._namer = names, namer

    def name(self, path: str) -> str:
        return self._names.get(fold(f"/{path}")) or self._namer.name(path)


class Completed(Salvage):
    """One run that asks the older points for what it would give up.

    Each older point that is read is a group of its own, with the names of the group that it completes.
    """

    def _read_snapshots(self) -> None:
        self._points: dict[int, Snapshot] = {}
        self._tell = _never_back(self._tell)
        super()._read_snapshots()

    def _older_point(self, group: int) -> str:
        point = self._points.get(group)
        return point.time.isoformat() if point else ""

    def _note_lost(self, group: int, snapshot: Snapshot) -> None:
        missing = _Missing(
            list(self._unknown[group]),
            {path: list(some) for path, some in self._wanted[group].items() if some},
        )
        missing.tried = {_version(one.node) for some in missing.files.values() for one in some}
        for older in getattr(snapshot, "older", ()):
            if not missing:
                break
            self._take_from(group, older, missing)
        for folder in missing.folders:
            self._documents.add_lost(snapshot.host, folder, "dir", None)
        for some in missing.files.values():
            for want in some:
                self._documents.add_lost(snapshot.host, f"/{want.path}", "file", want.node.size)

    def _take_from(self, group: int, older: Snapshot, missing: _Missing) -> None:
        """Read from one older point what is missing, as far as it has it."""
        apart = self._group_of(group, older)
        known = _Known({path: some[0].name for path, some in missing.files.items()}, self._namers[group])
        for folder in list(missing.folders):
            if (nodes := self._content(older, folder)) is not None:
                missing.folders.remove(folder)
                missing.folders += [one.path for one in nodes if one.type == "lost"]
                self._documents.add_older(older.host, folder, "dir", None, older)
                self._folders[apart].append(folder)
                self._note_all(apart, [one for one in nodes if one.path != folder], known)
        for path, node in self._versions(older, missing).items():
            if path not in self._wanted[apart] and _version(node) not in missing.tried:
                self._note(apart, node, known)
        given = {path: list(some) for path, some in self._wanted[apart].items()}
        self._tell_copied(self._found.bytes)
        self._take_all(apart, older)
        for path, some in given.items():
            self._settle(apart, path, some, missing)

    def _settle(self, apart: int, path: str, some: list[Want], missing: _Missing) -> None:
        """What came is missing no more; what this point lists and does not give either still is."""
        point, left = self._points[apart], self._wanted[apart].get(path, [])
        came = [want for want in some if all(want is not one for one in left)]
        for want in came:
            self._documents.add_older(point.host, f"/{want.path}", "file", want.node.size, point)
        missing.tried |= {_version(want.node) for want in some}
        still = missing.files.get(path, left)[len(came) if path in missing.files else 0 :]
        missing.files[path] = still
        if not still:
            del missing.files[path]

    def _group_of(self, group: int, older: Snapshot) -> int:
        apart = len(self._wanted)
        self._wanted.append({})
        self._folders.append([])
        self._links.append({})
        self._unknown.append([])
        self._tops.append(self._tops[group])
        self._points[apart] = older
        return apart

    def _to_read(self, group: int) -> list[str]:
        """Of an older point only the folders that stand in for others are read whole."""
        return self._folders[group] if group in self._points else super()._to_read(group)

    def _content(self, older: Snapshot, folder: str) -> list[Node] | None:
        """What an older point has in a folder; None where it has no such folder, or cannot list it either."""
        nodes: list[Node] = []
        below = [] if folder == "/" else [folder]
        try:
            self._source.inventory(self._repo, self._key, older.id, nodes.append, below=below)
            return nodes or None
        except EngineError as error:
            if error.fault not in LOSSES:
                raise
        try:
            nodes = list(walk_from(self._read, older.id, folder))
        except EngineError as error:
            if error.fault not in LOSSES:
                raise
            return None
        return None if nodes and (nodes[0].path, nodes[0].type) == (folder, "lost") else nodes

    def _versions(self, older: Snapshot, missing: _Missing) -> dict[str, Node]:
        """The versions of missing files that an older point lists, by path."""
        found: dict[str, Node] = {}

        def sink(node: Node) -> None:
            if node.type == "file" and node.path in missing.files:
                found.setdefault(node.path, node)

        above = sorted({path.rpartition("/")[0] for path in missing.files})
        if not above:
            return {}
        whole = len(above) > _ON_A_COMMAND_LINE or any(not one or "\ufffd" in one for one in above)
        try:
            below = [] if whole else above
            self._source.inventory(self._repo, self._key, older.id, sink, below=below)
        except EngineError as error:
            if error.fault not in LOSSES:
                raise
            found = self._one_by_one(older, missing)
        return found

    def _one_by_one(self, older: Snapshot, missing: _Missing) -> dict[str, Node]:
        found = {}
        for path in missing.files:
            self._tell_copied(self._found.bytes)
            try:
                found[path] = node_at(self._read, older.id, path)
            except EngineError as error:
                if error.fault not in LOSSES:
                    raise
        return found

    @property
    def _read(self) -> Read:
        return partial(self._source.record, self._repo, self._key)


def _version(node: Node) -> tuple[str, int, datetime | None]:
    return fold(node.path), node.size, node.mtime


def _never_back(tell: Teller) -> Teller:
    """More comes to be read than was known at first: the share that is told stays where it was meanwhile."""
    most, told_at = Progress("inventory", 0, 0, 0, 0), 0.0

    def told(phase: Phase, files: int, files_total: int, size: int, size_total: int) -> None:
        nonlocal most, told_at
        reached, now = Progress(phase, files, files_total, size, size_total), time.monotonic()
        if reached.fraction >= most.fraction:
            most = reached
        elif now - told_at < TICK_SECONDS:
            return
        told_at = now
        tell(most.phase, most.files_done, most.files_total, most.bytes_done, most.bytes_total)

    return told
