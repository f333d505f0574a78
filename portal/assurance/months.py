"""The report of a month: of a customer's machines and vaults, and of all the customers of a reseller."""

from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ForeignKey, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.actor import Actor
from portal.assurance.packs import bounds_of
from portal.backups.health import Outcome
from portal.backups.models import BackupRun, Machine
from portal.blobs import Document
from portal.customers.models import Customer
from portal.db import Tenant, db
from portal.journal import record

HOUR = 3600


class BackupMonth(Tenant, db.Model):
    """One report: of a customer, or of a house with all its customers."""

    __tablename__ = "backup_month"
    __table_args__ = (UniqueConstraint("subject_uid", "month"),)

    subject_uid: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(140))  # of whom it is about
    month: Mapped[date]  # its first day
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id"))

    document: Mapped[Document] = relationship()


class MonthlyChoice(Tenant, db.Model):
    """Has the customer said no to the monthly report by mail, or yes again? No row: she gets it."""

    __tablename__ = "monthly_choice"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), unique=True)
    is_wanted: Mapped[bool]


class Counted(NamedTuple):
    """Runs of a machine in a month. missing: how many its schedule wanted more; last: its last good one."""

    good: int
    bad: int
    missing: int
    last: datetime | None


def wants_months(customer: Customer) -> bool:
    query = select(MonthlyChoice.is_wanted).where(MonthlyChoice.customer_id == customer.id)
    return db.session.scalar(query) is not False


def choose_months(customer: Customer, is_wanted: bool, *, by: Actor) -> None:
    query = select(MonthlyChoice).where(MonthlyChoice.customer_id == customer.id)
    choice = db.session.scalars(query).one_or_none()
    if choice is None:
        choice = MonthlyChoice(organisation=customer.organisation, customer_id=customer.id)
        db.session.add(choice)
    choice.is_wanted = is_wanted
    record(customer, "want_months" if is_wanted else "refuse_months", by=by)


def month_of(subject: Any, month: date) -> BackupMonth | None:
    query = select(BackupMonth).where(BackupMonth.subject_uid == subject.uid, BackupMonth.month == month)
    return db.session.scalars(query).one_or_none()


def watched_machines(customer: Customer, month: date) -> list[Machine]:
    """Those that were there before the month was over and are watched."""
    query = select(Machine).where(Machine.customer_id == customer.id, Machine.is_watched)
    query = query.where(Machine.created_at < bounds_of(month)[1])
    return list(db.session.scalars(query.order_by(Machine.name_folded, Machine.id)))


def counted(machine: Machine, month: date) -> Counted:
    """What a machine did, and what its schedule (in hours) would have wanted while it was there."""
    since, before = bounds_of(month)
    here = max(since, machine.created_at)
    runs = (BackupRun.machine_id == machine.id, BackupRun.ended_at >= since, BackupRun.ended_at < before)
    is_bad = BackupRun.outcome == Outcome.FAILED
    good = db.session.scalar(select(func.count(BackupRun.id)).where(*runs, ~is_bad)) or 0
    bad = db.session.scalar(select(func.count(BackupRun.id)).where(*runs, is_bad)) or 0
    last = db.session.scalar(select(func.max(BackupRun.ended_at)).where(*runs, ~is_bad))
    wanted = int((before - here).total_seconds()) // (machine.schedule_hours * HOUR)
    return Counted(good, bad, max(wanted - good - bad, 0), last)


def sums(rows: list[Counted]) -> Counted:
    last = max((row.last for row in rows if row.last is not None), default=None)
    return Counted(
        sum(row.good for row in rows), sum(row.bad for row in rows), sum(row.missing for row in rows), last
    )
