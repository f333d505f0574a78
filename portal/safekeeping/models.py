"""What became of each backup of the portal, and of each drill."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import String, Text, select
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Row, db


class Rehearsal(StrEnum):
    BACKUP = "backup"  # sauvegarde
    DRILL = "drill"  # exercice de restauration


class SafetyRun(Row, db.Model):
    """One backup or one drill that came to an end, good or not."""

    __tablename__ = "safety_run"

    kind: Mapped[Rehearsal] = mapped_column(index=True)
    is_good: Mapped[bool]
    seconds: Mapped[int]
    snapshot: Mapped[str] = mapped_column(String(64), default="")
    snapshot_at: Mapped[datetime | None]  # the point in time that it holds
    rows: Mapped[int] = mapped_column(default=0)
    documents: Mapped[int] = mapped_column(default=0)
    said: Mapped[str] = mapped_column(Text, default="")  # what was checked, or what is wrong


def newest(kind: Rehearsal, *, good: bool = False) -> SafetyRun | None:
    """The last one of a kind, or the last one that was good."""
    query = select(SafetyRun).where(SafetyRun.kind == kind).order_by(SafetyRun.id.desc()).limit(1)
    return db.session.scalars(query.where(SafetyRun.is_good) if good else query).one_or_none()
