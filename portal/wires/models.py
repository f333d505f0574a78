"""Transfers that came in (virements reçus), and what each of them was booked on."""

from datetime import date
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.actor import Actor
from portal.billing.carried import CarriedBalance
from portal.billing.models import Invoice, Payment
from portal.crypto.secrets import Sealed
from portal.customers.models import Customer
from portal.db import Tenant, db
from portal.resellers.models import LegalEntity
from portal.sepa.models.bank import BankFile
from portal.stateful import Stateful, step


class WireState(StrEnum):
    WAITING = "wire_waiting"  # for the worker, then for a person
    BOOKED = "wire_booked"  # all of it
    DISMISSED = "wire_dismissed"  # a person decided that it pays nothing of ours


W = WireState


class IncomingTransfer(Tenant, Stateful, db.Model):
    """One transfer that the bank credited; the same one in two files counts once."""

    __tablename__ = "incoming_transfer"
    __table_args__ = (
        UniqueConstraint("legal_entity_id", "key"),
        Index("ix_incoming_transfer_queue", "state", "id"),
    )

    steps = {
        "book": step(W.WAITING, to=W.BOOKED),
        "free": step(W.WAITING, W.BOOKED, to=W.WAITING),
        "dismiss": step(W.WAITING, to=W.DISMISSED),
        "take_up": step(W.DISMISSED, to=W.WAITING),
    }

    bank_file_id: Mapped[int] = mapped_column(ForeignKey("bank_file.id"), index=True)
    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"))
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"), index=True)  # whom it paid for
    key: Mapped[str] = mapped_column(String(64))
    state: Mapped[WireState] = mapped_column(default=W.WAITING)
    booked_on: Mapped[date]  # by the bank, Paris day
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    account: Mapped[str] = mapped_column(String(24))  # ours, masked
    payer: Mapped[str] = mapped_column(String(140))
    payer_word: Mapped[str] = mapped_column(String(140), index=True)  # by which the name is known again
    iban_sealed: Mapped[str | None] = mapped_column(String(300))
    iban_index: Mapped[str | None] = mapped_column(String(32), index=True)
    iban_masked: Mapped[str] = mapped_column(String(24), default="")  # the only form that is shown
    iban = Sealed(indexed=True)
    text: Mapped[str] = mapped_column(String(500))
    reference: Mapped[str] = mapped_column(String(140))  # the bank's
    end_to_end_id: Mapped[str] = mapped_column(String(35))
    by_hand: Mapped[bool] = mapped_column(default=False, server_default=false())  # the worker leaves it alone
    why: Mapped[str] = mapped_column(String(300), default="")  # why it waits, or was dismissed
    version: Mapped[int] = mapped_column()

    bank_file: Mapped[BankFile] = relationship()
    legal_entity: Mapped[LegalEntity] = relationship()
    customer: Mapped[Customer | None] = relationship()
    bookings: Mapped[list["TransferBooking"]] = relationship(
        order_by="TransferBooking.id", back_populates="transfer"
    )

    balances: Mapped[list["BalanceBooking"]] = relationship(
        order_by="BalanceBooking.id", back_populates="transfer"
    )

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    @property
    def free_cents(self) -> int:
        """What no booking has taken, or what came back of one."""
        taken = sum(row.cents for row in self.bookings if row.reversed_on is None)
        return self.amount_cents - taken - sum(row.cents for row in self.balances)

    @property
    def next_reference(self) -> str:
        """Of the next payment that it makes: the bank's reference, told apart by its own."""
        return f"{self.reference[:90] or 'VIR'} · {self.uid}-{len(self.bookings) + 1}"

    def book(self, customer: Customer, *, by: Actor) -> None:
        self._take("book", by=by, cents=self.amount_cents, customer=customer.name)
        self.customer, self.why = customer, ""

    def free(self, why: str, *, by: Actor) -> None:
        """A booking was taken back: a person says what the money is for."""
        self._take("free", by=by, reason=why)
        self.by_hand, self.why, self.customer = True, why[:300], None

    def dismiss(self, why: str, *, by: Actor) -> None:
        self._take("dismiss", by=by, reason=why)
        self.why = why[:300]

    def take_up(self, *, by: Actor) -> None:
        self._take("take_up", by=by)
        self.by_hand, self.why = True, ""


class TransferBooking(Tenant, db.Model):
    """What a transfer paid of one invoice. Never deleted: one that was wrong says when it was reversed."""

    __tablename__ = "transfer_booking"

    transfer_id: Mapped[int] = mapped_column(ForeignKey("incoming_transfer.id"), index=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), unique=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    cents: Mapped[int] = mapped_column(BigInteger)
    reversed_on: Mapped[date | None]

    transfer: Mapped[IncomingTransfer] = relationship(back_populates="bookings")
    payment: Mapped[Payment] = relationship()
    invoice: Mapped[Invoice] = relationship()


class BalanceBooking(Tenant, db.Model):
    """What a transfer paid of an invoice of the former system, which has no payments here."""

    __tablename__ = "balance_booking"

    transfer_id: Mapped[int] = mapped_column(ForeignKey("incoming_transfer.id"), index=True)
    balance_id: Mapped[int] = mapped_column(ForeignKey("carried_balance.id"), unique=True)
    cents: Mapped[int] = mapped_column(BigInteger)

    transfer: Mapped[IncomingTransfer] = relationship(back_populates="balances")
    balance: Mapped[CarriedBalance] = relationship()
