"""An export of a repository of this machine, whatever is wrong with it: strictly first, then what is left.

Attributes that no archive can carry, and an index that is missing or cut, cost nobody a file: both are gone
around without asking. What is lost is given up only where somebody has accepted it.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from portal.engine import export, older_points, salvage, stand_ins
from portal.engine.errors import EngineError, EngineFault
from portal.engine.passphrase import Passphrase
from portal.engine.port import Exported, RepoRef, Snapshot
from portal.engine.reindexed import Commanded, lacks_index, rebuild_index, with_new_index

_AS_WITHOUT_INDEX = (EngineFault.DAMAGED, EngineFault.INCOMPLETE, EngineFault.UNKNOWN)


class Mendable(salvage.DamagedSource, Commanded, Protocol):
    """What reads a repository, and may write an index for it elsewhere."""


def read_all(
    engine: Mendable,
    repo: RepoRef,
    key: Passphrase,
    snapshots: Sequence[Snapshot],
    destination: Path,
    *,
    accept_losses: bool,
    **words: Any,
) -> Exported:
    """words: of :func:`portal.engine.export.export_readable`, whose errors it raises."""
    if accept_losses and not destination.exists():
        return _what_is_left(engine, repo, key, snapshots, destination, **words)
    try:
        return export.export_readable(engine, repo, key, snapshots, destination, **words)
    except EngineError as error:
        if error.fault == EngineFault.ATTRIBUTES:
            words["loses_nothing"] = True
            return _what_is_left(engine, repo, key, snapshots, destination, **words)
        if error.fault not in _AS_WITHOUT_INDEX:
            raise
        if not lacks_index(engine, repo, key):
            raise older_points.with_unknown_folders(engine, repo, key, error) from error
    with with_new_index(repo, destination, partial(rebuild_index, engine, key)) as whole:
        return export.export_readable(engine, whole, key, snapshots, destination, **words)


def _what_is_left(
    engine: Mendable,
    repo: RepoRef,
    key: Passphrase,
    snapshots: Sequence[Snapshot],
    destination: Path,
    **words: Any,
) -> Exported:
    with ExitStack() as lent:
        if lacks_index(engine, repo, key):
            rebuild = partial(rebuild_index, engine, key)
            repo = lent.enter_context(with_new_index(repo, destination, rebuild))
        read = partial(engine.record, repo, key, "index")
        whole = lent.enter_context(stand_ins.without_waiting(repo, destination, read))
        if any(isinstance(one, older_points.BackedSnapshot) for one in snapshots):
            words["kind"] = older_points.Completed
        return salvage.export_what_is_left(engine, whole, key, snapshots, destination, **words)
