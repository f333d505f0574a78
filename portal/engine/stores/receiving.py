"""Writing whole objects into a store: whole or not at all, whatever stops it."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from portal.engine.disk import sync_directory
from portal.engine.errors import EngineError, EngineFault
from portal.engine.stores.local import LocalStore
from portal.engine.stores.objects import CONFIG, FOLDERS, ObjectStore, place_of
from portal.engine.stores.rest import RestStore
from portal.engine.stores.s3 import S3Store

Write = Callable[[memoryview, int], object]


class Receiver(Protocol):
    def prepare(self) -> None:
        """Make the place, where the store does not do it by itself; may be done again."""
        ...

    def name_of(self, name: str) -> str:
        """How this store calls an object that another one calls ``name``."""
        ...

    def receiving(self, name: str, size: int) -> AbstractContextManager[Write]:
        """The object is there once the block ends without an error. size: bytes."""
        ...


class _Folder:
    """Aside under restic's own name for what is not whole, then renamed."""

    def __init__(self, store: LocalStore) -> None:
        self._root = store.root

    def prepare(self) -> None:
        for folder in FOLDERS:
            (self._root / folder).mkdir(mode=0o770, parents=True, exist_ok=True)

    def name_of(self, name: str) -> str:
        return place_of(name)

    @contextmanager
    def receiving(self, name: str, size: int) -> Iterator[Write]:
        target = self._root / name
        target.parent.mkdir(mode=0o770, exist_ok=True)
        part = target.with_name(f"{target.name}-tmp-{os.getpid()}")
        try:
            with part.open("wb", buffering=0) as out:
                yield lambda piece, offset: os.pwrite(out.fileno(), piece, offset)
                os.ftruncate(out.fileno(), size)
                os.fsync(out.fileno())
            part.rename(target)
        finally:
            part.unlink(missing_ok=True)
        sync_directory(target.parent)


class _Server:
    """Takes an object by one request, whose content has one length."""

    def __init__(self, store: RestStore | S3Store) -> None:
        self._store = store

    def prepare(self) -> None:
        if isinstance(self._store, RestStore) and self._store.size_of(CONFIG) is None:
            self._store.create()

    def name_of(self, name: str) -> str:
        """The names of restic's protocol have no folders below ``data``; those in a bucket do."""
        if isinstance(self._store, S3Store):
            return place_of(name)
        folder, _sep, base = name.rpartition("/")
        return f"{folder.partition('/')[0]}/{base}" if folder else base

    @contextmanager
    def receiving(self, name: str, size: int) -> Iterator[Write]:
        with tempfile.TemporaryFile() as part:
            yield lambda piece, offset: os.pwrite(part.fileno(), piece, offset)
            part.truncate(size)
            part.seek(0)
            self._store.send(name, part, size)


def receiver(store: ObjectStore) -> Receiver:
    """Raises EngineError(UNSUPPORTED) for a store of another kind."""
    if isinstance(store, LocalStore):
        return _Folder(store)
    if isinstance(store, RestStore | S3Store):
        return _Server(store)
    raise EngineError(EngineFault.UNSUPPORTED)
