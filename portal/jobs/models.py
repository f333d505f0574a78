"""The rows of the work: tasks, who works, and how a job is registered and asked for."""

from collections.abc import Callable
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Index, String, UniqueConstraint, and_, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Row, Tenant, db
from portal.jobs import tickets
from portal.leaves import add_leaf_of, count_together


class TaskState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"  # somebody must do something first (give the passphrase again)
    DONE = "done"
    FAILED = "failed"


T = TaskState


class Lane(StrEnum):
    """What never waits for what: each lane has workers of its own."""

    PROMPT = "prompt"  # seconds, and a person looks at the screen: codes, links, passphrases, incidents
    MAIL = "mail"  # every other mail
    RUNS = "runs"  # minutes or hours of finance and of contracts: billing, freezes, bank files, notices
    PAPERS = "papers"  # the PDF of what is issued: invoices and their like
    RESTORES = "restores"  # minutes: what a technician fetches for a customer
    EXPORTS = "exports"  # hours or days: whole vaults handed over or erased
    UPKEEP = "upkeep"  # what nobody waits for: measures, old files


class Task(Tenant, db.Model):
    """A job to do, being done, or done. ``(kind, ref)`` is unique: asking twice is asking once."""

    __tablename__ = "task"
    __table_args__ = (
        UniqueConstraint("kind", "ref"),
        Index("ix_task_lane", "lane", "state", "organisation_id", "id"),
    )

    kind: Mapped[str] = mapped_column(String(60))
    ref: Mapped[str] = mapped_column(String(120))  # what it is about, such as a row's uid
    lane: Mapped[Lane] = mapped_column(default=Lane.RUNS)
    state: Mapped[TaskState] = mapped_column(default=T.QUEUED, index=True)
    cursor: Mapped[str] = mapped_column(String(200), default="")  # last step that is committed
    done: Mapped[int] = mapped_column(db.BigInteger, default=0)
    total: Mapped[int] = mapped_column(db.BigInteger, default=0)
    unit: Mapped[str] = mapped_column(String(20), default="")
    owner: Mapped[str | None] = mapped_column(String(120))  # token of the present claim
    lease_until: Mapped[Any] = mapped_column(db.BigInteger, default=0)  # milliseconds since 1970
    not_before: Mapped[int] = mapped_column(db.BigInteger, default=0)  # idem: retry later
    put_off_ms: Mapped[int] = mapped_column(db.BigInteger, default=0, server_default="0")  # idem: since when
    attempts: Mapped[int] = mapped_column(default=0)  # failures since the last progress
    put_off: Mapped[int] = mapped_column(default=0)  # since the last progress, and nobody's fault
    claims: Mapped[int] = mapped_column(default=0)  # times taken by a worker, kills included
    error: Mapped[str] = mapped_column(String(500), default="")  # why it failed, waits or was put off


def is_free(now_ms: int) -> ColumnElement[bool]:
    """SQL condition: a task that anybody may take at this instant, milliseconds since 1970."""
    return or_(
        and_(Task.state == T.QUEUED, Task.not_before <= now_ms),
        and_(Task.state == T.RUNNING, Task.lease_until < now_ms),
    )


class WorkerRow(Row, db.Model):
    """A process that does tasks, or the periodic duties; it says every few seconds that it lives."""

    __tablename__ = "worker"

    name: Mapped[str] = mapped_column(String(120), unique=True)  # host:pid:token
    lane: Mapped[str] = mapped_column(String(20))  # of Lane; "duties"; "all"
    seen_ms: Mapped[int] = mapped_column(db.BigInteger)  # milliseconds since 1970, by the host's clock
    task_id: Mapped[int | None] = mapped_column()  # what it holds


Job = Callable[[Any], None]  # takes the claim of the task
JOBS: dict[str, Job] = {}
LANES: dict[str, Lane] = {}


def job(kind: str, lane: Lane = Lane.RUNS) -> Callable[[Job], Job]:
    """Register the function that does tasks of this kind."""

    def register(function: Job) -> Job:
        JOBS[kind], LANES[kind] = function, lane
        return function

    return register


