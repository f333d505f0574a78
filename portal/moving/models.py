"""An import, what is wrong with its file, and which rows it has made."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock, jobs
from portal.accounts.models import Organisation, User
from portal.actor import Actor
from portal.blobs import Document
from portal.db import Tenant, db
from portal.errors import Refused
from portal.stateful import Stateful, step
from portal.wording import N_

UNDO_HOURS = 24


class MovingState(StrEnum):
    HEADS = "moving_heads"  # a person says which column is which
    CHECKING = "moving_checking"
    FAULTY = "moving_faulty"
    READY = "moving_ready"
    TAKING = "moving_taking"
    STOPPED = "moving_stopped"  # something has changed since it was judged; what was taken in is there
    TAKEN = "moving_taken"
    UNDOING = "moving_undoing"
    UNDONE = "moving_undone"
    DROPPED = "moving_dropped"  # the file was given up, nothing was written


M = MovingState


RESTS = (M.HEADS, M.FAULTY, M.READY, M.STOPPED, M.TAKEN, M.UNDONE, M.DROPPED)  # no worker has it


class Moving(Tenant, Stateful, db.Model):
    """The import of a workbook (reprise d'un autre système), under the organisation of who does it."""

    __tablename__ = "moving"

    steps = {
        "upload": step(M.HEADS, to=M.HEADS),
        "name_heads": step(M.HEADS, to=M.CHECKING),
        "pass": step(M.CHECKING, to=M.READY),
        "fail": step(M.CHECKING, to=M.FAULTY),
        "take_in": step(M.READY, M.STOPPED, to=M.TAKING),
        "stop": step(M.TAKING, to=M.STOPPED),
        "finish": step(M.TAKING, to=M.TAKEN),
        "undo": step(M.TAKEN, M.STOPPED, to=M.UNDOING),
        "keep": step(M.UNDOING, to=M.TAKEN),
        "keep_stopped": step(M.UNDOING, to=M.STOPPED),
        "finish_undo": step(M.UNDOING, to=M.UNDONE),
        "drop": step(M.HEADS, M.READY, M.FAULTY, to=M.DROPPED),
    }

    state: Mapped[MovingState] = mapped_column(default=M.HEADS)
    name: Mapped[str] = mapped_column(String(120))
    sha256: Mapped[str] = mapped_column(String(64))  # of the file
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id"))
    by_user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    heads: Mapped[dict[str, dict[str, str]]] = mapped_column(JSON, default=dict)  # chosen, by sheet
    counts: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)  # rows, by sheet
    faults: Mapped[int] = mapped_column(default=0)
    taken_at: Mapped[datetime | None]
    rests_since: Mapped[datetime | None]  # the instant of the last step; None before the first
    file_gone_on: Mapped[date | None]  # the file is erased, the rest stays
    refusal: Mapped[str] = mapped_column(String(300), default="")  # why it was not undone
    version: Mapped[int] = mapped_column()

    organisation: Mapped[Organisation] = relationship(foreign_keys="Moving.organisation_id")
    document: Mapped[Document] = relationship()
    by_user: Mapped[User] = relationship()

    __mapper_args__ = {"version_id_col": version}

    def _take(self, name: str, *, by: Actor, **details: Any) -> None:
        super()._take(name, by=by, **details)
        self.rests_since = clock.now()

    def name_heads(self, heads: dict[str, dict[str, str]], *, by: Actor) -> None:
        """Which column is which is known: every row is judged by the worker."""
        self._take("name_heads", by=by)
        self.heads = heads
        jobs.enqueue("moving.check", self.uid, self.organisation, unit="lines")

    def judged(self, faults: int, counts: dict[str, int]) -> None:
        self.faults, self.counts = faults, counts
        self._take("fail" if faults else "pass", by=self.by_user, faults=faults)

    def take_in(self, *, by: Actor) -> None:
        """What was judged without a fault; the worker writes it by portions, and none twice.

        Raises Refused once the file is erased.
        """
        if self.file_gone_on is not None:
            raise Refused(
                N_("Le fichier est effacé depuis le %(day)s : déposez-le à nouveau."), day=self.file_gone_on
            )
        self._take("take_in", by=by)
        self.refusal = ""
        jobs.enqueue("moving.take", self.uid, self.organisation, unit="customers")
        jobs.do_again("moving.take", self.uid)

    def stop(self, reason: str) -> None:
        """A row is refused now that was none: who does it goes on once that is mended, or takes it back."""
        self._take("stop", by=self.by_user, reason=reason)
        self.refusal = reason[:300]

    def finish(self) -> None:
        self._take("finish", by=self.by_user)
        self.taken_at = clock.now()

    @property
    def undo_until(self) -> datetime | None:
        return self.taken_at and self.taken_at + timedelta(hours=UNDO_HOURS)

    @property
    def is_undoable(self) -> bool:
        until = self.undo_until
        if self.state == M.STOPPED:
            return True
        return self.state == M.TAKEN and until is not None and clock.now() < until

    def undo(self, *, by: Actor) -> None:
        """The worker takes it back, where nothing was built on it. Raises Refused after a day."""
        if not self.is_undoable:
            raise Refused(N_("Une reprise s'annule dans les 24 heures."))
        self._take("undo", by=by)
        self.refusal = ""
        jobs.enqueue("moving.undo", self.uid, self.organisation)
        jobs.do_again("moving.undo", self.uid)

    def keep(self, reason: str, *, by: Actor) -> None:
        """It is not taken back, and why."""
        self._take("keep" if self.taken_at else "keep_stopped", by=by, reason=reason)
        self.refusal = reason[:300]

    def finish_undo(self, *, by: Actor, customers: int) -> None:
        self._take("finish_undo", by=by, customers=customers)

    def drop(self, *, by: Actor) -> None:
        self._take("drop", by=by)


class MovingFault(Tenant, db.Model):
    """Why a row of the file cannot be taken in, or what is worth knowing before it is."""

    __tablename__ = "moving_fault"
    __table_args__ = (Index("ix_moving_fault_moving", "moving_id", "id"),)

    moving_id: Mapped[int] = mapped_column(ForeignKey("moving.id"))
    sheet: Mapped[str] = mapped_column(String(20))
    row: Mapped[int]
    reason: Mapped[str] = mapped_column(String(300))  # in the language of who does it
    is_remark: Mapped[bool] = mapped_column(default=False, server_default=false())  # it stops nothing


class MovingRow(Tenant, db.Model):
    """A row of the file that was taken in, once: what came of it."""

    __tablename__ = "moving_row"
    __table_args__ = (UniqueConstraint("moving_id", "sheet", "row"),)

    moving_id: Mapped[int] = mapped_column(ForeignKey("moving.id"))
    sheet: Mapped[str] = mapped_column(String(20))
    row: Mapped[int]
    subject_kind: Mapped[str] = mapped_column(String(40))
    subject_uid: Mapped[str] = mapped_column(String(16), index=True)
    series: Mapped[dict[str, Any] | None] = mapped_column(
        JSON(none_as_null=True)
    )  # taken over, and as it stood before


def of_row(moving: Moving, sheet: str, row: int, subject: Any) -> MovingRow:
    return MovingRow(
        organisation=moving.organisation,
        moving_id=moving.id,
        sheet=sheet,
        row=row,
        subject_kind=subject.__tablename__,
        subject_uid=subject.uid,
    )
