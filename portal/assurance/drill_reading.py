"""What a drill draws of a vault that is open, and how it comes back: a file and a folder."""

import os
import random
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, NamedTuple

from flask import current_app

from portal.engine.chosen import Choice, chosen_of
from portal.engine.errors import EngineError, EngineFault
from portal.engine.installed import private_folder, restic
from portal.engine.passphrase import Passphrase
from portal.engine.port import ExportLimits, Node, Progress, RepoRef, Snapshot

MOST_FILE_BYTES = MOST_FOLDER_BYTES = 500 * 10**6
MOST_FOLDER_FILES = 5_000
_UNREADABLE = "\ufffd"
Tell = Callable[[int, int], None]


class Folder(NamedTuple):
    """A folder that was drawn, and what its newest backup says of it. bytes and files: below it."""

    snapshot: Snapshot
    path: str
    files: int
    bytes: int


class FolderBack(NamedTuple):
    """A folder that came back whole. millis: until its archive was written; sha256: of its manifest."""

    path: str
    files: int
    bytes: int
    millis: int
    sha256: str


class Draw(NamedTuple):
    """What the seed chose. files: among which was drawn; folder: None where none is small enough."""

    snapshot_id: str
    node: Node
    files: int
    folder: Folder | None


class _Drawing:
    """One file by reservoir, and what each folder holds, in one pass over the lists."""

    def __init__(self, seed: str) -> None:
        self._chance = random.Random(seed)  # noqa: S311  (a draw that can be repeated)
        self._of_folders = random.Random(f"{seed}:folder")  # noqa: S311
        self.chosen: tuple[str, Node] | None = None
        self.count = 0
        self._folders: dict[tuple[str, str], list[int]] = {}

    def consider(self, snapshot_id: str, node: Node) -> None:
        if node.type != "file":
            return
        above = node.path.rpartition("/")[0]
        while above:
            held = self._folders.setdefault((snapshot_id, above), [0, 0])
            held[0] += 1
            held[1] += node.size
            above = above.rpartition("/")[0]
        if 0 < node.size <= MOST_FILE_BYTES and _UNREADABLE not in node.path:
            self.count += 1
            if self._chance.randrange(self.count) == 0:
                self.chosen = (snapshot_id, node)

    def folder(self, known: dict[str, Snapshot]) -> Folder | None:
        fit = sorted(
            place
            for place, (files, size) in self._folders.items()
            if files <= MOST_FOLDER_FILES and 0 < size <= MOST_FOLDER_BYTES and _UNREADABLE not in place[1]
        )
        if not fit:
            return None
        snapshot_id, path = self._of_folders.choice(fit)
        return Folder(known[snapshot_id], path, *self._folders[snapshot_id, path])


def draw(repo: RepoRef, key: Passphrase, seed: str) -> Draw:
    """A file and a folder of the newest backups, by the seed alone. None is empty or very large.

    Raises EngineError(PATH_MISSING) where there is no file.
    """
    drawing, known = _Drawing(seed), {}
    for snapshot in restic().latest_set(restic().snapshots(repo, key)):
        known[snapshot.id] = snapshot
        restic().inventory(repo, key, snapshot.id, partial(drawing.consider, snapshot.id))
    if drawing.chosen is None:
        raise EngineError(EngineFault.PATH_MISSING)
    return Draw(*drawing.chosen, drawing.count, drawing.folder(known))


def read_back(
    repo: RepoRef, key: Passphrase, snapshot_id: str, node: Node, ref: str, tell: Tell
) -> tuple[int, int, str]:
    """The file restored on this machine and compared: bytes, milliseconds, its hash.

    Raises EngineError(INCOMPLETE) for another size or content.
    """
    with work_file(ref) as out:
        begun, digest = time.monotonic(), sha256()
        for chunk in restic().read_file(repo, key, snapshot_id, node.path):
            digest.update(chunk)
            out.write(chunk)
            tell(out.tell(), node.size)
        out.flush()
        os.fsync(out.fileno())
        millis, size = int((time.monotonic() - begun) * 1000), out.tell()
        if size != node.size or _digest(out) != digest.hexdigest():
            raise EngineError(EngineFault.INCOMPLETE, paths=[node.path])
    return size, millis, digest.hexdigest()


def bring_back(repo: RepoRef, key: Passphrase, folder: Folder, ref: str, tell: Tell) -> FolderBack:
    """The folder as a customer gets hers: one archive with its papers, and gone from this machine at once.

    Raises EngineError(INCOMPLETE) where a file of it is missing.
    """

    def told(progress: Progress) -> None:
        tell(int(progress.fraction * 1000), 1000)

    clear(ref)
    begun = time.monotonic()
    try:
        done = restic().export_chosen(
            repo,
            key,
            [chosen_of(folder.snapshot, [Choice(folder.path, is_folder=True)])],
            _place(ref, "folder"),
            told,
            current_app.config.get("EXPORT_LIMITS", ExportLimits()),
        )
    finally:
        clear(ref)
    if done.lost or done.files != folder.files or done.bytes != folder.bytes:
        raise EngineError(EngineFault.INCOMPLETE, paths=[folder.path])
    millis = max(int((time.monotonic() - begun) * 1000), 1)
    return FolderBack(folder.path, done.files, done.bytes, millis, done.manifest_sha256)


def _place(ref: str, kind: str) -> Path:
    return private_folder("work") / f"drill-{ref.replace(':', '-')}.{kind}"


def clear(ref: str) -> None:
    """Nothing of a drill stays on this machine, also of a run that was killed."""
    for path in private_folder("work").glob(f"{_place(ref, '').name}*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


@contextmanager
def work_file(ref: str) -> Iterator[BinaryIO]:
    """Only this user reads it, and it goes whatever happens."""
    path = _place(ref, "content")
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "w+b") as out:
            yield out
    finally:
        path.unlink(missing_ok=True)


def _digest(out: BinaryIO) -> str:
    digest = sha256()
    out.seek(0)
    while chunk := out.read(1 << 20):
        digest.update(chunk)
    return digest.hexdigest()
