"""The names inside a snapshot, for one request: a private SQLite file, deleted when the request ends.

It holds names, sizes and dates, never content. Only what is in it may be fetched, by the number of its row
and the mark of its listing, since a browser changes a line break inside a name.
"""

import os
import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from portal.engine.installed import private_folder
from portal.engine.port import Node, Snapshot
from portal.engine.searching import Found
from portal.search.words import fold

PAGE = 100
_SCHEMA = """
CREATE TABLE listing (mark TEXT);
CREATE TABLE snapshot (id TEXT PRIMARY KEY, time TEXT, host TEXT, paths TEXT, listed INTEGER);
CREATE TABLE node (id INTEGER PRIMARY KEY, snapshot TEXT, folder TEXT, name TEXT, folded TEXT, kind TEXT,
                   size INTEGER, mtime TEXT);
"""
_HITS = """
CREATE TABLE asked (text TEXT);
CREATE TABLE hit (id INTEGER PRIMARY KEY, snapshot TEXT, path TEXT, size INTEGER, mtime TEXT,
                  taken TEXT);
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
    """One name in a folder. id: its row."""

    id: int
    snapshot: str
    folder: str
    name: str
    kind: str  # file, dir, and the rest of restic's types
    size: int
    mtime: str

    @property
    def path(self) -> str:
        return f"{self.folder}/{self.name}"


def file_of(request_uid: str, ending: str = "sqlite") -> Path:
    return private_folder("work") / f"{request_uid}.{ending}"


@dataclass(frozen=True)
class Hit:
    """A file with one content, and the points of the vault that have it: the newest, and how many."""

    id: int
    snapshot: str
    path: str
    size: int
    mtime: str
    last: str  # taken: of the newest point that has it
    first: str
    points: int


def hits(request_uid: str, text: str, offset: int = 0) -> list[Hit] | None:
    """One more than a page when there are more; None while that search has not ended."""
    path = file_of(request_uid, "hits")
    if not path.is_file():
        return None
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as file:
        if file.execute("SELECT text FROM asked").fetchone() != (text,):
            return None
        rows = file.execute(
            "SELECT id, snapshot, path, size, mtime, max(taken), min(taken), count(*) FROM hit "
            "GROUP BY path, size, mtime ORDER BY max(taken) DESC, path LIMIT ? OFFSET ?",
            (PAGE + 1, offset),
        )
        return [Hit(*row) for row in rows]


def hit(request_uid: str, number: int) -> Found | None:
    """A found file by its row."""
    path = file_of(request_uid, "hits")
    if not path.is_file():
        return None
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as file:
        row = file.execute("SELECT snapshot, path, size FROM hit WHERE id = ?", (number,)).fetchone()
    return Found(row[0], row[1], row[2], None) if row else None


def delete(request_uid: str) -> None:
    for path in file_of(request_uid).parent.glob(f"{request_uid}.*"):
        path.unlink(missing_ok=True)


def keep_hits(request_uid: str, text: str, found: Sequence[Found], taken: Mapping[str, datetime]) -> None:
    """Keep what a search of all points has found. taken: when each of them was taken, by its id."""
    target = file_of(request_uid, "hits")
    part = target.with_suffix(".hits.part")
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(sqlite3.connect(part)) as file:
        file.executescript(_HITS)
        file.execute("INSERT INTO asked VALUES (?)", (text,))
        rows = [
            (one.snapshot, one.path, one.size, _iso(one.mtime), _iso(taken[one.snapshot]))
            for one in found
            if one.snapshot in taken
        ]
        file.executemany("INSERT INTO hit (snapshot, path, size, mtime, taken) VALUES (?, ?, ?, ?, ?)", rows)
        file.commit()
    part.rename(target)


def _iso(at: datetime | None) -> str:
    return at.isoformat() if at else ""


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
        self._file.execute("INSERT INTO listing VALUES (?)", (secrets.token_hex(8),))
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
        row = (snapshot_id, folder, name, fold(name), node.type, node.size, _iso(node.mtime))
        self._rows.append(row)
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
        """Names that contain the text in any listed snapshot, or paths where the text has a slash; case and
        accents do not count.
        """
        where = "fold(folder || '/' || name)" if "/" in text else "folded"
        return self._entries(
            f"instr({where}, ?) ORDER BY folded, folder, id LIMIT ? OFFSET ?", (fold(text), PAGE + 1, offset)
        )

    @property
    def mark(self) -> str:
        """Of this listing; another one numbers its rows anew."""
        rows = self._read("SELECT mark FROM listing", ())
        return str(rows[0][0]) if rows else ""

    def entry(self, number: int) -> Entry | None:
        """A file or a folder by its row."""
        found = self._entries("id = ? AND kind IN ('file', 'dir')", (number,))
        return found[0] if found else None

    def place(self, entry: Entry) -> int:
        """Which one of the files with the same listed path it is, in tree order, from 0."""
        where = "snapshot = ? AND folder = ? AND name = ? AND kind = 'file' AND id < ?"
        return len(self._entries(where, (entry.snapshot, entry.folder, entry.name, entry.id)))

    def weight(self, snapshot: str, folder: str) -> tuple[int, int]:
        """Files below a folder and their bytes; « » for a whole snapshot."""
        below = f"{folder}/"
        rows = self._read(
            "SELECT count(*), coalesce(sum(size), 0) FROM node WHERE snapshot = ? AND kind = 'file' "
            "AND (folder = ? OR substr(folder, 1, ?) = ?)",
            (snapshot, folder, len(below), below),
        )
        return int(rows[0][0]), int(rows[0][1])

    def _entries(self, where: str, values: Sequence[object]) -> list[Entry]:
        columns = "id, snapshot, folder, name, kind, size, mtime"
        return [Entry(*row) for row in self._read(f"SELECT {columns} FROM node WHERE {where}", values)]  # noqa: S608

    def _read(self, query: str, values: Sequence[object]) -> list[tuple]:
        if not self.exists:
            return []
        with closing(sqlite3.connect(f"{self._path.as_uri()}?mode=ro", uri=True)) as file:
            file.create_function("fold", 1, fold, deterministic=True)
            return file.execute(query, values).fetchall()
