"""The papers that go with an export: what it holds, its checksums, what could not be kept as is."""

import base64
import csv
import hashlib
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from portal.engine.naming import fold
from portal.engine.port import Node, Snapshot

MANIFEST, SUMS, NAMES, SPECIAL = "MANIFEST.csv", "SHA256SUMS", "NAMES.csv", "SPECIAL.csv"
LOST, OLDER, CHOICE = "LOST.csv", "OLDER.csv", "CHOICE.csv"
_HEADINGS = {
    MANIFEST: ("volume", "path", "size", "sha256", "mtime", "older_point"),
    NAMES: ("path", "original", "original_base64"),
    SPECIAL: ("original", "type", "target"),
    LOST: ("machine", "path", "type", "size"),
    OLDER: ("machine", "path", "type", "size", "point", "snapshot"),
    CHOICE: ("machine", "folders", "decision", "point", "by", "at", "word"),
}


def checksum_line(name: str, digest: str) -> str:
    """A line for ``sha256sum -c``, with the escapes of coreutils."""
    escaped = name.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    return f"{chr(92) if escaped != name else ''}{digest}  {escaped}\n"


class Documents:
    """Write the papers row by row, in files beside the volumes."""

    def __init__(self, directory: Path, decisions: Sequence[Sequence[str]] = ()) -> None:
        """decisions: the rows of CHOICE.csv."""
        self._directory = directory
        self._files: dict[str, IO[str]] = {
            name: (directory / name).open("w", encoding="utf-8", errors="surrogateescape", newline="")
            for name in (SUMS, *_HEADINGS)
        }
        self._csv: dict[str, Any] = {name: csv.writer(self._files[name]) for name in _HEADINGS}
        for name, heading in _HEADINGS.items():
            self._csv[name].writerow(heading)
        self._csv[CHOICE].writerows(decisions)
        self._decisions = len(decisions)
        self.renamed = 0
        self.specials = 0
        self.lost = 0
        self.lost_folders = 0
        self.older = 0
        self.older_folders = 0

    def add_file(
        self, volume: str, name: str, size: int, digest: str, mtime: float, older_point: str = ""
    ) -> None:
        """older_point: when the point was taken that it comes from, where that is not the chosen one."""
        self._csv[MANIFEST].writerow((volume, fold(name), size, digest, iso(mtime), older_point))
        self._files[SUMS].write(checksum_line(name, digest))

    def add_renamed(self, name: str, original: str) -> None:
        """original: with surrogates for bytes that are not UTF-8, given exactly in base64."""
        folded = fold(original)
        raw = original.encode("utf-8", "surrogateescape")
        exact = base64.b64encode(raw).decode() if folded != original else ""
        self._csv[NAMES].writerow((fold(name), folded, exact))
        self.renamed += 1

    def add_special(self, original: str, type_: str, target: str = "") -> None:
        self._csv[SPECIAL].writerow((fold(original), type_, fold(target)))
        self.specials += 1

    def add_lost(self, machine: str, path: str, type_: str, size: int | None) -> None:
        """type_: file, or dir when not even the names in it can be read."""
        self._csv[LOST].writerow((machine, fold(path), type_, "" if size is None else size))
        self.lost += 1
        self.lost_folders += type_ == "dir"

    def add_older(self, machine: str, path: str, type_: str, size: int | None, point: Snapshot) -> None:
        """What the chosen point does not give and an older one does. type_: file, or dir for a folder whose
        content in the chosen point nobody knows.
        """
        shown = "" if size is None else size
        taken = point.time.isoformat()
        self._csv[OLDER].writerow((machine, fold(path), type_, shown, taken, point.id))
        if type_ == "dir":
            self.older_folders += 1
        else:
            self.older += 1

    @property
    def counts(self) -> dict[str, int]:
        """The rows of the papers that tell of something out of the ordinary."""
        return {
            "renamed": self.renamed,
            "specials": self.specials,
            "lost": self.lost,
            "lost_folders": self.lost_folders,
            "older": self.older,
            "older_folders": self.older_folders,
        }

    def finish(self) -> list[str]:
        """Close and sync; return the names kept, the checksums last as they list the others."""
        empty = {name for name, count in self._counts() if not count}
        kept = [name for name in _HEADINGS if name not in empty]
        for name in _HEADINGS:
            self._close(name)
        for name in empty:
            (self._directory / name).unlink()
        for name in kept:
            self._files[SUMS].write(checksum_line(name, digest_of(self._directory / name)))
        self._close(SUMS)
        return [*kept, SUMS]

    def abandon(self) -> None:
        for file in self._files.values():
            file.close()

    def _counts(self) -> list[tuple[str, int]]:
        older = self.older + self.older_folders
        return [
            (NAMES, self.renamed),
            (SPECIAL, self.specials),
            (LOST, self.lost),
            (OLDER, older),
            (CHOICE, self._decisions),
        ]

    def _close(self, name: str) -> None:
        self._files[name].flush()
        os.fsync(self._files[name].fileno())
        self._files[name].close()


class EmptyFolders:
    """Find, in tree order, the folders that hold nothing: a ZIP of files would lose them."""

    def __init__(self) -> None:
        self._pending: str | None = None

    def see(self, node: Node | None) -> str | None:
        """Give each node in turn, then None; returns a folder now known to be empty."""
        before, self._pending = self._pending, None
        if node is not None and node.type == "dir":
            self._pending = node.path
        if before is None or (node is not None and node.path.startswith(f"{before}/")):
            return None
        if node is not None and node.type == "lost":  # what it holds is not known
            return None
        return before


def digest_of(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def iso(mtime: float) -> str:
    """A modification time in ISO 8601, UTC; empty when no calendar has it."""
    try:
        return datetime.fromtimestamp(mtime, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return ""
