"""Periodic duties: each slot once, on any number of workers, and none of them touches another."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import structlog
from sqlalchemy import String, UniqueConstraint, select
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

    def may_run(self, now: datetime) -> bool:
        """Not before the pause after its last failure is over; pauses double up to an hour."""
        if not self.failures or self.failed_at is None:
            return True
        return now >= self.failed_at + min(_RETRY * 2 ** (self.failures - 1), _LONGEST)


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
    done = _done()
    for name, (slot, function) in list(DUTIES.items()):
        set_scope(EVERYTHING)
        try:
            if done.get(name) != (present := slot()):
                _run(name, present, function)
        except Exception as error:
            db.session.rollback()
            log.exception("duty failed", duty=name)
            set_scope(EVERYTHING)
            _note_failure(name, said_of(error))
        finally:
            db.session.rollback()
            set_scope(None)


def _done() -> dict[str, str]:
    """The last slot that was done of each duty, asked for all of them at once."""
    set_scope(EVERYTHING)
    try:
        with reading():
            return {row.name: row.slot for row in db.session.execute(select(Duty.name, Duty.slot))}
    finally:
        db.session.rollback()


@commits
def _run(name: str, slot: str, function: Callable[[], None]) -> None:
    duty = _duty(name)
    if duty.slot == slot or not duty.may_run(clock.now()):
        return
    if first_time(name, slot):
        function()
        set_scope(EVERYTHING)
        duty = _duty(name)
    duty.slot, duty.done_at = slot, clock.now()
    duty.failures, duty.failed_at, duty.error = 0, None, ""
    db.session.commit()


@commits
def _note_failure(name: str, reason: str) -> None:
    duty = _duty(name)
    duty.failures, duty.failed_at, duty.error = duty.failures + 1, clock.now(), reason[:500]
    db.session.commit()


def _duty(name: str) -> Duty:
    query = select(Duty).where(Duty.name == name)
    known = db.session.scalars(query).one_or_none()
    if known is None:
        row = Duty(name=name, slot="", failures=0, error="")
        begun = {"uid": row.uid, "created_at": row.created_at, "name": name, "slot": ""}
        insert_once(Duty, {**begun, "failures": 0, "error": ""}, ["name"])
        known = db.session.scalars(query).one()
    return known


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
