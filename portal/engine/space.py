"""Space promised on a disk, so that two exports at once do not count the same free bytes.

Whoever is about to write keeps a locked file ``<result>.space`` beside its result: how many bytes there will
be in the end, and below which folder. The lock ends with the process, so a dead one has promised nothing.
Only results in one folder know of each other.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from portal.engine.disk import exclusive, lock
from portal.engine.errors import EngineError, EngineFault

DIGITS = 20  # a fixed width: one write changes the number whole
BLOCK_BYTES = 512  # of st_blocks, whatever the disk's own are
StillNeeds = Callable[[int], None]


@contextmanager
def reserved(result: Path, tree: Path, need_bytes: int, keep_free_bytes: int) -> Iterator[StillNeeds]:
    """Hold ``need_bytes`` of the disk for what will be written below ``tree``, until the block ends.

    What has been written is taken off by itself; the function given says that less is still to come.
    Raises EngineError(NO_SPACE) when that much is not free, or is promised to others beside ``result``.
    """
    file = _file(result)
    with exclusive(file.with_name(".space.lock"), wait=True):
        have = shutil.disk_usage(tree).free - keep_free_bytes - promised(result)
        if need_bytes > have:
            raise EngineError(EngineFault.NO_SPACE, need_bytes=need_bytes, have_bytes=max(have, 0))
        promise = os.open(file, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        lock(promise)

        def still_needs(more_bytes: int) -> None:
            os.pwrite(promise, f"{more_bytes + _occupied(tree):0{DIGITS}}".encode(), 0)

        still_needs(need_bytes)
        os.pwrite(promise, os.fsencode(tree), DIGITS)
    try:
        yield still_needs
    finally:
        file.unlink(missing_ok=True)
        os.close(promise)


def promised(result: Path) -> int:
    """Bytes that others beside ``result`` are still going to write; what the dead left is removed."""
    own = _file(result)
    return sum(_promised_by(file) for file in own.parent.glob("*.space") if file != own)


def forget(result: Path) -> None:
    """Remove what a killed process left. The caller makes sure that none is running."""
    _file(result).unlink(missing_ok=True)


def _promised_by(file: Path) -> int:
    try:
        with file.open("rb") as promise:
            if not lock(promise.fileno()):
                number, tree = promise.read(DIGITS), os.fsdecode(promise.read())
                return max(0, int(number) - _occupied(Path(tree)))
            file.unlink(missing_ok=True)
    except FileNotFoundError:  # kept a moment ago
        pass
    return 0


def _occupied(tree: Path) -> int:
    """Bytes of the disk that the files below a folder take; some may come and go meanwhile."""
    total = 0
    for folder, _, names in os.walk(tree):
        for name in names:
            with suppress(FileNotFoundError):
                total += Path(folder, name).stat().st_blocks * BLOCK_BYTES
    return total


def _file(result: Path) -> Path:
    return result.with_name(result.name + ".space")
