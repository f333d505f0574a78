"""On PostgreSQL: what wakes a worker. On SQLite the workers look at the rows by themselves.

A *ticket* is a job of Procrastinate in the queue of its lane, put there by the transaction that makes a
task free. It says that the lane has something to do, not what: whoever is woken takes the task whose turn it
is, and the row of the task stays the only truth about it. One ticket too many is thrown away; one too few is
made up for (:mod:`portal.jobs.waking`).
"""

from datetime import UTC, datetime

from sqlalchemy import text

from portal.db import db

NAME = "ticket"  # what Procrastinate calls this kind of job

_PUT = text(
    "select procrastinate_defer_jobs_v1(array_agg(row("
    "cast(:lane as varchar), :name, 0, null, null, '{}'::jsonb, cast(:at as timestamptz)"
    ")::procrastinate_job_to_defer_v1)) from generate_series(1, :many)"
)
_WAITING = text(
    "select count(*) from (select 1 from procrastinate_jobs where status = 'todo' and queue_name = :lane"
    " and task_name = :name and (scheduled_at is null or scheduled_at <= now()) limit :most) as waiting"
)


def are_used() -> bool:
    """Whether this database has tickets."""
    return db.session.connection().dialect.name == "postgresql"


def put(lane: str, at_ms: int = 0, *, many: int = 1) -> None:
    """Wake a worker of this lane when the present transaction is committed; nothing on SQLite.

    at_ms: not before this instant, milliseconds since 1970 by this machine's clock; 0: at once.
    """
    if are_used():
        at = datetime.fromtimestamp(at_ms / 1000, UTC) if at_ms else None
        db.session.execute(_PUT, {"lane": str(lane), "name": NAME, "at": at, "many": many})


def waiting(lane: str, most: int) -> int:
    """How many tickets of this lane wait for a worker now; counted no further than ``most``."""
    return int(db.session.scalar(_WAITING, {"lane": str(lane), "name": NAME, "most": most}) or 0)
