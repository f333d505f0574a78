"""One child process: fed its secrets by pipes, watched while it runs, ended whatever happens."""

import io
import math
import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from typing import IO

from portal.engine.errors import EngineError, EngineFault, classify, explain_silence, redact
from portal.engine.passphrase import Passphrase
from portal.engine.port import Cancel

PIPE_BYTES = 1 << 20
STDERR_BYTES = 32_768  # restic names the cause first; the rest is drained and dropped
GRACE_SECONDS = 5.0
_AGAIN = b"returned error, retrying after"  # restic's words, before 0.17 also for what is not there
TICK_MILLISECONDS = 250


class WaitsInVain(Exception):
    """restic asks for something again that is not there, and will for 44 seconds: see :mod:`stand_ins`."""


@cache
def _spawner(_process_id: int) -> ThreadPoolExecutor:
    """One thread per process that starts every child and lives as long as the process.

    The kernel sends PR_SET_PDEATHSIG when the *thread* that forked ends, so a child must not be
    started by a short-lived one.
    """
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="engine-spawn")


@cache
def launcher() -> tuple[str, ...]:
    """Words before the command that make it die with us; nothing where setpriv does not exist."""
    setpriv = shutil.which("setpriv", path="/usr/bin:/bin")
    return (setpriv, "--pdeathsig", "KILL", "--") if setpriv else ()


@contextmanager
def readable_pipe(content: Passphrase | str) -> Iterator[int]:
    """The reading end of an anonymous pipe that already holds the content and a newline."""
    reading, writing = os.pipe()
    try:
        try:
            if isinstance(content, Passphrase):
                content.write_to(writing)
            else:
                os.write(writing, os.fsencode(content))
            os.write(writing, b"\n")
        finally:
            os.close(writing)
        yield reading
    finally:
        os.close(reading)


class Child(io.RawIOBase):
    """A running command. Read ``output``, then call :meth:`finish`, which raises if it failed."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        silence_seconds: float,
        cancel: Cancel | None,
        impatient: bool = False,
    ) -> None:
        self.process, self._impatient = process, impatient
        self._silence_seconds = silence_seconds
        self._cancel = cancel
        self._stderr = bytearray()
        self._poll = select.poll()
        for stream in self._streams():
            self._poll.register(stream, select.POLLIN)
        self._stderr_open = True
        self._next_check = 0.0
        self.output = io.BufferedReader(self, PIPE_BYTES)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Wait for output. Raises EngineError CANCELLED, TIMED_OUT, BACKEND_UNREACHABLE (after a silence)."""
        stdout, _ = self._streams()
        if time.monotonic() > self._next_check:  # a busy stream is never silent
            self._check(math.inf)
        while stdout.fileno() not in self._ready():
            pass
        return os.readv(stdout.fileno(), [buffer])

    def finish(self) -> None:
        """Wait for the end. Raises EngineError, classified, unless the command succeeded."""
        self._poll.unregister(self._streams()[0])
        while self._stderr_open:
            self._ready()
        deadline = time.monotonic() + self._silence_seconds
        while self.process.poll() is None:
            self._check(deadline)
            time.sleep(0.01)
        if self.process.returncode != 0:
            raise self.failure()

    def failure(self) -> EngineError:
        text = self.stderr()
        return EngineError(classify(self.process.returncode, text), redact(text))

    def stderr(self) -> str:
        """What the command said, raw: for classification only."""
        return self._stderr.decode(errors="replace")

    def stop(self) -> None:
        """End the whole process group: SIGINT first (SIGTERM leaves a lock), then SIGKILL."""
        for number, seconds in ((signal.SIGINT, GRACE_SECONDS), (signal.SIGKILL, None)):
            if self.process.poll() is not None:
                break
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(seconds)
        for stream in self._streams():
            stream.close()

    def _streams(self) -> tuple[IO[bytes], IO[bytes]]:
        assert self.process.stdout is not None and self.process.stderr is not None
        return self.process.stdout, self.process.stderr

    def _ready(self) -> set[int]:
        """Descriptors with something to read, after taking care of stderr."""
        deadline = time.monotonic() + self._silence_seconds
        while not (ready := {number for number, _ in self._poll.poll(TICK_MILLISECONDS)}):
            self._check(deadline)
        stderr = self._streams()[1]
        if self._stderr_open and stderr.fileno() in ready:
            chunk = os.read(stderr.fileno(), 65_536)
            self._stderr += chunk[: STDERR_BYTES - len(self._stderr)]
            if self._impatient and _AGAIN in self._stderr:
                raise WaitsInVain
            if not chunk:
                self._stderr_open = False
                self._poll.unregister(stderr)
        return ready

    def _check(self, deadline: float) -> None:
        self._next_check = time.monotonic() + TICK_MILLISECONDS / 1000
        if self._cancel is not None and self._cancel():
            raise EngineError(EngineFault.CANCELLED)
        if time.monotonic() > deadline:
            text = self.stderr()
            raise EngineError(explain_silence(text), redact(text))


@contextmanager
def running(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    descriptors: Sequence[int] = (),
    silence_seconds: float,
    cancel: Cancel | None = None,
    impatient: bool = False,
) -> Iterator[Child]:
    """Start a command without shell, in its own process group, with the descriptors given.

    silence_seconds: longest wait without a byte of output. impatient: raise WaitsInVain as soon as
    restic says that it asks for an object again. Leaving the block ends the command.
    Raises EngineError(BINARY_MISSING) when there is no such program.
    """
    if shutil.which(argv[0]) is None:
        raise EngineError(EngineFault.BINARY_MISSING)

    def spawn() -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603  (argv list, no shell)
            [*launcher(), *argv],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            pipesize=PIPE_BYTES,
            env=dict(env),
            pass_fds=tuple(descriptors),
            process_group=0,
        )

    with ExitStack() as cleaning:
        child = Child(_spawner(os.getpid()).submit(spawn).result(), silence_seconds, cancel, impatient)
        cleaning.callback(child.stop)
        yield child
