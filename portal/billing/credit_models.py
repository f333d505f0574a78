"""Credit notes (avoirs), and what is owed back to customers (remboursements)."""

from datetime import date
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.actor import Actor
from portal.billing.models import Invoice, InvoiceLine
from portal.billing.rules import Priced
from portal.blobs import Document
from portal.customers.models import Customer
from portal.db import Tenant, db
from portal.resellers.models import LegalEntity
from portal.stateful import Stateful, step


class CreditReason(StrEnum):
    WITHDRAWAL = "withdrawal"
    TERMS_REFUSED = "terms_refused"
    FREE_EXIT = "free_exit"
    PROVIDER_END = "provider_end"
    SERVICE_CREDIT = "service_credit"
    ERROR = "error"  # billed by mistake
    GOODWILL = "goodwill"
    NOT_DONE = "not_done"  # what was ordered did not take place
    ASSIGNED = "assigned"  # the contract passed to another customer


class CreditNote(Tenant, db.Model):
    """A numbered, frozen document that takes back all or a part of one invoice (type 381 of EN 16931)."""

    __tablename__ = "credit_note"
    __table_args__ = (UniqueConstraint("legal_entity_id", "number"),)

    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    origin: Mapped[str] = mapped_column(String(120), unique=True)  # what it answers; never twice
    number: Mapped[str] = mapped_column(String(35))
    issued_on: Mapped[date] = mapped_column(index=True)
    reason: Mapped[CreditReason]
    clause: Mapped[str] = mapped_column(String(40), default="")
    note: Mapped[str] = mapped_column(String(300), default="")  # what the person wrote who issued it
    net_cents: Mapped[int] = mapped_column(BigInteger)
    vat_cents: Mapped[int] = mapped_column(BigInteger)
    gross_cents: Mapped[int] = mapped_column(BigInteger)
    refund_by: Mapped[date]  # the last day for giving back what was paid of it
    parties: Mapped[dict[str, Any]] = mapped_column(JSON)  # as the invoice has them
    document_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))
    prev_hash: Mapped[str] = mapped_column(String(64), default="", server_default="")  # see chain.py
    hash: Mapped[str] = mapped_column(String(64), default="", server_default="")

    customer: Mapped[Customer] = relationship()
    legal_entity: Mapped[LegalEntity] = relationship()
    invoice: Mapped[Invoice] = relationship()
    document: Mapped[Document | None] = relationship()
    lines: Mapped[list["CreditLine"]] = relationship(order_by="CreditLine.id", back_populates="credit_note")


class CreditLine(Tenant, db.Model):
    """What is taken back of one line of the invoice; cents above zero."""

    __tablename__ = "credit_line"

    credit_note_id: Mapped[int] = mapped_column(ForeignKey("credit_note.id"), index=True)
    invoice_line_id: Mapped[int] = mapped_column(ForeignKey("invoice_line.id"), index=True)
    label: Mapped[str] = mapped_column(String(300))
    net_cents: Mapped[int] = mapped_column(BigInteger)
    vat_cents: Mapped[int] = mapped_column(BigInteger)

    credit_note: Mapped[CreditNote] = relationship(back_populates="lines")
    line: Mapped[InvoiceLine] = relationship()

    @property
    def priced(self) -> Priced:
        return Priced(
            self.label, 1, self.net_cents, False, self.line.vat_basis_points, self.line.vat_category
        )


class RefundState(StrEnum):
    OWED = "owed"
    IN_FILE = "in_file"  # in a file of transfers that two people let go
    REFUNDED = "refunded"
    SET_OFF = "set_off"  # against an invoice, with the customer's consent
    DROPPED = "dropped"  # what it was owed for has gone: the debit came back


R = RefundState


