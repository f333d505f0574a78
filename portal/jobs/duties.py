"""Periodic duties: each slot once, on any number of workers, and none of them touches another."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import structlog
from sqlalchemy import String, UniqueConstraint, bindparam, select, update
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.db import EVERYTHING, Row, commits, db, reading, set_scope
from portal.jobs.claims import said_of
from portal.jobs.models import insert_once

log = structlog.get_logger()

DUTIES: dict[str, tuple[Callable[[], str], Callable[[], None]]] = {}
_RETRY = timedelta(minutes=1)
_LONGEST = timedelta(hours=1)


class PeriodicRun(Row, db.Model):
    """A slot of a periodic job that somebody has taken: each slot runs once, on any number of workers."""

    __tablename__ = "periodic_run"
    __table_args__ = (UniqueConstraint("name", "slot"),)

    name: Mapped[str] = mapped_column(String(60))
    slot: Mapped[str] = mapped_column(String(40))


class Duty(Row, db.Model):
    """How a periodic duty does: its last slot that was done, and why the present one is not."""

    __tablename__ = "duty"

    name: Mapped[str] = mapped_column(String(60), unique=True)
    slot: Mapped[str] = mapped_column(String(40), default="")  # the last one done
    done_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)  # since it was last done
    failed_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(String(500), default="")


class Standing(NamedTuple):
    """What is known of a duty before it is run."""

    slot: str = ""
    failures: int = 0
    failed_at: datetime | None = None

    def may_run(self, now: datetime) -> bool:
        """Not before the pause after its last failure is over; pauses double up to an hour.

        A failure in the future is of a clock that was set back since.
        """
        if not self.failures or self.failed_at is None or now < self.failed_at:
            return True
        return now >= self.failed_at + min(_RETRY * 2 ** (self.failures - 1), _LONGEST)


_NOTE = update(Duty.__table__).where(Duty.__table__.c.name == bindparam("of"))  # built once


def periodic(name: str, slot: Callable[[], str]) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Register a function to run once per slot; ``slot()`` names the present one ("2026-11-21")."""

    def register(function: Callable[[], None]) -> Callable[[], None]:
        DUTIES[name] = (slot, function)
        return function

    return register


@commits
def run_periodic() -> None:
    """Run what is due by the clock; each slot is taken by one worker only.

    A duty that fails is told of in its row, leaves its slot free, and is tried again after a pause.
    """
    standings = _standings()
    for name, (slot, function) in list(DUTIES.items()):
        set_scope(EVERYTHING)
        try:
            standing, present = standings.get(name, Standing()), slot()
            if standing.slot != present and standing.may_run(clock.now()):
                _run(name, present, function)
        except Exception as error:
            db.session.rollback()
            log.exception("duty failed", duty=name)
            set_scope(EVERYTHING)
            _note_failure(name, said_of(error))
        finally:
            db.session.rollback()
            set_scope(None)


def _standings() -> dict[str, Standing]:
    """Of every duty that was ever run, asked for all of them at once."""
    set_scope(EVERYTHING)
    query = select(Duty.name, Duty.slot, Duty.failures, Duty.failed_at)
    try:
        with reading():
            rows = db.session.execute(query)
            return {row.name: Standing(row.slot, row.failures, row.failed_at) for row in rows}
    finally:
        db.session.rollback()


@commits
def _run(name: str, slot: str, function: Callable[[], None]) -> None:
    if first_time(name, slot):
        function()
        set_scope(EVERYTHING)
    done = {"slot": slot, "done_at": clock.now(), "failures": 0, "failed_at": None, "error": ""}
    noted = db.session.execute(_NOTE, {"of": name, **done})
    if not noted.rowcount:  # type: ignore[attr-defined]
        insert_once(Duty, {**_identity(name), **done}, ["name"])
    db.session.commit()


def _identity(name: str) -> dict[str, Any]:
    row = Duty(name=name)
    return {"uid": row.uid, "created_at": row.created_at, "name": name}


@commits
def _note_failure(name: str, reason: str) -> None:
    duty = _duty(name)
    duty.failures, duty.failed_at, duty.error = duty.failures + 1, clock.now(), reason[:500]
    db.session.commit()


def _duty(name: str) -> Duty:
    insert_once(Duty, {**_identity(name), "slot": "", "failures": 0, "error": ""}, ["name"])
    return db.session.scalars(select(Duty).where(Duty.name == name)).one()


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
