"""Taking a task and doing it: the lease, the steps, and what becomes of a task that did not end."""

import errno
import os
import socket
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import structlog
from flask import current_app
from sqlalchemy import ColumnElement, Select, and_, bindparam, or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from portal.clock import machine_ms
from portal.db import AWAY, EVERYTHING, commits, db, new_uid, reading, set_scope
from portal.errors import PortalError, Unavailable
from portal.jobs import tickets
from portal.jobs.models import JOBS, Lane, Task, TaskState, is_free
from portal.logs import mask
from portal.wording import N_

log = structlog.get_logger()

MAX_ATTEMPTS = 6  # failures without any progress between them
_RETRY_SECONDS = 300  # the longest pause after a failure
_CLOCKS_DIFFER = 60_000  # milliseconds by which the clocks of two machines may differ
T = TaskState


_TASK = Task.__table__.c
_HELD = update(Task.__table__).where(  # built once
    _TASK.id == bindparam("of"), _TASK.owner == bindparam("held_by"), _TASK.state == T.RUNNING
)


class LostLease(Exception):
    """Another worker holds the task now; whatever was not committed is dropped."""


class Wait(Exception):
    """The job cannot go on until a person acts; ``resume`` puts it back in the queue."""


class Later(Unavailable):
    """Something outside is busy or down: the task is put off, as often as it takes, and no failure counts.

    at_most: seconds of the longest pause; pauses double from five seconds.
    for_all: the fault concerns every task of this kind: this worker leaves them alone for the pause.
    """

    def __init__(self, reason: str, *, at_most: float = _RETRY_SECONDS, for_all: bool = False) -> None:
        super().__init__(reason)
        self.at_most, self.for_all = at_most, for_all


class Stopped(Exception):
    """This worker was asked to end: the task goes back as it stands, and nothing is counted."""


class Orders:
    """What the worker of this process was told, and what it holds; one a process."""

    def __init__(self) -> None:
        self.stop: Callable[[], bool] = lambda: False
        self.held: Claim | None = None
        self._paused: dict[str, float] = {}  # kind: until when it is left alone, by the clock of no calendar

    def pause(self, kind: str, seconds: float) -> None:
        """Leave the tasks of this kind alone for a while."""
        self._paused[kind] = time.monotonic() + seconds

    def forget_pauses(self) -> None:
        """Nothing is left alone any more."""
        self._paused.clear()

    def paused(self) -> list[str]:
        """The kinds that are left alone at present."""
        return [kind for kind, until in self._paused.items() if until > time.monotonic()]


ORDERS = Orders()


class Claim:
    """A task held by this worker: its only way to write."""

    def __init__(self, task: Task, owner: str, lease_ms: int) -> None:
        self.task_id, self.ref, self.cursor, self.lane = task.id, task.ref, task.cursor, task.lane
        self.kind, self.org_path, self.organisation_id = task.kind, task.org_path, task.organisation_id
        self.attempts, self.put_off = task.attempts, task.put_off
        self.owner, self.lease_ms = owner, lease_ms
        self._renewed = time.monotonic()

    @commits
    def step(self, *, cursor: str | None = None, done: int | None = None, total: int | None = None) -> None:
        """Commit the present transaction together with the progress; raises LostLease instead.

        A step that tells progress makes former failures count no more. Raises Stopped after the commit
        when this worker was asked to end.
        """
        values: dict[str, Any] = {"lease_until": machine_ms() + self.lease_ms}
        wanted = {"cursor": cursor, "done": done, "total": total}
        values |= {name: value for name, value in wanted.items() if value is not None}
        if cursor is not None or done is not None:
            values |= {"attempts": 0, "put_off": 0}
            self.attempts = self.put_off = 0
        self._write(values)
        self.cursor = cursor if cursor is not None else self.cursor
        db.session.commit()
        self._renewed = time.monotonic()
        if ORDERS.stop():
            raise Stopped

    def progress(self, done: int, total: int) -> None:
        """Say how far a long step is; renews the lease. Cheap to call often: writes every second."""
        if ORDERS.stop() or time.monotonic() - self._renewed >= min(1.0, self.lease_ms / 4000):
            self.step(done=done, total=total)

    def _write(self, values: dict[str, Any]) -> None:
        which = {"of": self.task_id, "held_by": self.owner}
        result: Any = db.session.execute(_HELD, {**which, **values})
        if not result.rowcount:
            db.session.rollback()
            raise LostLease(self.ref)

    @commits
    def finish(self, state: TaskState, error: str = "", retry_in: float = 0, **counted: int) -> None:
        """Let go of the task, in this state; ``counted`` are its counters where they change."""
        now = machine_ms()
        not_before = now + int(retry_in * 1000) if retry_in else 0
        self._write(
            {
                "state": state,
                "error": error[:500],
                "owner": None,
                "lease_until": 0,
                "not_before": not_before,
                "put_off_ms": now if retry_in else 0,
                **counted,
            }
        )
        if state == T.QUEUED:
            tickets.put(self.lane, not_before)
        db.session.commit()


