"""A repository with something in the place of what it lost, so that restic gives up at once.

restic 0.14 asks for a pack that is missing or too short again and again, for 44 seconds, each time a file
needs it. In a folder of links to the objects, those packs are filled up with zeros: no piece of them passes
restic's own check, which it says without asking twice.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from portal.engine.port import RepoRef
from portal.engine.stores.local import LocalStore
from portal.engine.stores.objects import CONFIG, Access

LINKED = (CONFIG, "keys", "snapshots", "index")
ReadIndex = Callable[[str], dict[str, Any]]  # restic's record of an index, from its id


@contextmanager
def without_waiting(repo: RepoRef, beside: Path, read_index: ReadIndex) -> Iterator[RepoRef]:
    """The repository itself when it has all its packs, else a stand-in that lasts as long as the block.

    repo: a directory of this machine; it is only read. The links lie beside the result.
    Raises EngineError when an index cannot be read: then restic reads nothing at all.
    """
    objects = {one.base: one for one in LocalStore(repo.location, Access()).objects() if one.is_hashed}
    indexes = [one.base for one in objects.values() if one.folder == "index"]
    short = {
        pack: size
        for pack, size in _wanted(map(read_index, indexes)).items()
        if pack not in objects or objects[pack].bytes < size
    }
    if not short:
        yield repo
        return
    with tempfile.TemporaryDirectory(prefix=f"{beside.name}.links-", dir=beside.parent) as folder:
        place = Path(folder)
        _link(Path(repo.location).absolute(), place, {pack[:2] for pack in short})
        for pack, size in short.items():
            _fill_up(place / "data" / pack[:2] / pack, size)
        yield RepoRef(str(place), no_lock=repo.no_lock)


def forget(result: Path) -> None:
    """Remove the links that a killed process left."""
    for folder in result.parent.glob(f"{result.name}.links-*"):
        shutil.rmtree(folder)


def _wanted(indexes: Iterable[dict[str, Any]]) -> dict[str, int]:
    """Packs that the indexes name, with the bytes that each needs at least."""
    wanted: dict[str, int] = {}
    for index in indexes:
        for pack in index["packs"]:
            end = max((blob["offset"] + blob["length"] for blob in pack["blobs"]), default=0)
            wanted[pack["id"]] = max(end, wanted.get(pack["id"], 0))
    return wanted


def _link(repo: Path, place: Path, apart: set[str]) -> None:
    """Links to whole folders, and to each pack in those where one is short."""
    for name in LINKED:
        (place / name).symlink_to(repo / name)
    for name in ("locks", "data", *(f"data/{folder}" for folder in apart)):
        (place / name).mkdir()
    for folder in (repo / "data").iterdir():
        if folder.name not in apart:
            (place / "data" / folder.name).symlink_to(folder)
            continue
        for pack in folder.iterdir():
            (place / "data" / folder.name / pack.name).symlink_to(pack)


def _fill_up(pack: Path, size: int) -> None:
    """In place of the link: what there is of the pack, then zeros, which take no room on the disk."""
    kept = pack.with_name(f"{pack.name}.kept")
    if pack.exists():
        shutil.copyfile(pack, kept)
    else:
        kept.touch()
    os.truncate(kept, size)
    kept.rename(pack)
