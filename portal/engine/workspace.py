"""The working directory of one export: what survives a kill, and the one rename that publishes."""

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from portal.engine.disk import sync_directory, write_atomically
from portal.engine.errors import EngineError, EngineFault
from portal.engine.port import Exported, Volume

REPORT = "export.json"


class StaleCheckpoint(Exception):
    """What a former run wrote does not match what restic gives now: start again."""


@dataclass(frozen=True)
class Entry:
    """One exported file, or a folder or link that the volumes hold too, as recorded in the checkpoint."""

    group: int  # index of the snapshot
    path: str  # in the backup, with surrogates for bytes that are not UTF-8
    name: str  # in the volume
    size: int
    sha256: str
    type: str = "file"


@dataclass(frozen=True)
class Closed:
    """One volume that is complete on disk; ``papers`` is set on the last one."""

    volume: str
    entries: int  # the customer's, without the papers
    bytes: int
    papers: list[str]
    renamed: int = 0
    specials: int = 0
    lost: int = 0
    lost_folders: int = 0
    older: int = 0
    older_folders: int = 0


class Workspace:
    """``<destination>.work``: ``out/`` becomes the destination, the rest is the checkpoint.

    The checkpoint has one line per file and one per closed volume, the latter written only once
    the volume is durable; whatever follows the last closed volume is ignored.
    """

    def __init__(self, destination: Path, plan: dict[str, Any]) -> None:
        self.destination = destination
        self.root = work_directory(destination)
        self.out = self.root / "out"
        self._plan = json.dumps(plan, sort_keys=True)
        self._plan_file = self.root / "plan.json"
        self._log_file = self.root / "checkpoint.jsonl"
        self.closed: list[Closed] = []

    def open(self) -> None:
        """Take up a former run of the same plan, or start afresh."""
        known = self._plan_file.read_text() if self._plan_file.exists() else None
        if known != self._plan:
            self.reset()
        self.closed = self._recover()
        kept = {one.volume for one in self.closed} | {paper for one in self.closed for paper in one.papers}
        for file in self.out.iterdir():
            if file.name not in kept:
                file.unlink()
        self._recovered = self._log_file.stat().st_size if self._log_file.exists() else 0
        self._log = self._log_file.open("a", encoding="utf-8")

    def reset(self) -> None:
        if self.root.exists():
            shutil.rmtree(self.root)
        self.out.mkdir(parents=True, mode=0o700)
        self.root.chmod(0o700)
        write_atomically(self._plan_file, self._plan)
        self.closed = []

    def record(self, entry: Entry) -> None:
        row = (entry.group, entry.path, entry.name, entry.size, entry.sha256, entry.type)
        self._log.write(json.dumps(row) + "\n")

    def record_closed(self, closed: Closed) -> None:
        self._log.write(json.dumps(asdict(closed)) + "\n")
        self._log.flush()
        os.fsync(self._log.fileno())
        self.closed.append(closed)

    def entries(self) -> Iterator[Entry | Closed]:
        """Everything recorded up to now, in order."""
        self._log.flush()
        return self._rows(self._log_file.stat().st_size)

    def recovered_entries(self) -> Iterator[Entry | Closed]:
        """What former runs recorded."""
        return self._rows(self._recovered)

    def _rows(self, limit: int) -> Iterator[Entry | Closed]:
        with self._log_file.open(encoding="utf-8") as log:
            read = 0
            while read < limit:
                line = log.readline()
                read += len(line)  # json.dumps writes ASCII: a character is a byte
                yield _parsed(line)

    def close(self) -> None:
        self._log.close()

    def publish(self, report: Exported) -> None:
        """Make the result visible under its final name, whole or not at all."""
        write_atomically(self.out / REPORT, json.dumps(asdict(report), default=str))
        self.out.rename(self.destination)
        sync_directory(self.destination.parent)
        shutil.rmtree(self.root)

    def _recover(self) -> list[Closed]:
        """Cut the checkpoint after its last closed volume; check that the volumes are there."""
        closed, good, position = [], 0, 0
        if self._log_file.exists():
            with self._log_file.open("r+b") as log:
                for line in log:
                    position += len(line)
                    try:
                        row = _parsed(line.decode())
                    except (ValueError, TypeError):  # cut off by the kill
                        break
                    if isinstance(row, Closed):
                        closed.append(row)
                        good = position
                log.truncate(good)
        for one in closed:
            file = self.out / one.volume
            if not file.is_file() or file.stat().st_size != one.bytes:
                self.reset()
                return []
        return closed


def _parsed(line: str) -> Entry | Closed:
    row = json.loads(line)
    return Closed(**row) if isinstance(row, dict) else Entry(*row)


def work_directory(destination: Path) -> Path:
    return destination.with_name(destination.name + ".work")


def published(destination: Path, snapshot_ids: tuple[str, ...]) -> Exported | None:
    """The export already published there, if it is this one.

    Raises EngineError(UNSAFE_PATH) when the place is taken by something else.
    """
    if not destination.exists() and not destination.is_symlink():
        return None
    report = destination / REPORT
    if destination.is_symlink() or not report.is_file():
        raise EngineError(EngineFault.UNSAFE_PATH)
    row = json.loads(report.read_text(encoding="utf-8"))
    if tuple(row["snapshot_ids"]) != snapshot_ids:
        raise EngineError(EngineFault.UNSAFE_PATH)
    return Exported(
        **{
            **row,
            "directory": destination,
            "snapshot_ids": snapshot_ids,
            "volumes": tuple(Volume(**one) for one in row["volumes"]),
            "documents": tuple(row["documents"]),
        }
    )


def published_at(destination: Path) -> Exported | None:
    """What a former run has published there, whatever it is: it needs no passphrase any more."""
    report = destination / REPORT
    if not report.is_file():
        return None
    return published(destination, tuple(json.loads(report.read_text())["snapshot_ids"]))
