"""The processes: one loop a lane, a pulse beside it, and a crew that keeps them all alive."""

import contextlib
import ctypes
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Collection, Iterator

import structlog
from flask import Flask
from sqlalchemy import Engine, delete, or_, update
from sqlalchemy.orm import Session

from portal import clock
from portal.clock import machine_ms
from portal.db import EVERYTHING, db, new_uid
from portal.jobs import waking
from portal.jobs.claims import ORDERS, catch_up_with_clock, release_dead_owners, run_one
from portal.jobs.duties import run_periodic
from portal.jobs.models import Lane, Task, TaskState, WorkerRow

log = structlog.get_logger()

DUTIES = "duties"  # the lane of the periodic duties, which are no tasks
_LOOK = 5  # seconds between two looks at the clock
_LOST = 10  # beats without a sign of life after which a worker is forgotten
_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of Linux's prctl(2)


class _Pulse(threading.Thread):
    """Says that this worker lives, and renews the lease of what it holds, also while a child is silent.

    Only a process that is dead or frozen stops: a lease that runs out then means just that.
    """

    def __init__(self, engine: Engine, name: str, lane: str, seconds: float) -> None:
        super().__init__(daemon=True, name="pulse")
        self._engine, self._worker, self._lane, self._seconds = engine, name, lane, seconds
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.is_set():
            with contextlib.suppress(Exception):  # the database is away or locked: the next beat
                self.beat()
            self._over.wait(self._seconds)

    def beat(self) -> None:
        held = ORDERS.held
        with Session(self._engine, info={"scope": EVERYTHING}) as session, session.begin():
            now, task_id = machine_ms(), held.task_id if held else None
            seen = update(WorkerRow).where(WorkerRow.name == self._worker)
            if not session.execute(seen.values(seen_ms=now, task_id=task_id)).rowcount:  # type: ignore[attr-defined]
                session.add(WorkerRow(name=self._worker, lane=self._lane, seen_ms=now, task_id=task_id))
                lost = int(_LOST * self._seconds * 1000)  # ahead of now: by a clock that was set back
                gone = or_(WorkerRow.seen_ms < now - lost, WorkerRow.seen_ms > now + lost)
                session.execute(delete(WorkerRow).where(gone))
            if held is not None:
                lease = update(Task).where(Task.id == held.task_id, Task.owner == held.owner)
                lease = lease.where(Task.state == TaskState.RUNNING)
                session.execute(lease.values(lease_until=now + held.lease_ms))

    def end(self) -> None:
        self._over.set()
        self.join(timeout=2)
        with contextlib.suppress(Exception), Session(self._engine, info={"scope": EVERYTHING}) as session:
            session.execute(delete(WorkerRow).where(WorkerRow.name == self._worker))
            session.commit()


def work(
    app: Flask,
    stop: Callable[[], bool],
    lanes: Collection[Lane] = (),
    *,
    duties: bool = True,
    idle_seconds: float = 0.3,
) -> None:
    """Do the tasks of these lanes (all when empty), and the periodic duties, until ``stop()``.

    A database that is away or locked ends nothing: the loop waits and goes on.
    """
    ORDERS.stop = stop
    with app.app_context():
        engine = db.engine
    lane = " ".join(lanes) or ("all" if duties else "none")
    name = f"{socket.gethostname()}:{os.getpid()}:{new_uid()}"
    pulse = _Pulse(engine, name, lane, min(float(app.config["JOB_LEASE_SECONDS"]) / 4, 5))
    pulse.start()
    try:
        _serve(app, stop, lanes or tuple(Lane), duties=duties, idle_seconds=idle_seconds)
    finally:
        pulse.end()


def look_after_duties(app: Flask, stop: Callable[[], bool]) -> None:
    """Do the periodic duties alone, until ``stop()``."""
    with app.app_context():
        engine = db.engine
    pulse = _Pulse(engine, f"{socket.gethostname()}:{os.getpid()}:{new_uid()}", DUTIES, 5)
    pulse.start()
    try:
        _serve(app, stop, (), duties=True, idle_seconds=0.5)
    finally:
        pulse.end()


