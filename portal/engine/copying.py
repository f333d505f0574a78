"""Reading whole objects: hashed on the way, several at once, stopped at the first failure."""

import errno
import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from itertools import islice
from threading import Event
from typing import TypeVar

from portal.engine.errors import EngineError, EngineFault
from portal.engine.stores.objects import ObjectStore

CHUNK_BYTES = 1 << 18  # small enough to stay in the processor's cache between reading, hashing, writing
LOOK_SECONDS = 0.25
ATTEMPTS = 3
Write = Callable[[memoryview, int], object]  # bytes and their offset in the object

T = TypeVar("T")
R = TypeVar("R")


def read_object(store: ObjectStore, name: str, write: Write) -> tuple[str, int]:
    """Give an object to ``write`` piece by piece; return its SHA-256 and its length in bytes."""
    digest, done = hashlib.sha256(), 0
    buffer = memoryview(bytearray(CHUNK_BYTES))
    with store.open(name) as content:
        while count := content.readinto(buffer):
            digest.update(buffer[:count])
            write(buffer[:count], done)
            done += count
    return digest.hexdigest(), done


def object_digest(store: ObjectStore, name: str) -> str:
    """SHA-256 of an object; empty, which no name equals, when the disk cannot read it."""
    try:
        return read_object(store, name, lambda _piece, _offset: None)[0]
    except OSError as error:
        if error.errno != errno.EIO:
            raise
        return ""


def read_checked(store: ObjectStore, name: str, size: int, expected: str, write: Write) -> str:
    """Like :func:`read_object`, again when the line was cut or the content differs; its SHA-256.

    expected: SHA-256, or nothing when the name does not tell. size: bytes.
    Raises EngineError(BACKEND_UNREACHABLE) when the object never comes whole.
    """
    for attempt in range(ATTEMPTS):
        last = attempt == ATTEMPTS - 1
        try:
            digest, length = read_object(store, name, write)
        except EngineError as error:
            if last or error.fault != EngineFault.BACKEND_UNREACHABLE:
                raise
            continue
        if length == size and digest == (expected or digest):
            break
    if length != size:
        raise EngineError(EngineFault.BACKEND_UNREACHABLE, f"{length} bytes of {size}")
    return digest


def in_parallel(
    work: Callable[[T, Event], R], items: Iterable[T], workers: int, look: Callable[[], object]
) -> Iterator[R]:
    """Results of ``work(item, stop)`` on every item, a few at once, in the order in which they end.

    look: called four times per second in the calling thread; it may raise to give up. ``stop`` is then
    set, what has not begun is dropped, and what has begun is waited for.
    """
    queue, stop = iter(items), Event()
    with ThreadPoolExecutor(workers, thread_name_prefix="engine-copy") as pool:
        running: set[Future[R]] = {pool.submit(work, one, stop) for one in islice(queue, workers * 2)}
        try:
            while running:
                done, running = wait(running, LOOK_SECONDS, FIRST_COMPLETED)
                look()
                for future in done:
                    yield future.result()
                    running |= {pool.submit(work, one, stop) for one in islice(queue, 1)}
        finally:
            stop.set()
            for future in running:
                future.cancel()


def stoppable(write: Write, stop: Event) -> Write:
    """The same, until somebody gives up. Raises EngineError(CANCELLED) then."""

    def piece(content: memoryview, offset: int) -> None:
        if stop.is_set():
            raise EngineError(EngineFault.CANCELLED)
        write(content, offset)

    return piece


@contextmanager
def full_disk_told() -> Iterator[None]:
    """Turn the system's error into EngineError(NO_SPACE): disk, quota or largest file."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise EngineError(EngineFault.NO_SPACE) from error
        raise
