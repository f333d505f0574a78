"""What can be done with a repository without its key, wherever it lies."""

from collections.abc import Iterator
from datetime import datetime

from portal.engine.copying import object_digest
from portal.engine.errors import EngineError, EngineFault
from portal.engine.port import Hashed, RepoRef, Usage
from portal.engine.stores import open_store
from portal.engine.stores.objects import CONFIG, Access, ObjectStore, StoredObject

_CONFIG_BYTES = 4096  # restic's own has about 155


def exists(repo: RepoRef, access: Access = Access()) -> bool:  # noqa: B008  (frozen)
    """True for a repository. Raises EngineError BACKEND_UNREACHABLE, BACKEND_DENIED."""
    return open_store(repo, access).exists()


def fingerprint(repo: RepoRef, access: Access = Access()) -> str:  # noqa: B008  (frozen)
    """What tells this repository from every other without its key: the SHA-256 of restic's config object.

    It holds the repository's id, encrypted once and for all, so that a copy has the same; restic writes
    it anew only when a repository is brought to a new format.
    Raises EngineError REPO_MISSING (also for a place that answers anything with anything),
    DAMAGED, BACKEND_UNREACHABLE, BACKEND_DENIED.
    """
    store = repository(repo, access)
    size = store.size_of(CONFIG)
    if not size or size > _CONFIG_BYTES or not any(one.is_hashed for one in store.listed("keys")):
        raise EngineError(EngineFault.REPO_MISSING)
    if not (digest := object_digest(store, CONFIG)):
        raise EngineError(EngineFault.DAMAGED)
    return digest


def usage(repo: RepoRef, access: Access = Access()) -> Usage:  # noqa: B008  (frozen)
    """Count and add up the objects, from listings alone: no object is read.

    Raises EngineError REPO_MISSING, BACKEND_UNREACHABLE, BACKEND_DENIED.
    """
    store = repository(repo, access)
    objects = list(store.objects())
    return Usage(
        bytes_stored=sum(one.bytes for one in objects),
        objects=len(objects),
        snapshots=sum(one.folder == "snapshots" for one in objects),
        newest_snapshot_at=_newest(store, [one for one in objects if one.folder == "snapshots"]),
        keys=sum(one.folder == "keys" for one in objects),
        locks=sum(one.folder == "locks" for one in objects),
        oldest_lock_at=_oldest(store, [one for one in objects if one.folder == "locks"]),
    )


def hashed(
    repo: RepoRef,
    after: str = "",
    access: Access = Access(),  # noqa: B008  (frozen)
) -> Iterator[Hashed]:
    """Hash the objects one by one in the order of their names, those behind ``after`` only.

    restic names each one, except config, by the SHA-256 of its content: this proves that nothing rotted, not
    that nothing is missing (that takes the key). Takes no lock, and leaves out what a backup or a clean-up
    removes meanwhile. Raises EngineError like :func:`usage`.
    """
    store = repository(repo, access)
    objects = sorted((one for one in store.objects() if one.is_hashed), key=lambda one: one.name)
    total = sum(one.bytes for one in objects)
    for one in objects:
        if one.name <= after:
            continue
        try:
            good = object_digest(store, one.name) == one.base
        except EngineError as error:
            if error.fault != EngineFault.INCOMPLETE:
                raise
            continue
        yield Hashed(one.name, one.bytes, good, len(objects), total)


def repository(repo: RepoRef, access: Access) -> ObjectStore:
    """The store, once it is known to hold a repository. Raises EngineError(REPO_MISSING)."""
    store = open_store(repo, access)
    if not store.exists():
        raise EngineError(EngineFault.REPO_MISSING)
    return store


def _newest(store: ObjectStore, snapshots: list[StoredObject]) -> datetime | None:
    """By the storage's own clock; where listings have no times, each snapshot is asked for its own."""
    times = [one.modified or store.modified_at(one.name) for one in snapshots]
    return max((at for at in times if at is not None), default=None)


def _oldest(store: ObjectStore, locks: list[StoredObject]) -> datetime | None:
    times = [one.modified or store.modified_at(one.name) for one in locks]
    return min((at for at in times if at is not None), default=None)