def _serve(
    app: Flask, stop: Callable[[], bool], lanes: Collection[Lane], *, duties: bool, idle_seconds: float
) -> None:
    """Woken by PostgreSQL; on SQLite by the clock."""
    hands = _Hands(app, stop, lanes)
    with app.app_context():
        engine = db.engine
    if engine.dialect.name == "postgresql":
        known = waking.Hands(hands.take, hands.look, hands.duties if duties else None)
        waking.serve(engine, stop, lanes, known)
        return
    hands.look()
    looked, looked_at = 0.0, clock.now()
    while not stop():
        if time.monotonic() - looked >= _LOOK or abs(clock.now() - looked_at).total_seconds() >= _LOOK:
            looked, looked_at = time.monotonic(), clock.now()
            hands.look()
            if duties:
                hands.duties()
        if not lanes or not hands.take():
            time.sleep(idle_seconds)


class _Hands:
    """What a worker can do. What fails here is told in the log, and the worker goes on."""

    def __init__(self, app: Flask, stop: Callable[[], bool], lanes: Collection[Lane]) -> None:
        self._app, self._stop, self._lanes = app, stop, lanes
        self._turn = 0  # the organisation whose task was done last

    @contextlib.contextmanager
    def _at_work(self) -> Iterator[None]:
        try:
            with self._app.app_context():
                yield
        except Exception:
            log.exception("worker goes on")
            _rest(self._stop, 2.0)

    def take(self) -> bool:
        """Do one task, of whoever is next in turn; False when there was none."""
        done = None
        with self._at_work():
            done = run_one(self._lanes, self._turn)
            if done is not None:
                self._turn = done.organisation_id
            elif ORDERS.paused():
                _rest(self._stop, 1.0)  # what waits is left alone for a while
        return done is not None

    def look(self) -> None:
        """After work that nobody holds any more, or that nobody would be woken for."""
        with self._at_work():
            release_dead_owners()
            catch_up_with_clock()
            waking.make_up()

    def duties(self) -> None:
        """What is due by the clock."""
        with self._at_work():
            run_periodic()


def _rest(stop: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not stop() and time.monotonic() < end:
        time.sleep(0.1)


def crew(app: Flask, wanted: dict[str, int], stop: Callable[[], bool], *, patience: float) -> None:
    """Keep so many processes of each lane alive until ``stop()``; those that die are started again.

    The application is loaded once and forked, so a process begins its work at once.
    patience: seconds that a process has to come to the end of a step; then it is killed, and nothing is
    lost but that step.
    """
    with app.app_context():
        db.engine.dispose()  # a connection belongs to one process
    living: dict[int, str] = {}
    missing = [lane for lane, count in wanted.items() for _each in range(count)]
    while not stop():
        for lane in missing:
            living[_start(app, lane)] = lane
        missing = [living.pop(pid) for pid in _ended(living)]
        if missing:
            log.warning("workers ended", lanes=missing)
            _rest(stop, 0.5)  # one that cannot start must not spin
        time.sleep(0.1)
    _end(living, patience)


def _start(app: Flask, lane: str) -> int:
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        _die_with(parent)
        stopping: list[int] = []
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda received, _frame: stopping.append(received))
        if lane == DUTIES:
            look_after_duties(app, lambda: bool(stopping))
        else:
            work(app, lambda: bool(stopping), [Lane(lane)], duties=False)
        code = 0
    finally:
        os._exit(code)


def _die_with(parent: int) -> None:
    """Let the kernel end this process when its parent ends (Linux only)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(1)


def _ended(living: dict[int, str]) -> list[int]:
    gone = []
    for pid in living:
        with contextlib.suppress(ChildProcessError):
            if os.waitpid(pid, os.WNOHANG) == (0, 0):
                continue
        gone.append(pid)
    return gone


def _end(living: dict[int, str], patience: float) -> None:
    for pid in living:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    end = time.monotonic() + patience
    while living and time.monotonic() < end:
        for pid in _ended(living):
            living.pop(pid)
        time.sleep(0.05)
    for pid in living:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
