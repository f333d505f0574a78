"""What each walk has found, and what a day defers; rows that the database refuses to change."""

from datetime import date
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Tenant, db
from portal.resellers.models import LegalEntity


class BookCheck(Tenant, db.Model):
    """One verification of the books of a legal entity, at ``created_at``."""

    __tablename__ = "book_check"
    __table_args__ = (Index("ix_book_check_entity", "legal_entity_id", "id"),)

    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"))
    by_label: Mapped[str] = mapped_column(String(200))
    counts: Mapped[dict[str, int]] = mapped_column(JSON)
    heads: Mapped[dict[str, Any]] = mapped_column(JSON)  # by series: last number, its hash
    faults: Mapped[list[list[str]]] = mapped_column(JSON)  # kind, number; the first hundreds
    fault_count: Mapped[int]

    legal_entity: Mapped[LegalEntity] = relationship()


def last_check(entity: LegalEntity) -> BookCheck | None:
    query = select(BookCheck).where(BookCheck.legal_entity_id == entity.id)
    return db.session.scalars(query.order_by(BookCheck.id.desc()).limit(1)).one_or_none()


def last_sound_check(entity: LegalEntity) -> BookCheck | None:
    """The newest one without a fault: what it read must still be there."""
    query = select(BookCheck).where(BookCheck.legal_entity_id == entity.id, BookCheck.fault_count == 0)
    return db.session.scalars(query.order_by(BookCheck.id.desc()).limit(1)).one_or_none()


class Deferral(Tenant, db.Model):
    """What one day's books defer to later ones (produits constatés d'avance), reversed on the next day."""

    __tablename__ = "deferral"
    __table_args__ = (UniqueConstraint("legal_entity_id", "day"),)

    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"))
    day: Mapped[date]  # the last one of a closed month
    sums: Mapped[list[list[Any]]] = mapped_column(JSON)  # use of the account, earned and deferred cents
    count: Mapped[int]  # lines of invoices
    by_label: Mapped[str] = mapped_column(String(200))

    legal_entity: Mapped[LegalEntity] = relationship()


def deferral_on(entity: LegalEntity, day: date) -> Deferral | None:
    query = select(Deferral).where(Deferral.legal_entity_id == entity.id, Deferral.day == day)
    return db.session.scalars(query).one_or_none()
