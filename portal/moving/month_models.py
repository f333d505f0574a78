"""A month worked out beside the former system's, and its lines."""

from datetime import date
from enum import StrEnum

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.blobs import Document
from portal.db import Tenant, db
from portal.moving.comparing import MonthLine, Pair, Verdict
from portal.moving.models import Moving


class MonthState(StrEnum):
    WORKING = "month_working"
    DONE = "month_done"
    REFUSED = "month_refused"  # the file cannot be read


class ParallelMonth(Tenant, db.Model):
    """One comparison; nothing was issued for it."""

    __tablename__ = "parallel_month"

    moving_id: Mapped[int] = mapped_column(ForeignKey("moving.id"), index=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id"))  # the former system's invoices
    month: Mapped[str] = mapped_column(String(7))  # 2026-12
    state: Mapped[MonthState] = mapped_column(default=MonthState.WORKING)
    counts: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)  # lines by verdict, sums in cents
    problem: Mapped[str] = mapped_column(String(300), default="")
    file_gone_on: Mapped[date | None]  # the file is erased, the comparison stays

    moving: Mapped[Moving] = relationship()
    document: Mapped[Document] = relationship()


class ParallelLine(Tenant, db.Model):
    """One line of the comparison; the amounts of the side that has none are NULL."""

    __tablename__ = "parallel_line"
    __table_args__ = (Index("ix_parallel_line_month", "month_id", "rank", "id"),)

    month_id: Mapped[int] = mapped_column(ForeignKey("parallel_month.id"))
    rank: Mapped[int]  # what differs comes first
    verdict: Mapped[Verdict]
    reference: Mapped[str] = mapped_column(String(60))
    customer_uid: Mapped[str] = mapped_column(String(16))  # "" where nobody here has the reference
    label: Mapped[str] = mapped_column(String(300))
    here_net: Mapped[int | None] = mapped_column(BigInteger)
    here_vat: Mapped[int | None] = mapped_column(BigInteger)
    here_gross: Mapped[int | None] = mapped_column(BigInteger)
    there_net: Mapped[int | None] = mapped_column(BigInteger)
    there_vat: Mapped[int | None] = mapped_column(BigInteger)
    there_gross: Mapped[int | None] = mapped_column(BigInteger)

    def difference(self, amount: str) -> int | None:
        """By how much the portal would bill more, in cents; None where the former system does not tell.

        amount: ``net``, ``vat`` or ``gross``.
        """
        here, there = getattr(self, f"here_{amount}"), getattr(self, f"there_{amount}")
        if there is None and self.there_gross is not None:
            return None
        return (here or 0) - (there or 0)


def line_of(month: ParallelMonth, reference: str, customer_uid: str, pair: Pair) -> ParallelLine:
    shown = pair.here or pair.there
    assert shown is not None
    none: tuple[int | None, int | None, int | None] = (None, None, None)
    here = pair.here.amounts if isinstance(pair.here, MonthLine) else none
    there = pair.there.amounts if isinstance(pair.there, MonthLine) else none
    return ParallelLine(
        organisation=month.moving.organisation,
        month_id=month.id,
        rank=1 if pair.verdict == Verdict.EQUAL else 0,
        verdict=pair.verdict,
        reference=reference[:60],
        customer_uid=customer_uid,
        label=shown.label[:300],
        here_net=here[0],
        here_vat=here[1],
        here_gross=here[2],
        there_net=there[0],
        there_vat=there[1],
        there_gross=there[2],
    )
