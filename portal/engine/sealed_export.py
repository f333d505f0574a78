"""Sealed export (restitution scellée): the repository as it is, still encrypted, in tar volumes.

Needs no key. Each volume holds whole objects and can be unpacked alone. Where an object lies in its
volume follows from the listing, so several are written at once, and a volume that was cut off by a kill
shows by itself which of its objects are there.
"""

import hashlib
import json
import os
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

from portal.engine.copying import full_disk_told, in_parallel, read_checked, stoppable
from portal.engine.disk import exclusive, sync_directory, write_atomically
from portal.engine.errors import EngineError, EngineFault
from portal.engine.keyless import repository
from portal.engine.mirror import kept_objects
from portal.engine.pace import throttled
from portal.engine.port import ExportLimits, OnProgress, RepoRef, SealedExport, SealedVolume
from portal.engine.sealed_export_papers import papers
from portal.engine.space import forget, reserved
from portal.engine.stores.objects import FOLDERS, Access, ObjectStore, StoredObject, place_of
from portal.engine.workspace import work_directory

TOP = "repo"
REPORT = "sealed.json"
BLOCK = 512


@dataclass
class _Volume:
    name: str
    objects: list[StoredObject] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)  # of the headers
    end: int = 0  # where the next header goes; two empty blocks close the tar

    @property
    def bytes(self) -> int:
        return self.end + 2 * BLOCK


def export_sealed(
    repo: RepoRef,
    destination: Path,
    on_progress: OnProgress | None = None,
    limits: ExportLimits = ExportLimits(),  # noqa: B008  (frozen)
    access: Access = Access(),  # noqa: B008  (frozen)
) -> SealedExport:
    """Copy the repository into ``destination``, which appears whole at the end or not at all.

    on_progress may raise to give up. After a kill, an error or a cancellation, a call with the same
    arguments goes on; :func:`portal.engine.export.discard` throws the work away. When the result is
    already there, it is returned. An object that rotted is delivered as it is and listed.
    Raises EngineError REPO_MISSING, BACKEND_UNREACHABLE, BACKEND_DENIED, NO_SPACE, BUSY, UNSAFE_PATH
    (destination taken), INCOMPLETE (an object went away meanwhile).
    """
    with exclusive(destination.with_name(destination.name + ".lock")), full_disk_told():
        if (done := published(destination)) is not None:
            shutil.rmtree(work_directory(destination), ignore_errors=True)
            forget(destination)
            return done
        forget(destination)
        return _Sealing(repository(repo, access), destination, on_progress, limits).run()


def published(destination: Path) -> SealedExport | None:
    """The sealed export there, if there is one. Raises EngineError(UNSAFE_PATH) at anything else."""
    if not destination.exists() and not destination.is_symlink():
        return None
    report = destination / REPORT
    if destination.is_symlink() or not report.is_file():
        raise EngineError(EngineFault.UNSAFE_PATH)
    row = json.loads(report.read_text(encoding="utf-8"))
    row["volumes"] = tuple(SealedVolume(**one) for one in row["volumes"])
    row |= {"documents": tuple(row["documents"]), "damaged": tuple(row["damaged"])}
    return SealedExport(**{**row, "directory": destination})


