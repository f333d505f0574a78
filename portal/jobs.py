"""Long work: one ``task`` row per job in the same database as the business rows.

A task is inserted in the transaction that needs it. A worker claims it with a lease and a token made for
that claim; each step is one transaction that also renews the lease *under that token*, so a worker that
lost its lease (killed, frozen) can never write again. Whatever nobody holds is picked up by anybody.
Jobs are functions registered by kind; they load a row, call its model, and may be run again at any line.
"""

import os
import socket
import time
from collections.abc import Callable
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

import structlog
from flask import Flask, current_app
from sqlalchemy import String, UniqueConstraint, and_, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.db import EVERYTHING, Base, Row, Tenant, commits, db, new_uid, reading, set_scope
from portal.errors import PortalError

log = structlog.get_logger()

MAX_ATTEMPTS = 6


class TaskState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"  # somebody must do something first (give the passphrase again)
    DONE = "done"
    FAILED = "failed"


T = TaskState


class Task(Tenant, db.Model):
    """A job to do, being done, or done. ``(kind, ref)`` is unique: asking twice is asking once."""

    __tablename__ = "task"
    __table_args__ = (UniqueConstraint("kind", "ref"),)

    kind: Mapped[str] = mapped_column(String(60))
    ref: Mapped[str] = mapped_column(String(120))  # what it is about, such as a row's uid
    state: Mapped[TaskState] = mapped_column(default=T.QUEUED, index=True)
    cursor: Mapped[str] = mapped_column(String(200), default="")  # last step that is committed
    done: Mapped[int] = mapped_column(db.BigInteger, default=0)
    total: Mapped[int] = mapped_column(db.BigInteger, default=0)
    unit: Mapped[str] = mapped_column(String(20), default="")
    owner: Mapped[str | None] = mapped_column(String(120))  # token of the present claim
    lease_until: Mapped[Any] = mapped_column(db.BigInteger, default=0)  # milliseconds since 1970
    not_before: Mapped[int] = mapped_column(db.BigInteger, default=0)  # idem: retry later
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(String(500), default="")


class PeriodicRun(Row, db.Model):
    """A slot of a periodic job that somebody has taken: each slot runs once, on any number of workers."""

    __tablename__ = "periodic_run"
    __table_args__ = (UniqueConstraint("name", "slot"),)

    name: Mapped[str] = mapped_column(String(60))
    slot: Mapped[str] = mapped_column(String(40))


class LostLease(Exception):
    """Another worker holds the task now; whatever was not committed is dropped."""


class Wait(Exception):
    """The job cannot go on until a person acts; ``resume`` puts it back in the queue."""


Job = Callable[["Claim"], None]
_jobs: dict[str, Job] = {}
_leases: dict[str, float] = {}  # seconds, of the kinds whose single transaction is longer than a lease
_periodic: dict[str, tuple[Callable[[], str], Callable[[], None]]] = {}


def job(kind: str, *, lease_seconds: float | None = None) -> Callable[[Job], Job]:
    """Register the function that does tasks of this kind.

    lease_seconds: of a job that cannot commit, and so not renew its lease, before it is done.
    """

    def register(function: Job) -> Job:
        _jobs[kind] = function
        if lease_seconds is not None:
            _leases[kind] = lease_seconds
        return function

    return register


