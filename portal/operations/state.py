"""How the work stands: lanes, workers, duties, mails and disk, as the rows of the work itself say."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from flask import current_app
from sqlalchemy import ColumnElement, func, select

from portal import clock
from portal.clock import machine_ms
from portal.db import db
from portal.engine.space import promised
from portal.jobs import Duty, Lane, Task, TaskState, WorkerRow
from portal.jobs.duties import DUTIES
from portal.jobs.worker import DUTIES as DUTIES_LANE
from portal.mail import UNDELIVERED, Mail, MailState
from portal.safekeeping.state import Safety, safety
from portal.tickets.mailbox import MailboxState, mailbox_state

ALIVE_MS = 30_000  # a worker that has been silent for longer is taken for dead

T = TaskState


@dataclass(frozen=True, slots=True)
class LaneState:
    """A lane at this moment; ``is_well`` is False where tasks wait and nobody does them."""

    name: str
    workers: int
    queued: int
    running: int
    oldest: datetime | None  # UTC, of those that may be done now

    @property
    def is_well(self) -> bool:
        return self.workers > 0


@dataclass(frozen=True, slots=True)
class DutyState:
    """A periodic duty: the slot that is due, the last one done, and why they differ."""

    name: str
    due: str
    done: str
    done_at: datetime | None
    failures: int
    error: str

    @property
    def is_well(self) -> bool:
        """Done for the present slot; a slot that began a moment ago and never failed is not late yet."""
        return self.due == self.done or not (self.failures or self.done_at is None)


@dataclass(frozen=True, slots=True)
class Disk:
    """Bytes of the data folder's disk."""

    free: int
    promised: int  # to exports that are being written

    @property
    def is_well(self) -> bool:
        return self.promised < self.free


@dataclass(frozen=True, slots=True)
class Work:
    """Everything that the page, the probes and the figures say."""

    lanes: list[LaneState]
    duties: list[DutyState]
    failed: int
    waiting: int
    mails: int
    oldest_mail: datetime | None
    undelivered: int  # mails that leave only when somebody asks for them again
    disk: Disk
    safety: Safety  # the portal's own backups
    mailbox: MailboxState | None  # of tickets, where one is read

    @property
    def is_well(self) -> bool:
        rows = [lane.is_well for lane in self.lanes] + [duty.is_well for duty in self.duties]
        mailbox = self.mailbox is None or self.mailbox.is_well
        return all(rows) and self.disk.is_well and self.safety.is_well and mailbox


def work_state() -> Work:
    """As seen now; the caller's scope must hold everything (the operator's does)."""
    counts = _counts()
    mails = db.session.execute(
        select(func.count(Mail.id), func.min(Mail.created_at)).where(Mail.state == MailState.QUEUED)
    ).one()
    return Work(
        lanes=list(_lanes(counts)),
        duties=list(_duties()),
        failed=sum(number for (_lane, state), number in counts.items() if state == T.FAILED),
        waiting=sum(number for (_lane, state), number in counts.items() if state == T.WAITING),
        mails=mails[0],
        oldest_mail=mails[1],
        undelivered=db.session.scalar(select(func.count(Mail.id)).where(Mail.state.in_(UNDELIVERED))) or 0,
        disk=_disk(),
        safety=safety(),
        mailbox=mailbox_state(),
    )


def _counts() -> dict[tuple[Lane, TaskState], int]:
    query = select(Task.lane, Task.state, func.count()).where(
        Task.state.in_([state for state in T if state != T.DONE])
    )
    return {
        (lane, state): number
        for lane, state, number in db.session.execute(query.group_by(Task.lane, Task.state))
    }


def _is_alive() -> ColumnElement[bool]:
    """Seen lately; what was seen far ahead of now was seen by a clock that was set back."""
    now = machine_ms()
    return WorkerRow.seen_ms.between(now - ALIVE_MS, now + ALIVE_MS)


def _alive() -> dict[str, int]:
    """Workers by lane, those of all lanes counted in each."""
    query = select(WorkerRow.lane, func.count()).where(_is_alive())
    found = {str(lane): number for lane, number in db.session.execute(query.group_by(WorkerRow.lane))}
    everywhere = found.pop("all", 0)
    return {lane: found.get(lane, 0) + everywhere for lane in [*map(str, Lane), DUTIES_LANE]}


def _lanes(counts: dict[tuple[Lane, TaskState], int]) -> Iterator[LaneState]:
    alive = _alive()
    free = Task.state == T.QUEUED, Task.not_before <= machine_ms()
    oldest_of = select(Task.lane, func.min(Task.created_at)).where(*free).group_by(Task.lane)
    oldest = {Lane(lane): at for lane, at in db.session.execute(oldest_of)}
    for lane in Lane:
        queued, running = counts.get((lane, T.QUEUED), 0), counts.get((lane, T.RUNNING), 0)
        yield LaneState(lane, alive[lane], queued, running, oldest.get(lane))
    yield LaneState(DUTIES_LANE, alive[DUTIES_LANE], 0, 0, None)


def _duties() -> Iterator[DutyState]:
    known = {row.name: row for row in db.session.scalars(select(Duty))}
    for name, (slot, _function) in sorted(DUTIES.items()):
        row = known.get(name)
        if row is None:
            yield DutyState(name, slot(), "", None, 0, "")
        else:
            yield DutyState(name, slot(), row.slot, row.done_at, row.failures, row.error)


def _disk() -> Disk:
    folder = Path(current_app.config["DATA_DIR"])
    return Disk(free=shutil.disk_usage(folder).free, promised=promised(folder / "exports" / "none"))


def living_workers() -> list[WorkerRow]:
    """Those that have said within half a minute that they live."""
    query = select(WorkerRow).where(_is_alive())
    return list(db.session.scalars(query.order_by(WorkerRow.lane, WorkerRow.id)))


def minutes_since(at: datetime | None) -> int:
    """Whole minutes that something has waited; 0 for nothing."""
    return int((clock.now() - at).total_seconds() // 60) if at is not None else 0
