"""The names inside a snapshot, for one request: a private SQLite file, deleted when the request ends.

It holds names, sizes and dates, never content. Only a path that is in it may be fetched.
"""

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from portal.engine.installed import private_folder
from portal.engine.port import Node, Snapshot
from portal.search.words import fold

PAGE = 100
_SCHEMA = """
CREATE TABLE snapshot (id TEXT PRIMARY KEY, time TEXT, host TEXT, paths TEXT, listed INTEGER);
CREATE TABLE node (id INTEGER PRIMARY KEY, snapshot TEXT, folder TEXT, name TEXT, folded TEXT, kind TEXT,
                   size INTEGER, mtime TEXT);
"""
_INDEX = "CREATE INDEX node_folder ON node (snapshot, folder, kind, folded, id)"
_BATCH = 5_000


@dataclass(frozen=True)
class Listed:
    """A snapshot of the vault; ``is_listed`` when its names are in the file."""

    id: str
    time: str
    host: str
    paths: str
    is_listed: bool


@dataclass(frozen=True)
class Entry:
    """One name in a folder."""

    snapshot: str
    folder: str
    name: str
    kind: str  # file, dir, and the rest of restic's types
    size: int
    mtime: str

    @property
    def path(self) -> str:
        return f"{self.folder}/{self.name}"


def file_of(request_uid: str) -> Path:
    return private_folder("work") / f"{request_uid}.sqlite"


def delete(request_uid: str) -> None:
    for path in file_of(request_uid).parent.glob(f"{request_uid}.*"):
        path.unlink(missing_ok=True)


class Writer:
    """Builds the file aside; :meth:`publish` puts it in place."""

    def __init__(self, request_uid: str) -> None:
        self._target = file_of(request_uid)
        self._part = self._target.with_suffix(".part")
        self._part.unlink(missing_ok=True)
        os.close(os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        self._file = sqlite3.connect(self._part)
        self._file.execute("PRAGMA journal_mode=OFF")
        self._file.executescript(_SCHEMA)
        self._rows: list[tuple[object, ...]] = []
        self.count = 0

    def add_snapshots(self, snapshots: Sequence[Snapshot], listed: set[str]) -> None:
        rows = [
            (one.id, one.time.isoformat(), one.host, ", ".join(one.paths), one.id in listed)
            for one in snapshots
        ]
        self._file.executemany("INSERT INTO snapshot VALUES (?, ?, ?, ?, ?)", rows)

    def add(self, snapshot_id: str, node: Node) -> None:
        folder, _, name = node.path.rpartition("/")
        mtime = node.mtime.isoformat() if node.mtime else ""
        self._rows.append((snapshot_id, folder, name, fold(name), node.type, node.size, mtime))
        self.count += 1
        if len(self._rows) >= _BATCH:
            self._flush()

    def _flush(self) -> None:
        columns = "(snapshot, folder, name, folded, kind, size, mtime)"
        self._file.executemany(f"INSERT INTO node {columns} VALUES (?, ?, ?, ?, ?, ?, ?)", self._rows)  # noqa: S608
        self._rows.clear()

    def publish(self) -> None:
        self._flush()
        self._file.execute(_INDEX)
        self._file.commit()
        self._file.close()
        self._part.rename(self._target)

    def abandon(self) -> None:
        self._file.close()
        self._part.unlink(missing_ok=True)


class Inventory:
    """Read one file. ``after`` is a row number that pages start behind."""

    def __init__(self, request_uid: str) -> None:
        self._path = file_of(request_uid)

    @property
    def exists(self) -> bool:
        return self._path.is_file()

    def snapshots(self) -> list[Listed]:
        rows = self._read("SELECT id, time, host, paths, listed FROM snapshot ORDER BY time DESC", ())
        return [Listed(*row[:4], is_listed=bool(row[4])) for row in rows]

    def folder(self, snapshot: str, folder: str, offset: int = 0) -> list[Entry]:
        """Folders first, then by name; one more than a page when there are more."""
        return self._entries(
            "snapshot = ? AND folder = ? ORDER BY kind <> 'dir', folded, id LIMIT ? OFFSET ?",
            (snapshot, folder, PAGE + 1, offset),
        )

    def search(self, text: str, offset: int = 0) -> list[Entry]:
        """Names that contain the text in any listed snapshot; case and accents do not count."""
        return self._entries(
            "instr(folded, ?) ORDER BY folded, folder, id LIMIT ? OFFSET ?", (fold(text), PAGE + 1, offset)
        )

    def find_file(self, snapshot: str, path: str) -> Entry | None:
        folder, _, name = path.rpartition("/")
        where = "snapshot = ? AND folder = ? AND name = ? AND kind = 'file' LIMIT 1"
        found = self._entries(where, (snapshot, folder, name))
        return found[0] if found else None

    def _entries(self, where: str, values: Sequence[object]) -> list[Entry]:
        columns = "snapshot, folder, name, kind, size, mtime"
        return [Entry(*row) for row in self._read(f"SELECT {columns} FROM node WHERE {where}", values)]  # noqa: S608

    def _read(self, query: str, values: Sequence[object]) -> list[tuple]:
        if not self.exists:
            return []
        with closing(sqlite3.connect(f"{self._path.as_uri()}?mode=ro", uri=True)) as file:
            return file.execute(query, values).fetchall()