def periodic(name: str, slot: Callable[[], str]) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Register a function to run once per slot; ``slot()`` names the present one ("2026-11-21")."""

    def register(function: Callable[[], None]) -> Callable[[], None]:
        _periodic[name] = (slot, function)
        return function

    return register


def enqueue(kind: str, ref: str, organisation: Any, *, total: int = 0, unit: str = "") -> None:
    """Ask for a job, in the present transaction. Asked again with the same ``ref``: nothing more."""
    if kind not in _jobs:
        raise KeyError(f"no job of kind {kind}")
    row = Task(
        organisation=organisation,
        kind=kind,
        ref=ref,
        state=T.QUEUED,
        cursor="",
        done=0,
        total=total,
        unit=unit,
        lease_until=0,
        not_before=0,
        attempts=0,
        error="",
    )
    values = {c.name: getattr(row, c.key) for c in Task.__table__.columns if c.name != "id"}
    insert_once(Task, values, ["kind", "ref"])


def insert_once(model: type[Base], values: dict[str, Any], unique: list[str]) -> bool:
    """Insert unless the unique key exists; says whether the row is new. Same on both engines."""
    table = model.__table__
    insert = (postgresql if db.session.connection().dialect.name == "postgresql" else sqlite).insert
    statement = insert(table).values(**values).on_conflict_do_nothing(index_elements=unique)
    return db.session.execute(statement.returning(table.c.id)).scalar() is not None


def find_task(kind: str, ref: str) -> Task | None:
    return db.session.scalars(select(Task).where(Task.kind == kind, Task.ref == ref)).one_or_none()


def resume(kind: str, ref: str) -> None:
    """Put a waiting or failed task back in the queue, in the present transaction."""
    db.session.execute(
        update(Task)
        .where(Task.kind == kind, Task.ref == ref, Task.state.in_([T.WAITING, T.FAILED]))
        .values(state=T.QUEUED, error="", attempts=0, not_before=0, owner=None)
    )


def _now_ms() -> int:
    return int(time.time() * 1000)  # leases are machine time: a moved business clock must not free them


class Claim:
    """A task held by this worker: its only way to write."""

    def __init__(self, task: Task, owner: str, lease_ms: int) -> None:
        self.task_id, self.ref, self.cursor = task.id, task.ref, task.cursor
        self.kind, self.org_path, self.attempts = task.kind, task.org_path, task.attempts
        self._owner, self._lease_ms = owner, lease_ms
        self._renewed_ms = _now_ms()

    @commits
    def step(self, *, cursor: str | None = None, done: int | None = None, total: int | None = None) -> None:
        """Commit the present transaction together with the progress; raises LostLease instead."""
        values: dict[str, Any] = {"lease_until": _now_ms() + self._lease_ms}
        wanted = {"cursor": cursor, "done": done, "total": total}
        values |= {name: value for name, value in wanted.items() if value is not None}
        self._write(values)
        self.cursor = cursor if cursor is not None else self.cursor
        db.session.commit()
        self._renewed_ms = _now_ms()

    def progress(self, done: int, total: int) -> None:
        """Say how far a long step is; renews the lease. Cheap to call often: writes every second."""
        if _now_ms() - self._renewed_ms >= min(1000, self._lease_ms // 4):
            self.step(done=done, total=total)

    def _write(self, values: dict[str, Any]) -> None:
        statement = (
            update(Task)
            .where(Task.id == self.task_id, Task.owner == self._owner, Task.state == T.RUNNING)
            .values(**values)
            .execution_options(synchronize_session=False)
        )
        result: Any = db.session.execute(statement)
        if not result.rowcount:
            db.session.rollback()
            raise LostLease(self.ref)

    @commits
    def finish(self, state: TaskState, error: str = "", retry_in: float = 0) -> None:
        self._write(
            {
                "state": state,
                "error": error[:500],
                "owner": None,
                "lease_until": 0,
                "not_before": _now_ms() + int(retry_in * 1000),
            }
        )
        db.session.commit()


def _free(now: int) -> Any:
    return or_(
        and_(Task.state == T.QUEUED, Task.not_before <= now),
        and_(Task.state == T.RUNNING, Task.lease_until < now),
    )


@commits
def claim() -> Claim | None:
    """Take the oldest free task, if there is one, in one statement on both engines."""
    set_scope(EVERYTHING)
    now = _now_ms()
    with reading():
        anything = db.session.scalar(select(Task.id).where(_free(now)).limit(1))
        db.session.rollback()
    if anything is None:
        return None
    owner = f"{socket.gethostname()}:{os.getpid()}:{new_uid()}"
    lease_ms = int(float(current_app.config["JOB_LEASE_SECONDS"]) * 1000)
    pick = select(Task.id).where(_free(now)).order_by(Task.id).limit(1)
    pick = pick.with_for_update(skip_locked=True)  # a no-op on SQLite, where BEGIN IMMEDIATE serialises
    statement = (
        update(Task)
        .where(Task.id == pick.scalar_subquery(), _free(now))
        .values(state=T.RUNNING, owner=owner, lease_until=now + lease_ms, attempts=Task.attempts + 1)
        .returning(Task)
    )
    task = db.session.scalars(
        statement, execution_options={"synchronize_session": False, "populate_existing": True}
    ).one_or_none()
    held = Claim(task, owner, lease_ms) if task else None
    if task is not None and task.kind in _leases:
        task.lease_until = now + int(_leases[task.kind] * 1000)
    db.session.commit()
    return held


def run_one() -> bool:
    """Claim and do one task; says whether there was one."""
    held = claim()
    if held is None:
        return False
    logger = log.bind(kind=held.kind, ref=held.ref, attempt=held.attempts)
    set_scope(held.org_path)
    try:
        _jobs[held.kind](held)
        held.finish(T.DONE)
        logger.info("task done")
    except LostLease:
        db.session.rollback()
        logger.warning("lease lost")
    except Wait as reason:
        db.session.rollback()
        held.finish(T.WAITING, str(reason))
    except PortalError as error:
        db.session.rollback()
        logger.warning("task refused", error=error.message)
        held.finish(T.FAILED, error.message)
    except Exception:
        db.session.rollback()
        logger.exception("task failed")
        _give_back(held)
    finally:
        db.session.rollback()
        db.session.expunge_all()
        set_scope(None)
    return True


def _give_back(held: Claim) -> None:
    try:
        if held.attempts >= MAX_ATTEMPTS:
            held.finish(T.FAILED)
        else:
            held.finish(T.QUEUED, retry_in=min(2.0**held.attempts, 300))
    except LostLease:
        db.session.rollback()


@commits
def run_periodic() -> None:
    """Run what is due by the clock; each slot is taken by one worker only."""
    for name, (slot, function) in _periodic.items():
        set_scope(EVERYTHING)
        if first_time(name, slot()):
            function()
        db.session.commit()
        set_scope(None)


def first_time(name: str, slot: str) -> bool:
    """Is this the first time that anybody does this? Noted in the present transaction."""
    row = PeriodicRun(name=name, slot=slot)
    values = {"uid": row.uid, "created_at": row.created_at, "name": name, "slot": slot}
    return insert_once(PeriodicRun, values, ["name", "slot"])


def done_on(name: str, slot: str) -> date | None:
    """The Paris day on which :func:`first_time` was first asked for this; None if it never was."""
    query = select(PeriodicRun.created_at).where(PeriodicRun.name == name, PeriodicRun.slot == slot)
    at = db.session.scalar(query)
    return clock.paris_day(at) if at is not None else None


def daily() -> str:
    """Slot of what runs once a day, in Paris."""
    return clock.today().isoformat()


def hourly() -> str:
    """Slot of what runs once an hour."""
    return clock.now().strftime("%Y-%m-%dT%H")


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
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def work(app: Flask, stop: Callable[[], bool], idle_seconds: float = 0.3) -> None:
    """The row loop: do tasks until ``stop()``, look at the clock every few seconds."""
    with app.app_context():
        release_dead_owners()
    next_look = clock.now()
    while not stop():
        with app.app_context():
            if clock.now() >= next_look:
                run_periodic()
                next_look = clock.now() + timedelta(seconds=5)
            busy = run_one()
        if not busy:
            time.sleep(idle_seconds)


def drain(limit: int = 1000) -> int:
    """Do everything that is free now (tests, demo, one-off commands); returns how many."""
    count = 0
    while count < limit and run_one():
        count += 1
    return count
