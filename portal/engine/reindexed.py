"""A repository whose index is missing or cut: restic writes another one from the packs, in a folder of links.

Nothing is lost with an index: each pack says at its end what it holds. The vault itself is only read.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

from portal.engine.child import Child
from portal.engine.errors import EngineError, EngineFault
from portal.engine.passphrase import Passphrase
from portal.engine.port import RepoRef
from portal.engine.stores.local import LocalStore
from portal.engine.stores.objects import CONFIG, Access

_KEPT = (CONFIG, "keys", "snapshots", "data")


class Commanded(Protocol):
    """What runs restic on a repository."""

    @property
    def timeouts(self) -> Any: ...

    def record(self, repo: RepoRef, key: Passphrase, kind: str, id_: str) -> dict[str, Any]: ...

    def command(
        self,
        repo: RepoRef,
        key: Passphrase,
        words: Sequence[str],
        silence_seconds: float,
        cancel: Any = None,
        *,
        writes: bool = False,
    ) -> AbstractContextManager[Child]: ...


def lacks_index(engine: Commanded, repo: RepoRef, key: Passphrase) -> bool:
    """Can an index not be read, or is there a pack that none of them names?

    repo: a directory of this machine. Raises EngineError for another reason than damage.
    """
    objects = [one for one in LocalStore(repo.location, Access()).objects() if one.is_hashed]
    named: set[str] = set()
    for one in objects:
        if one.folder == "index":
            try:
                named |= {pack["id"] for pack in engine.record(repo, key, "index", one.base)["packs"]}
            except EngineError as error:
                if error.fault not in (EngineFault.DAMAGED, EngineFault.UNKNOWN):
                    raise
                return True
    return any(one.folder == "data" and one.base not in named for one in objects)


def rebuild_index(engine: Commanded, key: Passphrase, place: RepoRef) -> None:
    """restic reads every pack of a repository and writes the index anew."""
    with engine.command(place, key, ["rebuild-index"], engine.timeouts.reindexing, writes=True) as child:
        child.output.read()
        child.finish()


@contextmanager
def with_new_index(repo: RepoRef, beside: Path, rebuild: Callable[[RepoRef], None]) -> Iterator[RepoRef]:
    """A stand-in with an index that ``rebuild`` has written; it lasts as long as the block."""
    with tempfile.TemporaryDirectory(prefix=f"{beside.name}.links-", dir=beside.parent) as folder:
        place, whole = Path(folder), Path(repo.location).absolute()
        for name in _KEPT:
            (place / name).symlink_to(whole / name)
        for name in ("index", "locks"):
            (place / name).mkdir()
        rebuild(RepoRef(str(place)))
        yield RepoRef(str(place), no_lock=repo.no_lock)