def enqueue(
    kind: str, ref: str, organisation: Any, *, total: int = 0, unit: str = "", lane: Lane | None = None
) -> None:
    """Ask for a job, in the present transaction. Asked again with the same ``ref``: nothing more.

    lane: of this task, where it is not that of its kind.
    """
    row = Task(**_queued(kind, ref, organisation, total=total, unit=unit, lane=lane))
    values = {c.name: getattr(row, c.key) for c in Task.__table__.columns if c.name != "id"}
    if insert_once(Task, values, ["kind", "ref"]):
        tickets.put(row.lane)


def enqueue_first(kind: str, ref: str, organisation: Any, *, lane: Lane | None = None) -> None:
    """Like :func:`enqueue` about what the present transaction has made itself: nobody can have asked before.

    It is written together with everything else, so a run of thousands pays no statement for each.
    """
    values = _queued(kind, ref, organisation, lane=lane)
    add_leaf_of(Task, **values)
    count_together(tickets.put, values["lane"])


def _queued(
    kind: str, ref: str, organisation: Any, *, total: int = 0, unit: str = "", lane: Lane | None = None
) -> dict[str, Any]:
    if kind not in JOBS:
        raise KeyError(f"no job of kind {kind}")
    return {
        "organisation": organisation,
        "kind": kind,
        "ref": ref,
        "lane": lane or LANES[kind],
        "state": T.QUEUED,
        "cursor": "",
        "done": 0,
        "total": total,
        "unit": unit,
        "lease_until": 0,
        "not_before": 0,
        "put_off_ms": 0,
        "attempts": 0,
        "put_off": 0,
        "claims": 0,
        "error": "",
    }


def insert_once(model: type[Base], values: dict[str, Any], unique: list[str]) -> bool:
    """Insert unless the unique key exists; says whether the row is new. Same on both engines."""
    return insert_new(model, values, unique) is not None


def insert_new(model: type[Base], values: dict[str, Any], unique: list[str]) -> int | None:
    """Insert unless the unique key exists; the number of the new row, or None. Same on both engines."""
    statement = _unless_there(model, tuple(unique), db.session.connection().dialect.name)
    number: int | None = db.session.execute(statement, values).scalar()
    return number


@cache
def _unless_there(model: type[Base], unique: tuple[str, ...], dialect: str) -> Any:
    """Built once: duties and tasks ask for it thousands of times a day."""
    table, insert = model.__table__, (postgresql if dialect == "postgresql" else sqlite).insert
    return insert(table).on_conflict_do_nothing(index_elements=unique).returning(table.c.id)


def insert_all_once(model: type[Base], rows: list[dict[str, Any]], unique: list[str]) -> None:
    """Insert those rows whose unique key does not exist. Same on both engines."""
    insert = (postgresql if db.session.connection().dialect.name == "postgresql" else sqlite).insert
    statement = insert(model.__table__).on_conflict_do_nothing(index_elements=unique)
    db.session.connection().execute(statement, rows)


def find_task(kind: str, ref: str) -> Task | None:
    return db.session.scalars(select(Task).where(Task.kind == kind, Task.ref == ref)).one_or_none()


def resume(kind: str, ref: str) -> None:
    """Put a waiting or failed task back in the queue, in the present transaction."""
    _queue_again(kind, ref, [T.WAITING, T.FAILED])


def do_again(kind: str, ref: str) -> None:
    """Put a task that ended, well or not, back in the queue, in the present transaction."""
    _queue_again(kind, ref, [T.WAITING, T.FAILED, T.DONE])


def _queue_again(kind: str, ref: str, ended: list[TaskState]) -> None:
    lane = db.session.scalar(
        update(Task)
        .where(Task.kind == kind, Task.ref == ref, Task.state.in_(ended))
        .values(state=T.QUEUED, error="", attempts=0, put_off=0, not_before=0, owner=None)
        .returning(Task.lane)
    )
    if lane is not None:
        tickets.put(lane)
