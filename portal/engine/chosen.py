"""Some files and folders of snapshots as one archive with its papers (restauration choisie).

What is chosen is read folder by folder and file by file, as a rescue reads a damaged repository: a file that
cannot be read is named in LOST.csv and holds up none of the others. A run that was cut off starts again.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from portal.engine.child import Child
from portal.engine.export import export_readable
from portal.engine.naming import Naming, fold
from portal.engine.passphrase import Passphrase
from portal.engine.port import Exported, ExportLimits, Node, OnProgress, RepoRef, Snapshot
from portal.engine.salvage import DamagedSource, Salvage, Want
from portal.engine.trees import exact_path

EVERYTHING = "/"


@dataclass(frozen=True)
class Choice:
    """A file or a folder of a snapshot, as its list shows it.

    path: absolute, with one U+FFFD for each byte that is not UTF-8; « / » for all of it. place: which one of
    the files with this very path, in the order of the list, from 0.
    """

    path: str
    is_folder: bool
    place: int = 0


@dataclass(frozen=True)
class ChosenSnapshot(Snapshot):
    """A snapshot of which only some entries are wanted."""

    choices: tuple[Choice, ...] = ()


def chosen_of(snapshot: Snapshot, choices: Sequence[Choice]) -> ChosenSnapshot:
    return ChosenSnapshot(
        snapshot.id,
        snapshot.short_id,
        snapshot.time,
        snapshot.host,
        snapshot.paths,
        snapshot.tags,
        choices=tuple(choices),
    )


def export_chosen(
    source: DamagedSource,
    repo: RepoRef,
    key: Passphrase,
    snapshots: Sequence[ChosenSnapshot],
    destination: Path,
    *,
    on_progress: OnProgress | None = None,
    limits: ExportLimits = ExportLimits(),  # noqa: B008  (frozen)
) -> Exported:
    """Export what is chosen; ``lost`` counts what could not be read, each named in LOST.csv.

    Raises EngineError(DAMAGED) when nothing at all can be read, else as :func:`export_readable`.
    """
    return export_readable(
        source, repo, key, snapshots, destination, on_progress=on_progress, limits=limits, kind=Chosen
    )


class Chosen(Salvage):
    """One run over the chosen entries of each snapshot."""

    def _read_snapshots(self) -> None:
        self._folders_of: dict[int, list[str]] = {}
        with self._begun():
            super()._read_snapshots()

    @contextmanager
    def _begun(self) -> Iterator[None]:
        """A folder that is all that is wanted is on its way while its names are listed."""
        self._early: dict[str, Child] = {}
        choices = [one for snapshot in self._snapshots for one in getattr(snapshot, "choices", ())]
        folder = choices[0].path.rstrip("/") if len(choices) == 1 and choices[0].is_folder else ""
        if not folder or "\ufffd" in folder:
            yield
            return
        with super()._stream_of(self._snapshots[0], folder) as child:
            self._early[folder] = child
            yield

    def _stream_of(self, snapshot: Snapshot, folder: str) -> AbstractContextManager[Child]:
        if (child := self._early.pop(folder, None)) is not None:
            return nullcontext(child)
        return super()._stream_of(snapshot, folder)

    def _list(self, group: int, snapshot: Snapshot) -> None:
        assert isinstance(snapshot, ChosenSnapshot)
        self._folders_here = [one.path.rstrip("/") for one in snapshot.choices if one.is_folder]
        self._folders_of[group] = self._folders_here
        self._files_here = {(one.path, one.place) for one in snapshot.choices if not one.is_folder}
        self._seen: Counter[str] = Counter()
        super()._list(group, snapshot)

    def _below(self, snapshot: Snapshot) -> list[str]:
        """What was chosen and where it lies; a name that no command line can carry asks for everything."""
        assert isinstance(snapshot, ChosenSnapshot)
        found = {
            one.path.rstrip("/") if one.is_folder else one.path.rpartition("/")[0] for one in snapshot.choices
        }
        return [] if any(not one or "\ufffd" in one for one in found) else sorted(found)

    def _is_wanted(self, node: Node) -> bool:
        path = fold(node.path)
        if any(path == one or path.startswith(f"{one}/") for one in self._folders_here):
            return True
        return node.type == "file" and (path, self._seen[path] - 1) in self._files_here

    def _note(self, group: int, node: Node, namer: Naming) -> None:
        path = fold(node.path)
        if node.type == "file":
            self._seen[path] += 1
        if self._is_wanted(node):
            super()._note(group, node, namer)
            if node.type == "file":
                self._wanted[group][path][-1].place = self._seen[path] - 1

    def _is_ours(self, group: int, folder: str) -> bool:
        return folder in self._folders[group]

    def _to_read(self, group: int) -> list[str]:
        """Only what was chosen as a folder is read whole."""
        whole = [EVERYTHING] if "" in self._folders_of[group] else []
        return [*whole, *self._folders[group]]

    def _take_file(self, group: int, snapshot: Snapshot, want: Want) -> None:
        """A name that restic's list does not give byte for byte is looked up in the folder's own record."""
        if "\ufffd" in want.path:
            read = partial(self._source.record, self._repo, self._key)
            want.path = exact_path(read, snapshot.id, f"/{want.path}", want.place).removeprefix("/")
        super()._take_file(group, snapshot, want)
