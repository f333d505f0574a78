"""One obligation as its room answers it, and which houses have their customers told of a miss."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ColumnElement, ForeignKey, Index, String, UniqueConstraint, and_, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.accounts.models import Organisation
from portal.actor import Actor
from portal.customers.models import Customer
from portal.db import Tenant, db
from portal.journal import record


class Duty(StrEnum):
    """What is owed."""

    ANSWER = "answer"  # first answer to a ticket
    FIX = "fix"  # the service is back
    REPORT = "report"  # of an incident
    HANDOVER = "handover"  # of a vault's data
    REMINDER = "reminder"  # of a renewal
    BREACH = "breach"  # notice of a personal data breach
    PERSON = "person"  # answer to a person about her data
    TERMS = "terms"  # notice of new terms
    PRICE = "price"  # notice of a new price
    MAINTENANCE = "maintenance"  # announcement of planned work
    DEBIT = "debit"  # notice of a debit
    ERASURE = "erasure"  # of a vault's data
    CERTIFICATE = "certificate"  # of that erasure
    CONFIRMATION = "confirmation"  # of a call, in writing, by the customer


class Standing(StrEnum):
    """How it stands at this moment."""

    DUE = "clock_running"
    KEPT = "clock_kept"
    LATE = "clock_late"  # done, after its time
    MISSED = "clock_missed"


class Obligation(Tenant, db.Model):
    """key: of the record and of what is owed about it. rights: names of what a miss opens to the customer."""

    __tablename__ = "obligation"
    __table_args__ = (UniqueConstraint("key"), Index("ix_obligation_due", "due_at", "id"))

    key: Mapped[str] = mapped_column(String(120))
    duty: Mapped[Duty]
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"), index=True)
    label: Mapped[str] = mapped_column(String(200))
    page: Mapped[str] = mapped_column(String(200))  # path of the record's page
    clause: Mapped[str] = mapped_column(String(40))
    rights: Mapped[list[str]] = mapped_column(JSON, default=list)
    due_at: Mapped[datetime]
    kept_at: Mapped[datetime | None]
    warned_at: Mapped[datetime | None]  # the operator was told that it comes
    miss_told_at: Mapped[datetime | None]  # the operator was told that it was missed
    customer_told_at: Mapped[datetime | None]

    customer: Mapped[Customer | None] = relationship()

    @property
    def standing(self) -> Standing:
        if self.kept_at is not None:
            return Standing.KEPT if self.kept_at <= self.due_at else Standing.LATE
        return Standing.DUE if clock.now() <= self.due_at else Standing.MISSED

    @property
    def is_missed(self) -> bool:
        return self.standing in (Standing.LATE, Standing.MISSED)


def stands(standing: Standing) -> ColumnElement[bool]:
    """SQL condition: the obligations that stand so at this moment."""
    kept, open_ = Obligation.kept_at.is_not(None), Obligation.kept_at.is_(None)
    return {
        Standing.DUE: and_(open_, Obligation.due_at >= clock.now()),
        Standing.KEPT: and_(kept, Obligation.kept_at <= Obligation.due_at),
        Standing.LATE: and_(kept, Obligation.kept_at > Obligation.due_at),
        Standing.MISSED: and_(open_, Obligation.due_at < clock.now()),
    }[standing]


class MissTelling(Tenant, db.Model):
    """A house whose customers are told by mail of what the provider missed; without a row they are not."""

    __tablename__ = "miss_telling"
    __table_args__ = (UniqueConstraint("organisation_id"),)

    tells: Mapped[bool]
    decided_at: Mapped[datetime]
    decided_by: Mapped[str] = mapped_column(String(200))


def decide_telling(house: Organisation, *, tells: bool, by: Actor) -> None:
    row = telling_of(house)
    if row is None:
        row = MissTelling(organisation=house, tells=tells, decided_at=clock.now(), decided_by=by.label)
        db.session.add(row)
        db.session.flush()
    row.tells, row.decided_at, row.decided_by = tells, clock.now(), by.label
    record(row, "decide_telling", by=by, tells="1" if tells else "0")


def telling_of(house: Organisation) -> MissTelling | None:
    query = select(MissTelling).where(MissTelling.organisation_id == house.id)
    return db.session.scalars(query).one_or_none()


def telling_for(customer: Customer) -> MissTelling | None:
    """The decision of the nearest house above the customer; None where she is not told."""
    rows = db.session.scalars(select(MissTelling))
    above = [row for row in rows if customer.org_path.startswith(row.org_path)]
    nearest = max(above, key=lambda row: len(row.org_path), default=None)
    return nearest if nearest is not None and nearest.tells else None
