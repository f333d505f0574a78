"""Drills of a vault, once a year where its contract takes the option: a file restored, an exit rehearsed."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import BigInteger, ForeignKey, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.actor import Actor
from portal.blobs import Document
from portal.db import Tenant, db
from portal.deadlines import add_months
from portal.engine.errors import SENTENCES, EngineFault
from portal.engine.models import Vault
from portal.journal import SYSTEM, record
from portal.stateful import Stateful, step

YEAR_MONTHS = 12
ASKED_EVERY_DAYS = 7  # as long as a link to open the vault works
MOST_ASKED = 3
CATCH_UP_DAYS = 60  # before the end of a paid year, in which a drill that lapsed is asked for once more


class DrillKind(StrEnum):
    RESTORE = "drill_restore"  # a drawn file comes back; only while the customer has opened the vault
    EXIT = "drill_exit"  # part of a sealed handover, measured; needs no key


class DrillState(StrEnum):
    ASKED = "drill_asked"  # the customer has the link
    RUNNING = "drill_running"
    GOOD = "drill_good"
    FAILED = "drill_failed"
    LAPSED = "drill_lapsed"  # nobody opened the vault; a person asks again
    CREDITED = "drill_credited"  # its year ended without a good result, and its price came back


D = DrillState


class DrillPlan(Tenant, db.Model):
    """Has the contract of this vault taken the yearly drills? No row: no."""

    __tablename__ = "drill_plan"

    vault_id: Mapped[int] = mapped_column(ForeignKey("vault.id"), unique=True)
    since_on: Mapped[date]  # the days of every year are counted from it
    is_on: Mapped[bool]

    vault: Mapped[Vault] = relationship()

    def due_on(self, day: date) -> date:
        """The newest day of a drill that is not behind ``day``; the first is the day of the option itself."""
        years = max(day.year - self.since_on.year, 0)
        due = add_months(self.since_on, YEAR_MONTHS * years)
        return due if due <= day else add_months(self.since_on, YEAR_MONTHS * (years - 1))

    def next_on(self, day: date) -> date:
        years = max(day.year - self.since_on.year, 0)
        due = add_months(self.since_on, YEAR_MONTHS * years)
        return due if due > day else add_months(self.since_on, YEAR_MONTHS * (years + 1))


class VaultDrill(Tenant, Stateful, db.Model):
    """One drill of a year: what was drawn, how it came back, how long that took."""

    __tablename__ = "vault_drill"
    __table_args__ = (UniqueConstraint("vault_id", "kind", "due_on"),)

    steps = {
        "open": step(D.ASKED, to=D.RUNNING),
        "lose_key": step(D.RUNNING, to=D.ASKED),
        "pass": step(D.RUNNING, to=D.GOOD),
        "fail": step(D.RUNNING, to=D.FAILED),
        "lapse": step(D.ASKED, to=D.LAPSED),
        "ask_again": step(D.ASKED, D.LAPSED, D.FAILED, to=D.ASKED),
        "credit": step(D.ASKED, D.LAPSED, D.FAILED, to=D.CREDITED),
        "run_again": step(D.FAILED, to=D.RUNNING),
    }

    vault_id: Mapped[int] = mapped_column(ForeignKey("vault.id"), index=True)
    kind: Mapped[DrillKind]
    due_on: Mapped[date]
    state: Mapped[DrillState]
    seed: Mapped[str] = mapped_column(String(32))  # of the draw: whoever has it draws the same
    run: Mapped[int]
    opening_uid: Mapped[str] = mapped_column(String(16))
    asked: Mapped[int]  # times
    asked_at: Mapped[datetime | None]
    snapshot_id: Mapped[str] = mapped_column(String(64))
    path: Mapped[str] = mapped_column(Text)  # of the drawn file, as the backup calls it
    drawn_from: Mapped[int | None]  # files, or objects, among which was drawn
    bytes: Mapped[int | None] = mapped_column(BigInteger)  # that came back
    vault_bytes: Mapped[int | None] = mapped_column(BigInteger)
    millis: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    folder: Mapped[str] = mapped_column(Text, default="", server_default="")  # drawn beside the file
    folder_files: Mapped[int | None]
    folder_bytes: Mapped[int | None] = mapped_column(BigInteger)
    folder_millis: Mapped[int | None] = mapped_column(BigInteger)
    folder_sha256: Mapped[str] = mapped_column(String(64), default="", server_default="")  # of its manifest
    fault: Mapped[EngineFault | None]
    ended_at: Mapped[datetime | None]
    document_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))
    version: Mapped[int] = mapped_column()

    vault: Mapped[Vault] = relationship()
    document: Mapped[Document | None] = relationship()

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    @property
    def label(self) -> str:
        return self.vault.name

    @property
    def problem(self) -> str:
        return SENTENCES[self.fault] if self.fault else ""

    @property
    def whole_millis(self) -> int | None:
        """How long the whole vault would take at the measured speed, in milliseconds."""
        if not self.bytes or self.millis is None or self.vault_bytes is None:
            return None
        return self.vault_bytes * max(self.millis, 1) // self.bytes

    @property
    def folder_time_per_gb(self) -> timedelta | None:
        """How long a gigabyte takes in folders, at the measured speed."""
        if not self.folder_bytes or self.folder_millis is None:
            return None
        return timedelta(milliseconds=self.folder_millis * 10**9 // self.folder_bytes)

    def note_folder(self, path: str, files: int, bytes_: int, millis: int, manifest_sha256: str) -> None:
        self.folder, self.folder_files, self.folder_bytes = path, files, bytes_
        self.folder_millis, self.folder_sha256 = millis, manifest_sha256

    def take(self, name: str, *, by: Actor, **details: Any) -> None:
        self._take(name, by=by, **details)

    def end(self, *, bytes_: int, millis: int, sha256: str, drawn_from: int) -> None:
        self._take("pass", by=SYSTEM, bytes=bytes_, millis=millis, sha256=sha256)
        self.bytes, self.millis, self.sha256, self.drawn_from = bytes_, millis, sha256, drawn_from
        self.vault_bytes, self.ended_at, self.fault = self.vault.bytes_stored, clock.now(), None
        record(self.vault, self.kind.value, by=SYSTEM, bytes=bytes_, millis=millis)

    def give_up(self, fault: EngineFault) -> None:
        self._take("fail", by=SYSTEM, fault=fault.value)
        self.fault, self.ended_at = fault, clock.now()
        record(self.vault, "drill_failed", by=SYSTEM, kind=self.kind.value, fault=fault.value)


def plan_of(vault: Vault) -> DrillPlan | None:
    return db.session.scalars(select(DrillPlan).where(DrillPlan.vault_id == vault.id)).one_or_none()


def drills_of(vault: Vault) -> list[VaultDrill]:
    """The newest first."""
    query = select(VaultDrill).where(VaultDrill.vault_id == vault.id).order_by(VaultDrill.id.desc())
    return list(db.session.scalars(query))


def last_drill(vault: Vault, kind: DrillKind, before: datetime | None = None) -> VaultDrill | None:
    """The newest that ended. before: an instant (UTC) before which it did."""
    query = select(VaultDrill).where(VaultDrill.vault_id == vault.id, VaultDrill.kind == kind)
    query = query.where(VaultDrill.ended_at.is_not(None), VaultDrill.state.in_((D.GOOD, D.FAILED)))
    if before is not None:
        query = query.where(VaultDrill.ended_at < before)
    return db.session.scalars(query.order_by(VaultDrill.ended_at.desc())).first()
