"""The regime of each issuer by day, its reports, and what each report is made of."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.actor import Actor
from portal.billing.models import Invoice
from portal.db import Tenant, db
from portal.ereporting.rules import ReportKind
from portal.resellers.models import LegalEntity
from portal.stateful import Stateful, step

NONE = "none"  # no regime: nothing is reported from that day on


class EReportRegime(Tenant, db.Model):
    """The VAT regime of an issuer from a day on; the first row is the first day of its e-reporting."""

    __tablename__ = "ereport_regime"
    __table_args__ = (UniqueConstraint("legal_entity_id", "valid_from"),)

    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"))
    valid_from: Mapped[date]  # Paris day
    regime: Mapped[str] = mapped_column(String(20))
    confirmed: Mapped[str] = mapped_column(String(300))  # by which accountant, and when
    entered_by: Mapped[str] = mapped_column(String(200))

    legal_entity: Mapped[LegalEntity] = relationship()


def regimes_of(entity: LegalEntity) -> list[EReportRegime]:
    """All of them, the oldest first."""
    query = select(EReportRegime).where(EReportRegime.legal_entity_id == entity.id)
    return list(db.session.scalars(query.order_by(EReportRegime.valid_from)))


class ReportState(StrEnum):
    READY = "report_ready"  # frozen; to be told
    SENT = "report_sent"  # the platform has it
    REFUSED = "report_refused"  # by the platform, in its words: finance decides
    DEPOSITED = "report_deposited"  # a person has told it otherwise
    EMPTY = "report_empty"  # there was nothing to tell


R = ReportState


class EReport(Tenant, Stateful, db.Model):
    """One report of a period, frozen with its number; turn 2 and more rectify what came to light later."""

    __tablename__ = "ereport"
    __table_args__ = (
        UniqueConstraint("legal_entity_id", "kind", "first_on", "turn"),
        UniqueConstraint("legal_entity_id", "number"),
        Index("ix_ereport_due", "state", "due_on", "id"),
    )

    steps = {
        "send": step(R.READY, to=R.SENT),
        "refuse": step(R.READY, R.SENT, to=R.REFUSED),
        "resend": step(R.REFUSED, to=R.READY),
        "deposit": step(R.READY, R.REFUSED, to=R.DEPOSITED),
    }

    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"))
    kind: Mapped[ReportKind]
    regime: Mapped[str] = mapped_column(String(20))
    number: Mapped[str] = mapped_column(String(35))
    first_on: Mapped[date]
    last_on: Mapped[date]
    due_on: Mapped[date]
    turn: Mapped[int] = mapped_column(default=1)
    rectifies_id: Mapped[int | None] = mapped_column(ForeignKey("ereport.id"))
    net_cents: Mapped[int] = mapped_column(BigInteger)  # 0 in a report of payments
    vat_cents: Mapped[int] = mapped_column(BigInteger)
    gross_cents: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[ReportState] = mapped_column(default=R.READY)
    sent_at: Mapped[datetime | None]
    why: Mapped[str] = mapped_column(String(300), default="")  # a refusal, or how it was told otherwise
    version: Mapped[int] = mapped_column()

    legal_entity: Mapped[LegalEntity] = relationship()
    rectifies: Mapped["EReport | None"] = relationship(remote_side="EReport.id")

    __mapper_args__: ClassVar[Mapping[str, Any]] = {"version_id_col": version}

    @property
    def label(self) -> str:
        return self.number

    def shown_state(self) -> str:
        """Late is a matter of the day, never stored."""
        late = self.state in (R.READY, R.REFUSED) and self.due_on < clock.today()
        return "report_late" if late else str(self.state)

    def was_sent(self, *, by: Actor) -> None:
        self._take("send", by=by)
        self.sent_at, self.why = clock.now(), ""

    def was_refused(self, why: str, *, by: Actor) -> None:
        self._take("refuse", by=by, reason=why)
        self.why = why[:300]

    def resend(self, *, by: Actor) -> None:
        """It leaves once more."""
        self._take("resend", by=by)
        self.why = ""

    def deposit(self, how: str, *, by: Actor) -> None:
        """A person has told it on another way."""
        self._take("deposit", by=by, how=how)
        self.sent_at, self.why = clock.now(), how[:300]


class EReportLine(Tenant, db.Model):
    """One document or payment at one rate, frozen; told by day for consumers, one by one abroad."""

    __tablename__ = "ereport_line"
    __table_args__ = (UniqueConstraint("origin", "vat_category", "basis_points"),)

    report_id: Mapped[int] = mapped_column(ForeignKey("ereport.id"), index=True)
    origin: Mapped[str] = mapped_column(String(40))  # invoice:1, credit_note:1, payment:1; told once
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    number: Mapped[str] = mapped_column(String(35))  # of the document; of a payment, its invoice
    on: Mapped[date]
    is_business: Mapped[bool] = mapped_column(Boolean)  # abroad
    operation: Mapped[str] = mapped_column(String(4))
    vat_category: Mapped[str] = mapped_column(String(2))
    basis_points: Mapped[int]
    net_cents: Mapped[int] = mapped_column(BigInteger)
    vat_cents: Mapped[int] = mapped_column(BigInteger)
    gross_cents: Mapped[int] = mapped_column(BigInteger)

    report: Mapped[EReport] = relationship()
    invoice: Mapped[Invoice] = relationship()