def _free(now: int, lanes: Collection[Lane]) -> ColumnElement[bool]:
    wanted = [is_free(now), Task.lane.in_(lanes)] if lanes else [is_free(now)]
    paused = ORDERS.paused()
    return and_(*wanted, Task.kind.not_in(paused)) if paused else and_(*wanted)


def _turn(free: Any, after: int | None) -> Select[int] | None:
    """The oldest free task of whoever is next in turn behind ``after``, or of everybody; None: no task."""
    oldest = select(Task.id).where(free).order_by(Task.id).limit(1)
    if after is None:
        return oldest if db.session.scalar(oldest) is not None else None
    owners = select(Task.organisation_id).where(free).order_by(Task.organisation_id).limit(1)
    for behind in (owners.where(Task.organisation_id > after), owners):
        if (owner := db.session.scalar(behind)) is not None:
            return oldest.where(Task.organisation_id == owner)
    return None


@commits
def claim(lanes: Collection[Lane] = (), after: int | None = None) -> Claim | None:
    """Take a free task, if there is one, in one statement on both engines.

    lanes: only of these; all when empty. after: organisations take turns, the next one behind this id
    comes first; without it the oldest task does.
    """
    set_scope(EVERYTHING)
    now = machine_ms()
    free = _free(now, lanes)
    with reading():
        pick = _turn(free, after)
        db.session.rollback()
    if pick is None:
        return None
    owner = f"{socket.gethostname()}:{os.getpid()}:{new_uid()}"
    lease_ms = int(float(current_app.config["JOB_LEASE_SECONDS"]) * 1000)
    pick = pick.with_for_update(skip_locked=True)  # a no-op on SQLite, where BEGIN IMMEDIATE serialises
    statement = (
        update(Task)
        .where(Task.id == pick.scalar_subquery(), free)
        .values(state=T.RUNNING, owner=owner, lease_until=now + lease_ms, claims=Task.claims + 1)
        .returning(Task)
    )
    task = db.session.scalars(
        statement, execution_options={"synchronize_session": False, "populate_existing": True}
    ).one_or_none()
    held = Claim(task, owner, lease_ms) if task else None
    db.session.commit()
    return held


def run_one(lanes: Collection[Lane] = (), after: int | None = None) -> Claim | None:
    """Claim and do one task; the claim says whose it was, None that there was none."""
    held = claim(lanes, after)
    if held is None:
        return None
    ORDERS.held = held
    try:
        _do(held)
    finally:
        ORDERS.held = None
        db.session.rollback()
        db.session.expunge_all()
        set_scope(None)
    return held


def _do(held: Claim) -> None:
    logger = log.bind(kind=held.kind, ref=held.ref, attempt=held.attempts + 1)
    set_scope(held.org_path)
    try:
        JOBS[held.kind](held)
        held.finish(T.DONE)
        logger.info("task done")
    except LostLease:
        db.session.rollback()
        logger.warning("lease lost")
    except Exception as error:
        db.session.rollback()
        _let_go(held, error, logger)