class Refund(Tenant, Stateful, db.Model):
    """An amount owed back to a customer, with the last day that law or contract leave; or a commission."""

    __tablename__ = "refund"
    __table_args__ = (Index("ix_refund_state", "state", "due_by", "id"),)

    steps = {
        "order": step(R.OWED, to=R.IN_FILE),
        "free": step(R.IN_FILE, to=R.OWED),
        "confirm": step(R.IN_FILE, to=R.REFUNDED),
        "refuse": step(R.IN_FILE, to=R.OWED),
        "come_back": step(R.REFUNDED, to=R.OWED),
        "set_off": step(R.OWED, to=R.SET_OFF),
        "drop": step(R.OWED, to=R.DROPPED),
    }

    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    invoice_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"), index=True)  # paid too much
    paper: Mapped[str] = mapped_column(String(35), default="", server_default="")  # of no invoice
    cents: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[RefundState] = mapped_column(default=R.OWED)
    due_by: Mapped[date]  # the last day
    clause: Mapped[str] = mapped_column(String(40), default="")
    file_id: Mapped[int | None] = mapped_column(ForeignKey("refund_file.id"), index=True)
    refunded_on: Mapped[date | None]
    account_refused_on: Mapped[date | None]  # Paris day on which the bank said that its account takes nothing
    version: Mapped[int] = mapped_column()

    customer: Mapped[Customer] = relationship()
    legal_entity: Mapped[LegalEntity] = relationship()
    invoice: Mapped[Invoice | None] = relationship()

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    @property
    def reference(self) -> str:
        """The number of the paper that it is owed for."""
        return self.invoice.number if self.invoice else self.paper

    def shown_state(self) -> str:
        """Late is a matter of the day, never stored."""
        late = self.state == R.OWED and self.due_by < clock.today()
        return "refund_late" if late else f"refund_{self.state.value}"

    def order(self, file_id: int, *, by: Actor) -> None:
        self._take("order", by=by)
        self.file_id = file_id

    def free(self, *, by: Actor) -> None:
        """Its file does not leave: owed as before."""
        self._take("free", by=by)
        self.file_id = None

    def confirm(self, on: date, *, by: Actor) -> None:
        self._take("confirm", by=by, on=on.isoformat())
        self.refunded_on = on

    def refuse(self, note: str, *, by: Actor) -> None:
        """The bank says no before anybody has noted that it got the file: owed again."""
        self._take("refuse", by=by, reason=note)
        self.file_id = None

    def come_back(self, note: str, *, by: Actor) -> None:
        """The bank could not pay it: owed again."""
        self._take("come_back", by=by, reason=note)
        self.refunded_on = self.file_id = None

    def set_off(self, against: str, *, by: Actor) -> None:
        self._take("set_off", by=by, number=against)

    def drop(self, reason: str, *, by: Actor) -> None:
        self._take("drop", by=by, reason=reason)


class RefundFileState(StrEnum):
    MADE = "made"
    RELEASED = "released"  # a second person agrees that it leaves
    SENT = "sent"
    REJECTED = "rejected"  # by the bank, whole: nothing of it was paid
    CANCELLED = "cancelled"


F = RefundFileState


class RefundFile(Tenant, Stateful, db.Model):
    """One file of transfers to customers (pain.001); its refunds never change while it stands."""

    __tablename__ = "refund_file"

    steps = {
        "release": step(F.MADE, to=F.RELEASED),
        "send": step(F.RELEASED, to=F.SENT),
        "reject": step(F.RELEASED, F.SENT, to=F.REJECTED),
        "cancel": step(F.MADE, F.RELEASED, to=F.CANCELLED),
    }

    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"))
    msg_id: Mapped[str] = mapped_column(String(35), unique=True)
    state: Mapped[RefundFileState] = mapped_column(default=F.MADE)
    made_by_id: Mapped[int]
    made_by: Mapped[str] = mapped_column(String(200))
    execute_on: Mapped[date]  # Paris day asked of the bank
    count: Mapped[int]
    total_cents: Mapped[int] = mapped_column(BigInteger)
    document_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))
    sent_on: Mapped[date | None]
    version: Mapped[int] = mapped_column()

    legal_entity: Mapped[LegalEntity] = relationship()
    document: Mapped[Document | None] = relationship()
    refunds: Mapped[list[Refund]] = relationship(order_by=Refund.id)

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    def shown_state(self) -> str:
        return f"refund_file_{self.state.value}"

    def release(self, *, by: Actor) -> None:
        self._take("release", by=by, count=self.count, total_cents=self.total_cents)

    def send(self, on: date, *, by: Actor) -> None:
        self._take("send", by=by, on=on.isoformat())
        self.sent_on = on

    def reject(self, *, by: Actor) -> None:
        """The bank paid nothing of it."""
        self._take("reject", by=by)

    def cancel(self, *, by: Actor) -> None:
        self._take("cancel", by=by)
