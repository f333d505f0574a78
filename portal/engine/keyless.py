"""What can be done with a repository on a local disk without its key."""

import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from portal import clock
from portal.engine.disk import exclusive, sync_directory, write_atomically
from portal.engine.errors import EngineError, EngineFault
from portal.engine.pace import Teller, throttled
from portal.engine.port import Destroyed, OnProgress, RepoRef, SealedReport, Usage

FOLDERS = ("keys", "snapshots", "index", "locks", "data")  # order of deletion: keys first
_OBJECT = re.compile(
    r"(?:config|(?:keys|snapshots|index|locks)/[0-9a-f]{64}|data/(?:[0-9a-f]{2}/)?[0-9a-f]{64})"
    r"(?:-tmp-\d+)?"  # left by a backup that was cut off
)


@dataclass(frozen=True)
class _Object:
    name: str  # relative, with slashes
    bytes: int
    modified: float


def local_directory(repo: RepoRef) -> Path:
    """Raises EngineError(UNSUPPORTED) for a repository that is not on a local disk."""
    if repo.backend != "local":
        raise EngineError(EngineFault.UNSUPPORTED)
    return Path(repo.location)


def looks_like_repository(location: Path) -> bool:
    """True for a real directory with restic's config file and folders."""
    return (
        not location.is_symlink()
        and (location / "config").is_file()
        and all((location / folder).is_dir() for folder in FOLDERS)
    )


def usage(repo: RepoRef) -> Usage:
    """Count and add up the objects. Raises EngineError REPO_MISSING, UNSUPPORTED."""
    objects = list(_objects(_repository(repo)))
    snapshots = [one for one in objects if one.name.startswith("snapshots/")]
    newest = max((one.modified for one in snapshots), default=None)
    return Usage(
        bytes_stored=sum(one.bytes for one in objects),
        objects=len(objects),
        snapshots=len(snapshots),
        newest_snapshot_at=None if newest is None else datetime.fromtimestamp(newest, UTC),
        keys=sum(one.name.startswith("keys/") for one in objects),
        locks=sum(one.name.startswith("locks/") for one in objects),
    )


def verify_sealed(repo: RepoRef, on_progress: OnProgress | None = None) -> SealedReport:
    """Hash every object: restic names each one, except config, by the SHA-256 of its content.

    Proves that nothing rotted, not that nothing is missing (that takes the key).
    """
    root = _repository(repo)
    objects = [one for one in _objects(root) if re.fullmatch(r"[0-9a-f]{64}", _base(one))]
    total, read, damaged = sum(one.bytes for one in objects), 0, []
    tell = throttled(on_progress)
    for done, one in enumerate(objects):
        tell("verify", done, len(objects), read, total)
        with (root / one.name).open("rb") as content:
            if hashlib.file_digest(content, "sha256").hexdigest() != _base(one):
                damaged.append(one.name)
        read += one.bytes
    return SealedReport(len(objects), read, tuple(damaged))


def destroy(repo: RepoRef, journal: Path, on_progress: OnProgress | None = None) -> Destroyed:
    """Delete a repository for good: the keys, then everything else, then look again.

    journal: a file outside the repository, kept for ever, written before the first deletion; with
    it, a call after a kill finishes the work and the report still counts everything, and a call
    after the end returns the same report.
    Raises EngineError UNSAFE_PATH (link, root, mount point, foreign files: nothing is deleted),
    REPO_MISSING, BUSY, INCOMPLETE (something is left).
    """
    root = local_directory(repo)
    _refuse_dangerous(root, journal)
    with exclusive(journal.with_name(journal.name + ".lock")):
        record = _open_journal(root, journal)
        if record["finished_at"] is None:
            _delete_all(root, record, throttled(on_progress))
            if root.exists():
                raise EngineError(EngineFault.INCOMPLETE)
            record["finished_at"] = clock.now().isoformat()
            write_atomically(journal, json.dumps(record))
    names = sorted(record["objects"])
    return Destroyed(
        location=record["location"],
        objects=len(names),
        bytes=sum(record["objects"].values()),
        keys=sum(name.startswith("keys/") for name in names),
        names_sha256=hashlib.sha256("".join(f"{name}\n" for name in names).encode()).hexdigest(),
        started_at=datetime.fromisoformat(record["started_at"]),
        finished_at=datetime.fromisoformat(record["finished_at"]),
    )


def _refuse_dangerous(root: Path, journal: Path) -> None:
    unsafe = (
        ".." in root.parts
        or len(root.parts) < 3  # "/" and "/home" are never repositories
        or root.is_symlink()
        or os.path.ismount(root)
        or root == Path.home()
        or journal.resolve().is_relative_to(root.resolve())
    )
    if unsafe:
        raise EngineError(EngineFault.UNSAFE_PATH)


def _open_journal(root: Path, journal: Path) -> dict[str, Any]:
    """Read or start the record of what is destroyed; objects written since then are added."""
    if journal.exists():
        record: dict[str, Any] = json.loads(journal.read_text(encoding="utf-8"))
        if record["location"] != str(root):
            raise EngineError(EngineFault.UNSAFE_PATH)
        if record["finished_at"] is not None and root.exists():  # another one, created since
            raise EngineError(EngineFault.UNSAFE_PATH)
    else:
        if not looks_like_repository(root):
            raise EngineError(EngineFault.REPO_MISSING)
        record = {"location": str(root), "objects": {}, "finished_at": None}
        record["started_at"] = clock.now().isoformat()
    if record["finished_at"] is None and root.exists():
        record["objects"].update({one.name: one.bytes for one in _objects(root, strict=True)})
        write_atomically(journal, json.dumps(record))
    return record


def _delete_all(root: Path, record: dict[str, Any], tell: Teller) -> None:
    sizes, total = record["objects"], sum(record["objects"].values())
    present = {one.name for one in _objects(root, strict=True)} if root.exists() else set()
    done = len(sizes) - len(present)
    done_bytes = total - sum(sizes[name] for name in present)
    for folder in (*FOLDERS, "config"):
        for name in sorted(name for name in present if name.split("/")[0] == folder):
            tell("destroy", done, len(sizes), done_bytes, total)
            (root / name).unlink(missing_ok=True)
            done, done_bytes = done + 1, done_bytes + sizes[name]
        if (root / folder).is_dir():  # the keys are gone for good before anything else goes
            sync_directory(root / folder)
    if root.exists():
        for directory, _, _ in os.walk(root, topdown=False):
            _remove_empty(Path(directory))
        sync_directory(root.parent)


def _remove_empty(directory: Path) -> None:
    try:
        directory.rmdir()
    except OSError as error:
        raise EngineError(EngineFault.INCOMPLETE) from error


def _repository(repo: RepoRef) -> Path:
    root = local_directory(repo)
    if not looks_like_repository(root):
        raise EngineError(EngineFault.REPO_MISSING)
    return root


def _objects(root: Path, *, strict: bool = False) -> Iterator[_Object]:
    """Restic's objects. strict: raise UNSAFE_PATH on anything that restic did not write."""
    pending = [root]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                name = Path(entry.path).relative_to(root).as_posix()
                found = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(found.st_mode):
                    pending.append(Path(entry.path))
                elif stat.S_ISREG(found.st_mode) and _OBJECT.fullmatch(name):
                    yield _Object(name, found.st_size, found.st_mtime)
                elif strict:
                    raise EngineError(EngineFault.UNSAFE_PATH, paths=[name])


def _base(one: _Object) -> str:
    return one.name.rsplit("/", 1)[-1]
