"""The platform of each issuer, what is said to it, and what it says."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.actor import Actor
from portal.billing.einvoice_models import EInvoiceRecord
from portal.billing.models import Invoice, Payment
from portal.crypto.secrets import Sealed
from portal.db import Tenant, db
from portal.ereporting.models import EReport
from portal.journal import record
from portal.resellers.models import LegalEntity
from portal.stateful import Stateful, step


class Way(StrEnum):
    OFF = "platform_off"
    FOLDER = "platform_folder"
    HTTP = "platform_http"


class Platform(Tenant, db.Model):
    """How an issuer reaches its platform, from which day on. Without a row, nothing is sent."""

    __tablename__ = "platform"

    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"), unique=True)
    way: Mapped[Way] = mapped_column(default=Way.OFF)
    send_from: Mapped[date | None]  # Paris day; e-invoices of that day and later are sent
    folder: Mapped[str | None] = mapped_column(String(40), unique=True)  # one name, below PLATFORM_DIR
    address_sealed: Mapped[str | None] = mapped_column(Text)
    address = Sealed()
    token_sealed: Mapped[str | None] = mapped_column(Text)
    token = Sealed()
    cursor: Mapped[str] = mapped_column(String(200), default="")  # of the statuses that were fetched
    failures: Mapped[int] = mapped_column(default=0)  # since the last answer
    failing_since: Mapped[datetime | None]
    fault: Mapped[str] = mapped_column(String(200), default="")
    next_at: Mapped[datetime | None]  # after a failure: not before
    version: Mapped[int] = mapped_column()

    legal_entity: Mapped[LegalEntity] = relationship()

    __mapper_args__: ClassVar[Mapping[str, Any]] = {"version_id_col": version}

    @property
    def label(self) -> str:
        return self.legal_entity.name


class MessageState(StrEnum):
    WAITING = "message_waiting"
    READY = "message_ready"  # its file is about to be moved into the outbox
    SENT = "message_sent"
    REFUSED = "message_refused"  # by the platform, in its words: finance decides
    CLOSED = "message_closed"  # finance has seen to it otherwise


M = MessageState


class PlatformMessage(Tenant, Stateful, db.Model):
    """A document, a payment of one, or a report that is said to the platform: each once."""

    __tablename__ = "platform_message"
    __table_args__ = (Index("ix_platform_message_queue", "platform_id", "state", "id"),)

    steps = {
        "prepare": step(M.WAITING, to=M.READY),
        "send": step(M.WAITING, M.READY, to=M.SENT),
        "refuse": step(M.WAITING, M.READY, M.SENT, to=M.REFUSED),
        "send_again": step(M.REFUSED, to=M.WAITING),
        "close": step(M.REFUSED, to=M.CLOSED),
        "withdraw": step(M.WAITING, M.READY, to=M.CLOSED),
    }

    platform_id: Mapped[int] = mapped_column(ForeignKey("platform.id"))
    invoice_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"), index=True)
    report_id: Mapped[int | None] = mapped_column(ForeignKey("ereport.id"), unique=True)
    einvoice_id: Mapped[int | None] = mapped_column(ForeignKey("einvoice.id"), unique=True)
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"), unique=True)
    number: Mapped[str] = mapped_column(String(35))
    amount_cents: Mapped[int | None] = mapped_column(BigInteger)  # of a payment; below zero: it went back
    state: Mapped[MessageState] = mapped_column(default=M.WAITING)
    turn: Mapped[int] = mapped_column(default=1)  # how often finance has let it leave
    place: Mapped[str] = mapped_column(String(80), default="")  # while READY: its name among those that leave
    why: Mapped[str] = mapped_column(String(300), default="")  # the platform's words
    sent_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    platform: Mapped[Platform] = relationship()
    invoice: Mapped[Invoice | None] = relationship()
    report: Mapped[EReport | None] = relationship()
    einvoice: Mapped[EInvoiceRecord | None] = relationship()
    payment: Mapped[Payment | None] = relationship()

    __mapper_args__: ClassVar[Mapping[str, Any]] = {"version_id_col": version}

    @property
    def label(self) -> str:
        return self.number

    @property
    def identifier(self) -> str:
        """The same for the same sending: a platform that has it leaves a second one aside."""
        return f"{self.uid}-{self.turn}"

    def move_on(self, verb: str, *, by: Actor, **details: Any) -> None:
        """One of :attr:`steps`, with what is said of it."""
        self._take(verb, by=by, **details)

    def send_again(self, *, by: Actor) -> None:
        """It leaves once more, under another identifier."""
        self._take("send_again", by=by)
        self.turn, self.why, self.sent_at = self.turn + 1, "", None
        if self.report is not None and self.report.can("resend"):
            self.report.resend(by=by)

    def close(self, *, by: Actor) -> None:
        self._take("close", by=by)

    def note_answer(self, refused: str, *, by: Actor) -> None:
        """The platform has taken it, or not, in its words; a report stands as its message does."""
        self.why = refused
        self._take("refuse" if refused else "send", by=by, **({"reason": refused} if refused else {}))
        if self.report is not None and refused:
            self.report.was_refused(refused, by=by)
        elif self.report is not None:
            self.report.was_sent(by=by)


class PlatformStatus(Tenant, db.Model):
    """One status that the platform told: kept once. What fits no invoice or no step waits for a person."""

    __tablename__ = "platform_status"
    __table_args__ = (UniqueConstraint("platform_id", "key"),)

    platform_id: Mapped[int] = mapped_column(ForeignKey("platform.id"))
    invoice_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"), index=True)
    key: Mapped[str] = mapped_column(String(64))
    number: Mapped[str] = mapped_column(String(35))
    code: Mapped[str] = mapped_column(String(3))
    at: Mapped[datetime]  # when it happened, as the platform says
    reason: Mapped[str] = mapped_column(String(300), default="")
    why: Mapped[str] = mapped_column(String(300), default="")  # why somebody has to look
    closed_by: Mapped[str] = mapped_column(String(200), default="")  # who has looked

    platform: Mapped[Platform] = relationship()
    invoice: Mapped[Invoice | None] = relationship()

    @property
    def label(self) -> str:
        return f"{self.number} {self.code}"

    def close(self, *, by: Actor) -> None:
        """Somebody has looked: nothing more follows."""
        if self.why and not self.closed_by:
            self.closed_by = by.label
            record(self, "close", by=by, reason=self.why)
