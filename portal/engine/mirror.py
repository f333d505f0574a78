"""Bringing a repository from a server to this machine, still encrypted, object by object.

restic reads a remote repository one small request after another, a hundred times slower than this.
"""

import os
import shutil
from pathlib import Path
from threading import Event

from portal.engine.copying import full_disk_told, in_parallel, read_checked, stoppable
from portal.engine.disk import exclusive
from portal.engine.keyless import repository
from portal.engine.pace import throttled
from portal.engine.port import ExportLimits, Mirrored, OnProgress, RepoRef
from portal.engine.space import forget, reserved
from portal.engine.stores.local import LocalStore
from portal.engine.stores.objects import CONFIG, FOLDERS, Access, ObjectStore, StoredObject, place_of


def mirror(
    repo: RepoRef,
    place: Path,
    on_progress: OnProgress | None = None,
    limits: ExportLimits = ExportLimits(),  # noqa: B008  (frozen)
    access: Access = Access(),  # noqa: B008  (frozen)
) -> Mirrored:
    """Copy the repository into the directory ``place``; each object is hashed while it comes.

    on_progress may raise to give up. What a former call brought is kept, so a call after a kill, an
    error or a cancellation goes on from there. Locks are not copied.
    Raises EngineError REPO_MISSING, BACKEND_UNREACHABLE, BACKEND_DENIED, NO_SPACE, BUSY, INCOMPLETE
    (an object went away meanwhile).
    """
    store = repository(repo, access)
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    with exclusive(place.with_name(place.name + ".lock")), full_disk_told():
        objects = kept_objects(store)
        wanted = {place_of(one.name): one for one in objects}
        present = _present(place, wanted)
        missing = [(name, one) for name, one in wanted.items() if name not in present]
        need = sum(one.bytes for _, one in missing)
        with reserved(place, place, need, limits.keep_free_bytes):
            damaged = _fetch(store, place, missing, objects, on_progress)
    return Mirrored(place, len(objects), sum(one.bytes for one in objects), len(missing), tuple(damaged))


def kept_objects(store: ObjectStore) -> list[StoredObject]:
    """What a copy of a repository holds, in an order that does not depend on the storage.

    No locks, nothing that a backup left half-written.
    """
    order = {folder: rank for rank, folder in enumerate((CONFIG, *FOLDERS))}
    kept = [one for one in store.objects() if one.name == CONFIG or (one.is_hashed and one.folder != "locks")]
    return sorted(kept, key=lambda one: (order[one.folder], one.base))


def discard(place: Path) -> None:
    """Throw a mirror away. Raises EngineError(BUSY)."""
    if place.exists():
        with exclusive(place.with_name(place.name + ".lock")):
            shutil.rmtree(place)
            forget(place)


def _present(place: Path, wanted: dict[str, StoredObject]) -> set[str]:
    """What is there already; what is half there, or no longer in the repository, goes."""
    for folder in FOLDERS:
        (place / folder).mkdir(mode=0o700, exist_ok=True)
    for part in place.rglob("*.part"):
        part.unlink()
    present = set()
    for one in list(LocalStore(str(place), Access()).objects()):
        if one.name in wanted and wanted[one.name].bytes == one.bytes:
            present.add(one.name)
        else:
            (place / one.name).unlink()
    return present


def _fetch(
    store: ObjectStore,
    place: Path,
    missing: list[tuple[str, StoredObject]],
    objects: list[StoredObject],
    on_progress: OnProgress | None,
) -> list[str]:
    """Fetch what is missing, several objects at once; return the names of those that are damaged."""
    tell, damaged = throttled(on_progress), []
    whole, total = len(objects), sum(one.bytes for one in objects)
    done, size = whole - len(missing), total - sum(one.bytes for _, one in missing)

    def fetch(item: tuple[str, StoredObject], stop: Event) -> tuple[StoredObject, bool]:
        name, one = item
        return one, _fetch_one(store, one, place / name, stop)

    def look() -> None:
        tell("mirror", done, whole, size, total)

    look()
    for one, good in in_parallel(fetch, missing, store.transfers, look):
        done, size = done + 1, size + one.bytes
        if not good:
            damaged.append(one.name)
        look()
    return sorted(damaged)


def _fetch_one(store: ObjectStore, one: StoredObject, target: Path, stop: Event) -> bool:
    """Aside, then renamed; True when its content is what its name says."""
    target.parent.mkdir(mode=0o700, exist_ok=True)
    part = target.with_name(target.name + ".part")
    expected = one.base if one.is_hashed else ""
    with part.open("wb", buffering=0) as out:

        def write(piece: memoryview, offset: int) -> None:
            os.pwrite(out.fileno(), piece, offset)

        digest = read_checked(store, one.name, one.bytes, expected, stoppable(write, stop))
        os.ftruncate(out.fileno(), one.bytes)
    part.rename(target)
    return digest == (expected or digest)
