"""Writing to disk so that a power cut or a kill leaves either the old state or the new one."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from portal.engine.errors import EngineError, EngineFault


def sync_directory(directory: Path) -> None:
    """Make the creations, renames and deletions inside a directory durable."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomically(path: Path, content: str) -> None:
    """Replace a file whole: temporary file, fsync, rename."""
    temporary = path.with_name(path.name + ".tmp")
    with temporary.open("w", encoding="utf-8", newline="") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    temporary.rename(path)
    sync_directory(path.parent)


def lock(descriptor: int, *, wait: bool = False) -> bool:
    """Lock an open file until it is closed or the process ends; False when another holds it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def exclusive(path: Path, *, wait: bool = False) -> Iterator[None]:
    """Hold a lock file, which ends with the process. Raises EngineError(BUSY) if it is held.

    The file goes away at the end; one that was removed between opening and locking is not ours.
    wait: until it is free, for what takes a moment only.
    """
    while True:
        held = path.open("w")
        if not lock(held.fileno(), wait=wait):
            held.close()
            raise EngineError(EngineFault.BUSY)
        with suppress(FileNotFoundError):
            if path.stat().st_ino == os.fstat(held.fileno()).st_ino:
                break
        held.close()
    with held:
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
