"""A repository in a directory of this machine."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from portal.engine.disk import sync_directory
from portal.engine.errors import EngineError, EngineFault
from portal.engine.stores.objects import CONFIG, FOLDERS, Access, Readable, Remnant, StoredObject, is_object


def looks_like_repository(location: Path) -> bool:
    """True for a real directory with restic's config file and folders.

    The folder of locks is mostly empty, so it is not in what came from a bucket or was copied file by file.
    """
    return (
        not location.is_symlink()
        and (location / CONFIG).is_file()
        and all((location / folder).is_dir() for folder in FOLDERS if folder != "locks")
    )


class LocalStore:
    """See :class:`portal.engine.stores.objects.ObjectStore`."""

    transfers = 2

    def __init__(self, location: str, _access: Access) -> None:
        self.root = Path(location)

    def exists(self) -> bool:
        return looks_like_repository(self.root)

    def objects(self) -> Iterator[StoredObject]:
        return self._objects_in(self.root)

    def listed(self, folder: str) -> Iterator[StoredObject]:
        place = self.root / folder
        return self._objects_in(place) if place.is_dir() else iter(())

    def _objects_in(self, place: Path) -> Iterator[StoredObject]:
        for entry, found in self._entries(place):
            name = self._name(entry)
            if stat.S_ISREG(found.st_mode) and is_object(name):
                yield StoredObject(name, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))

    def size_of(self, name: str) -> int | None:
        try:
            found = (self.root / name).lstat()
        except FileNotFoundError:
            return None
        return found.st_size if stat.S_ISREG(found.st_mode) else None

    def modified_at(self, name: str) -> datetime | None:
        return datetime.fromtimestamp((self.root / name).stat().st_mtime, UTC)

    @contextmanager
    def open(self, name: str, first: int = 0, last: int | None = None) -> Iterator[Readable]:
        try:
            content = (self.root / name).open("rb", buffering=0)
        except FileNotFoundError:
            raise EngineError(EngineFault.INCOMPLETE, paths=[name]) from None
        with content:
            content.seek(first)
            yield content

    def remnants(self) -> Iterator[Remnant]:
        if not self.root.exists():
            return
        for entry, found in self._entries(self.root):
            name = self._name(entry)
            if not (stat.S_ISREG(found.st_mode) and is_object(name)):
                raise EngineError(EngineFault.UNSAFE_PATH, paths=[name])
            yield Remnant(name, found.st_size)

    def remove(self, remnant: Remnant) -> None:
        (self.root / remnant.name).unlink(missing_ok=True)

    def settle(self) -> None:
        if not self.root.exists():
            return
        for folder in FOLDERS:
            if (self.root / folder).is_dir():
                sync_directory(self.root / folder)
        if next(self.remnants(), None) is None:
            for directory, _, _ in os.walk(self.root, topdown=False):
                _remove_empty(Path(directory))
            sync_directory(self.root.parent)

    def _entries(self, place: Path) -> Iterator[tuple[os.DirEntry[str], os.stat_result]]:
        """Everything that is not a directory, folder by folder; what goes away meanwhile is left out."""
        pending = [place]
        while pending:
            folders = []
            with os.scandir(pending.pop()) as entries:
                for entry in entries:
                    try:
                        found = entry.stat(follow_symlinks=False)
                    except FileNotFoundError:
                        continue
                    if stat.S_ISDIR(found.st_mode):
                        folders.append(Path(entry.path))
                    else:
                        yield entry, found
            pending += sorted(folders, key=_last_first)

    def _name(self, entry: os.DirEntry[str]) -> str:
        return Path(entry.path).relative_to(self.root).as_posix()


def _last_first(folder: Path) -> int:
    return -FOLDERS.index(folder.name) if folder.name in FOLDERS else 0


def _remove_empty(directory: Path) -> None:
    try:
        directory.rmdir()
    except OSError as error:
        raise EngineError(EngineFault.INCOMPLETE) from error
