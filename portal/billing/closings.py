"""Closed months and years of a legal entity: their figures stand for good, nothing more is dated in them."""

from datetime import date, timedelta
from typing import Any, ClassVar

from flask_babel import gettext as _
from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.blobs import Document
from portal.db import Tenant, db
from portal.errors import Refused
from portal.i18n import plain_day
from portal.resellers.models import LegalEntity

_MONTH = 7  # characters of a month's name, "2026-11"; a year has four


class Closing(Tenant, db.Model):
    """A month or a year that was closed (clôture): totals and chain heads, with a sealed PDF of them."""

    __tablename__ = "closing"
    __table_args__ = (UniqueConstraint("legal_entity_id", "period"),)
    seen_from_below: ClassVar[bool] = True  # whoever notes a payment below asks

    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"))
    period: Mapped[str] = mapped_column(String(7))  # 2026-11, or 2026
    first_day: Mapped[date]
    last_day: Mapped[date]
    figures: Mapped[list[list[Any]]] = mapped_column(JSON)  # kind, detail, count, net, VAT, gross, in cents
    heads: Mapped[dict[str, Any]] = mapped_column(JSON)  # by series: the last number given, and its hash
    closed_by_id: Mapped[int]
    closed_by: Mapped[str] = mapped_column(String(200))
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id"))

    legal_entity: Mapped[LegalEntity] = relationship()
    document: Mapped[Document] = relationship()


def closed_through(entity_id: int) -> date | None:
    """The last closed day; every day up to it is closed."""
    query = select(func.max(Closing.last_day)).where(Closing.legal_entity_id == entity_id)
    return db.session.scalar(query.where(func.length(Closing.period) == _MONTH))


def open_day(entity_id: int, day: date) -> date:
    """The day on which the books take what a bank has booked on this one: the first open one."""
    last = closed_through(entity_id)
    return day if last is None or day > last else last + timedelta(days=1)


def refuse_closed(entity_id: int, day: date, field: str) -> None:
    """Raises Refused for a day of a closed month; a person books it on the first open day and says so.

    Source: CGI art. 286 I 3° bis (closings).
    """
    first = open_day(entity_id, day)
    if first != day:
        raise Refused(
            _(
                "Ce mois est clôturé : datez ce paiement du %(day)s, premier jour ouvert,"
                " et gardez le jour de la banque dans la référence.",
                day=plain_day(first),
            ),
            field=field,
        )