class _Sealing:
    """One run, from listing to publication."""

    def __init__(
        self, store: ObjectStore, destination: Path, on_progress: OnProgress | None, limits: ExportLimits
    ) -> None:
        self._store, self._destination, self._limits = store, destination, limits
        self._tell = throttled(on_progress)
        self._root = work_directory(destination)
        self._out = self._root / "out"
        self._objects = kept_objects(store)
        self._total = sum(one.bytes for one in self._objects)
        self._volumes = _cut(self._objects, limits.volume_bytes)
        self._done = self._size = 0
        self._digests: dict[str, str] = {}  # where the name does not tell: the config, damaged objects

    def run(self) -> SealedExport:
        closed = self._take_up()
        held = sum(file.stat().st_blocks * 512 for file in self._out.iterdir())
        need = sum(one.bytes for one in self._volumes) - held
        with reserved(self._destination, self._out, need, self._limits.keep_free_bytes):
            for number, volume in enumerate(self._volumes):
                if number < closed:
                    self._done += len(volume.objects)
                    self._size += sum(one.bytes for one in volume.objects)
                else:
                    self._write(volume, last=number == len(self._volumes) - 1)
                    self._remember(number + 1)
        return self._publish()

    def _take_up(self) -> int:
        """Go on with the work of a former run on the same objects; how many volumes it closed."""
        plan = [[one.name, one.bytes] for one in self._objects] + [["", self._limits.volume_bytes]]
        file, state = self._root / "plan.json", self._root / "state.json"
        if not file.exists() or json.loads(file.read_text()) != plan:
            shutil.rmtree(self._root, ignore_errors=True)
            self._out.mkdir(mode=0o700, parents=True)
            write_atomically(file, json.dumps(plan))
        known: dict[str, Any] = json.loads(state.read_text()) if state.exists() else {"closed": 0}
        ready = [self._is_ready(one) for one in self._volumes[: known["closed"]]]
        self._digests = known.get("digests", {})
        return ready.index(False) if False in ready else len(ready)

    def _is_ready(self, volume: _Volume) -> bool:
        return (self._out / volume.name).is_file()

    def _remember(self, closed: int) -> None:
        state = {"closed": closed, "digests": self._digests}
        write_atomically(self._root / "state.json", json.dumps(state))

    def _write(self, volume: _Volume, *, last: bool) -> None:
        part = self._out / f"{volume.name}.part"
        resumed = part.exists()
        with part.open("r+b" if resumed else "x+b", buffering=0) as out:
            number = out.fileno()
            os.ftruncate(number, volume.bytes)
            if volume is self._volumes[0]:
                os.pwrite(number, _folders(), 0)

            def copy(item: tuple[StoredObject, int], stop: Event) -> tuple[StoredObject, str]:
                one, offset = item
                if resumed and one.is_hashed and _digest_at(part, offset + BLOCK, one.bytes) == one.base:
                    return one, one.base
                return one, self._copy(one, number, offset, stop)

            items = zip(volume.objects, volume.offsets, strict=True)
            for one, digest in in_parallel(copy, items, self._store.transfers, self._look):
                self._done, self._size = self._done + 1, self._size + one.bytes
                if digest != one.base:
                    self._digests[one.name] = digest
                self._look()
            if last:
                self._add_papers(number, volume.end)
            os.fsync(number)
        part.rename(self._out / volume.name)
        sync_directory(self._out)

    def _look(self) -> None:
        self._tell("seal", self._done, len(self._objects), self._size, self._total)

    def _copy(self, one: StoredObject, number: int, offset: int, stop: Event) -> str:
        mtime = one.modified.timestamp() if one.modified else 0.0
        os.pwrite(number, _header(f"{TOP}/{place_of(one.name)}", one.bytes, mtime), offset)

        def write(piece: memoryview, at: int) -> None:
            if at + len(piece) > one.bytes:  # grown since it was listed: its neighbour's place
                raise EngineError(EngineFault.INCOMPLETE, paths=[one.name])
            os.pwrite(number, piece, offset + BLOCK + at)

        expected = one.base if one.is_hashed else ""
        return read_checked(self._store, one.name, one.bytes, expected, stoppable(write, stop))

    def _add_papers(self, number: int, offset: int) -> None:
        """Beside the volumes, and at the end of the last one."""
        texts = papers(
            {f"{TOP}/{place_of(one.name)}": self._digests.get(one.name, one.base) for one in self._objects},
            [f"{TOP}/{place_of(name)}" for name in self._damaged()],
            len(self._volumes),
        )
        for name, text in texts.items():
            write_atomically(self._out / name, text)
            content = text.encode()
            block = _header(name, len(content), 0) + content + bytes(-len(content) % BLOCK)
            os.pwrite(number, block, offset)
            offset += len(block)
        os.ftruncate(number, offset + 2 * BLOCK)

    def _damaged(self) -> list[str]:
        return sorted(name for name in self._digests if "/" in name)

    def _publish(self) -> SealedExport:
        sizes = {file.name: file.stat().st_size for file in self._out.iterdir()}
        volumes = [SealedVolume(one.name, sizes.pop(one.name), len(one.objects)) for one in self._volumes]
        report = SealedExport(
            directory=self._destination,
            volumes=tuple(volumes),
            documents=tuple(sorted(sizes)),
            objects=len(self._objects),
            bytes=self._total,
            damaged=tuple(self._damaged()),
        )
        write_atomically(self._out / REPORT, json.dumps(asdict(report), default=str))
        self._out.rename(self._destination)
        sync_directory(self._destination.parent)
        shutil.rmtree(self._root)
        return report


def _cut(objects: list[StoredObject], volume_bytes: int) -> list[_Volume]:
    """Lay the objects out, in the order of the listing, in volumes of at most that size."""
    volumes = [_Volume("sealed-001.tar", end=len(_folders()))]
    for one in objects:
        room = BLOCK + one.bytes + -one.bytes % BLOCK
        if volumes[-1].objects and volumes[-1].bytes + room > volume_bytes:
            volumes.append(_Volume(f"sealed-{len(volumes) + 1:03}.tar"))
        volumes[-1].objects.append(one)
        volumes[-1].offsets.append(volumes[-1].end)
        volumes[-1].end += room
    return volumes


def _folders() -> bytes:
    """restic wants all its folders, even empty."""
    names = (TOP, *(f"{TOP}/{folder}" for folder in FOLDERS))
    return b"".join(_header(name, 0, 0, tarfile.DIRTYPE) for name in names)


def _header(name: str, size: int, mtime: float, kind: bytes = tarfile.REGTYPE) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.type = size, int(mtime), kind
    info.mode = 0o700 if kind == tarfile.DIRTYPE else 0o600
    return info.tobuf(tarfile.USTAR_FORMAT)


def _digest_at(part: Path, offset: int, size: int) -> str:
    """SHA-256 of a stretch of the volume."""
    digest = hashlib.sha256()
    with part.open("rb") as content:
        content.seek(offset)
        for chunk in _chunks(content, size):
            digest.update(chunk)
    return digest.hexdigest()


def _chunks(content: Any, size: int) -> Iterator[bytes]:
    while size and (chunk := content.read(min(size, 1 << 20))):
        size -= len(chunk)
        yield chunk
