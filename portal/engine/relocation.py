"""Carrying a repository to another store, still encrypted, object by object, each read back and compared.

Without the key: a name is the SHA-256 of its content. Nothing is removed at the first place.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from threading import Event

from portal.engine.copying import full_disk_told, in_parallel, object_digest, read_checked, stoppable
from portal.engine.errors import EngineError, EngineFault
from portal.engine.keyless import repository
from portal.engine.mirror import kept_objects
from portal.engine.port import RepoRef
from portal.engine.stores import open_store
from portal.engine.stores.local import LocalStore
from portal.engine.stores.objects import CONFIG, Access, ObjectStore, Remnant, StoredObject, place_of
from portal.engine.stores.receiving import Receiver, receiver

_AT_ONCE = 16  # objects between two steps
_ATTEMPTS = 2


@dataclass(frozen=True)
class Carried:
    """Some objects more lie at the new place, read back and alike.

    last: the name behind which a run after a kill goes on. done, count: objects. bytes: of these objects.
    """

    last: str
    done: int
    count: int
    bytes: int


@dataclass(frozen=True)
class Listing:
    """What a place holds. sha256: of every name and size; snapshots: of the names of its backups."""

    objects: int
    bytes: int
    sha256: str
    snapshots: str


class _Pair:
    def __init__(self, source: ObjectStore, target: ObjectStore, receive: Receiver) -> None:
        self.source, self.target, self.receive = source, target, receive

    def carry(self, one: StoredObject, stop: Event) -> StoredObject:
        """Raises EngineError(DAMAGED) for what is not at its source what its name says, INCOMPLETE for what
        the new place gives back otherwise.
        """
        expected = one.base if one.is_hashed else object_digest(self.source, one.name)
        name = self.receive.name_of(one.name)
        for _attempt in range(_ATTEMPTS):
            if self.target.size_of(name) != one.bytes:
                self._copy(one, name, expected, stop)
            if object_digest(self.target, name) == expected:
                return one
            self.target.remove(Remnant(name, one.bytes))
        raise EngineError(EngineFault.INCOMPLETE, paths=[name])

    def _copy(self, one: StoredObject, name: str, expected: str, stop: Event) -> None:
        with self.receive.receiving(name, one.bytes) as write:
            digest = read_checked(self.source, one.name, one.bytes, "", stoppable(write, stop))
            if digest != expected:
                raise EngineError(EngineFault.DAMAGED, paths=[one.name])


def relocate(
    repo: RepoRef,
    to: RepoRef,
    after: str = "",
    *,
    access: Access = Access(),  # noqa: B008  (frozen)
    to_access: Access = Access(),  # noqa: B008  (frozen)
    look: Callable[[], object] = lambda: None,
) -> Iterator[Carried]:
    """Copy and read back what lies behind ``after`` in the order of names, or is not there yet.

    look: called while objects are on their way; it may raise to give up. Locks are not carried.
    Raises EngineError REPO_MISSING, UNSAFE_PATH (another repository is there), NO_SPACE, DAMAGED,
    INCOMPLETE, UNSUPPORTED (a kind of storage that nothing is written to), BACKEND_UNREACHABLE,
    BACKEND_DENIED.
    """
    source, target = repository(repo, access), open_store(to, to_access)
    pair = _Pair(source, target, receiver(target))
    _refuse_another(source, target)
    wanted = {place_of(one.name): one for one in kept_objects(source)}
    with full_disk_told():
        pair.receive.prepare()
        there = {place_of(one.name): one.bytes for one in target.objects()}
        missing = {name for name, one in wanted.items() if there.get(name) != one.bytes}
        _refuse_full(target, sum(wanted[name].bytes for name in missing))
        todo = sorted(missing | {name for name in wanted if name > after})
        done, workers = len(wanted) - len(todo), min(source.transfers, target.transfers)
        for at in range(0, len(todo), _AT_ONCE):
            names = todo[at : at + _AT_ONCE]
            brought = list(in_parallel(pair.carry, [wanted[name] for name in names], workers, look))
            done += len(brought)
            size = sum(one.bytes for one in brought)
            yield Carried(max(after, names[-1]), done, len(wanted), size)


def take_away_extras(repo: RepoRef, to: RepoRef, *, access: Access, to_access: Access) -> None:
    """What the first place no longer holds goes from the second one. Raises EngineError(BACKEND_DENIED)."""
    source, target = repository(repo, access), open_store(to, to_access)
    wanted = {place_of(one.name) for one in kept_objects(source)}
    for one in list(target.objects()):
        if place_of(one.name) not in wanted:
            target.remove(Remnant(one.name, one.bytes))


def listing(repo: RepoRef, access: Access = Access()) -> Listing:  # noqa: B008  (frozen)
    """Two places with one ``sha256`` hold the same names and sizes. Raises EngineError(REPO_MISSING)."""
    found = sorted((place_of(one.name), one.bytes) for one in kept_objects(repository(repo, access)))
    whole = "".join(f"{name} {size}\n" for name, size in found)
    backups = "".join(f"{name}\n" for name, _size in found if name.startswith("snapshots/"))
    digests = (sha256(text.encode()).hexdigest() for text in (whole, backups))
    return Listing(len(found), sum(size for _name, size in found), *digests)


def _refuse_another(source: ObjectStore, target: ObjectStore) -> None:
    there = target.size_of(CONFIG)
    if there is not None and there and object_digest(target, CONFIG) != object_digest(source, CONFIG):
        raise EngineError(EngineFault.UNSAFE_PATH)


def _refuse_full(target: ObjectStore, need: int) -> None:
    if isinstance(target, LocalStore):
        have = shutil.disk_usage(target.root).free
        if need > have:
            raise EngineError(EngineFault.NO_SPACE, need_bytes=need, have_bytes=have)


def newest_lock(repo: RepoRef, unknown: datetime, access: Access = Access()) -> datetime | None:  # noqa: B008
    """When restic last renewed a lock there (it does so every five minutes), None: nobody holds one.

    unknown: what is taken for a lock whose store tells no times.
    """
    store = repository(repo, access)
    times = [one.modified or store.modified_at(one.name) or unknown for one in store.listed("locks")]
    return max(times, default=None)
