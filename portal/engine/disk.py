"""Writing to disk so that a power cut or a kill leaves either the old state or the new one."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold a lock file, which ends with the process. Raises EngineError(BUSY) if it is held.

    The file goes away at the end; one that was removed between opening and locking is not ours.
    """
    while True:
        lock = path.open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise EngineError(EngineFault.BUSY) from None
        if path.exists() and path.stat().st_ino == os.fstat(lock.fileno()).st_ino:
            break
        lock.close()
    with lock:
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