def _let_go(held: Claim, error: Exception, logger: Any) -> None:
    """What becomes of a task that did not end: who moves it on, and when."""
    try:
        match error:
            case Stopped():
                held.finish(T.QUEUED)
            case Wait():
                held.finish(T.WAITING, str(error))
            case Unavailable():
                logger.warning("task put off", reason=str(error))
                pause = _put_off(held, str(error), getattr(error, "at_most", _RETRY_SECONDS))
                if getattr(error, "for_all", False):
                    ORDERS.pause(held.kind, pause)
            case PortalError():
                logger.warning("task refused", error=error.message)
                held.finish(T.FAILED, error.message)
            case _ if isinstance(error, AWAY):  # gone altogether: then this raises again, as it must
                logger.warning("database busy", reason=type(error).__name__)
                _put_off(held, "La base de données était occupée ou absente.", _RETRY_SECONDS)
            case OSError(errno=errno.ENOSPC | errno.EDQUOT):
                logger.warning("disk full")
                _put_off(held, N_("Il n'y a pas assez d'espace libre sur le disque."), _RETRY_SECONDS)
            case _:
                logger.exception("task failed", exc_info=error)
                _count(held, said_of(error))
    except LostLease:
        db.session.rollback()


def said_of(error: Exception) -> str:
    """What may be shown of an accident: its name and its first line, and never the values of a statement."""
    name = type(error).__name__
    if isinstance(error, SQLAlchemyError):
        return name
    return mask(f"{name}: {str(error).partition(chr(10))[0]}")


def _put_off(held: Claim, reason: str, at_most: float) -> float:
    """Back into the queue without a failure; returns the seconds of its pause."""
    pause = min(5 * 2.0**held.put_off, at_most, float(current_app.config["JOB_PAUSE_SECONDS"]))
    held.finish(T.QUEUED, reason, pause, put_off=min(held.put_off + 1, 30))
    return pause


def _count(held: Claim, reason: str) -> None:
    attempts = held.attempts + 1
    if attempts >= MAX_ATTEMPTS:
        held.finish(T.FAILED, reason, attempts=attempts)
    else:
        held.finish(T.QUEUED, reason, min(2.0**attempts, _RETRY_SECONDS), attempts=attempts)


@commits
def release_dead_owners() -> None:
    """At start-up: free the leases of this machine's processes that are gone (after a kill)."""
    set_scope(EVERYTHING)
    prefix = f"{socket.gethostname()}:"
    running = select(Task).where(Task.state == T.RUNNING, Task.owner.startswith(prefix))
    for task in db.session.scalars(running):
        pid = int(str(task.owner).split(":")[1])
        if not _is_alive(pid):
            task.lease_until = 0
    db.session.commit()
    set_scope(None)


def _is_alive(pid: int) -> bool:
    """A process that works; one that has ended and that nobody has buried yet (Z) does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True  # a system that tells nothing of it, or it has just gone: then its lease ends
    return stat.rpartition(")")[2].split()[0] not in {"Z", "X"}


@commits
def catch_up_with_clock() -> None:
    """After this machine's clock was set back: no lease and no pause lasts longer than it was meant to.

    Whoever lives renews its lease by the new clock long before the shortened one ends.
    """
    set_scope(EVERYTHING)
    now, lease = machine_ms(), int(float(current_app.config["JOB_LEASE_SECONDS"]) * 1000)
    ahead = select(Task.id).where(
        or_(
            and_(Task.state == T.RUNNING, Task.lease_until > now + 2 * lease),
            and_(Task.state == T.QUEUED, Task.put_off_ms > now + _CLOCKS_DIFFER),
        )
    )
    with reading():
        found = db.session.scalars(ahead).all()
        db.session.rollback()
    if found:
        log.warning("the clock was set back", tasks=len(found))
        its_own = update(Task).where(Task.id.in_(found)).execution_options(synchronize_session=False)
        running, queued = its_own.where(Task.state == T.RUNNING), its_own.where(Task.state == T.QUEUED)
        db.session.execute(running.values(lease_until=now + lease))
        pause = Task.not_before - Task.put_off_ms
        db.session.execute(queued.values(not_before=now + pause, put_off_ms=now))
    db.session.commit()
    set_scope(None)


def drain(limit: int = 1000) -> int:
    """Do everything that is free now (tests, demo, one-off commands); returns how many."""
    count = 0
    while count < limit and run_one():
        count += 1
    return count
