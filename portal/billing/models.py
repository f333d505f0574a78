"""Charges, pro-formas, invoices, payments, billing runs."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from blinker import Namespace
from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    and_,
    select,
    text,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.actor import Actor
from portal.billing.rules import Priced, RateTotal, totals
from portal.blobs import Document
from portal.catalogue.models import Method
from portal.customers.models import Customer
from portal.customers.references import REFERENCES, WithReferences
from portal.db import Tenant, db, new_uid
from portal.jobs import insert_all_once, insert_once
from portal.resellers.models import LegalEntity
from portal.stateful import Stateful, step

_signals = Namespace()
# Sent with customers= and until=: whoever has something to bill them up to that day adds its charges now.
charges_due = _signals.signal("charges-due")
# Sent with entity= before its customers are counted: who stands for a buyer of another kind is entered now.
run_begins = _signals.signal("run-begins")
# Sent by an invoice, in the transaction that pays it, on whatever way, or that takes its payment back.
invoice_paid = _signals.signal("invoice-paid")
invoice_reopened = _signals.signal("invoice-reopened")
# Sent by a payment that was a mistake, in the transaction that reverses it, with by= and reason=.
payment_reversed = _signals.signal("payment-reversed")


class InvoiceState(StrEnum):
    ISSUED = "issued"  # numbered, frozen
    PAID = "paid"
    CREDITED = "credited"  # credit notes took all of it back before it was paid


class PaymentKind(StrEnum):
    RECEIVED = "received"
    RETURNED = "returned"  # a debit that came back: its amount is negative
    SET_OFF = "set_off"  # what was owed to the customer, with her consent
    LET_GO = "let_go"  # so little was missing that the issuer does not ask for it
    REVERSED = "reversed"  # another payment was a mistake: its amount, negative


class RunState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"


class Charge(Tenant, WithReferences, db.Model):
    """Something that the customer owes and that no invoice carries yet (ligne à facturer)."""

    __tablename__ = "charge"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    origin: Mapped[str] = mapped_column(String(120), unique=True)  # billed once, whatever is run again
    label: Mapped[str] = mapped_column(String(300))
    clause: Mapped[str] = mapped_column(String(40), default="")  # where the contract says it is billed
    quantity: Mapped[int]
    unit_cents: Mapped[int] = mapped_column(BigInteger)
    includes_vat: Mapped[bool]
    vat_basis_points: Mapped[int]  # inside a price with VAT; the VAT of the sale stands on the invoice's line
    taxed: Mapped[bool] = mapped_column(
        default=True, server_default=true()
    )  # False: outside the scope of VAT
    method: Mapped[Method]
    due_rule: Mapped[str | None] = mapped_column(
        String(20)
    )  # of its contract, as "end_of_month"; None: silent
    invoice_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"), index=True)
    dropped_on: Mapped[date | None]  # a mistake, never billed; its origin stays taken
    dropped_why: Mapped[str] = mapped_column(String(300), default="", server_default="")

    customer: Mapped[Customer] = relationship()
    invoice: Mapped["Invoice | None"] = relationship()

    @property
    def priced(self) -> Priced:
        return Priced(self.label, self.quantity, self.unit_cents, self.includes_vat, self.vat_basis_points)


def add_charge(customer: Customer, *, origin: str, **values: Any) -> bool:
    """Owe something once: the same ``origin`` again changes nothing. Says whether it is new."""
    return insert_once(Charge, charge_row(customer, origin=origin, **values), ["origin"])


def add_charges(rows: list[dict[str, Any]]) -> None:
    """Like :func:`add_charge`, for many rows of :func:`charge_row` at once."""
    if rows:
        insert_all_once(Charge, rows, ["origin"])


def charge_row(customer: Customer, *, origin: str, **values: Any) -> dict[str, Any]:
    """The columns of a charge."""
    return {
        "uid": new_uid(),
        "created_at": clock.now(),
        "org_path": customer.org_path,
        "organisation_id": customer.organisation_id,
        "customer_id": customer.id,
        "origin": origin,
        "clause": "",
        "vat_basis_points": 2000,
        "taxed": True,
        "due_rule": None,
        **dict.fromkeys(REFERENCES),
        "invoice_id": None,
        "dropped_on": None,
        "dropped_why": "",
        **values,
    }


def is_pending() -> ColumnElement[bool]:
    """Of a charge: no invoice carries it yet, and nobody has dropped it."""
    return and_(Charge.invoice_id.is_(None), Charge.dropped_on.is_(None))


def pending_charges(*customers: Customer) -> list[Charge]:
    """What no invoice carries yet; nobody else puts it on one before the present transaction ends."""
    wanted = Charge.customer_id.in_([customer.id for customer in customers])
    query = select(Charge).where(wanted, is_pending())
    query = query.order_by(Charge.id).with_for_update(of=Charge)
    # A charge of a savepoint that was given up may have had the same id: what is loaded does not count.
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


class Invoice(Tenant, Stateful, db.Model):
    """A numbered, frozen invoice (facture). Corrections are other documents."""

    __tablename__ = "invoice"
    __table_args__ = (
        UniqueConstraint("legal_entity_id", "number"),
        Index("ix_invoice_due", "due_on", "id"),  # the orders that its list may have
        Index("ix_invoice_gross", "gross_cents", "id"),
        Index(  # only what is owed: the others are the most, and nobody asks when they were due
            "ix_invoice_owed",
            "due_on",
            postgresql_where=text("state = 'issued'"),
            sqlite_where=text("state = 'issued'"),
        ),
        Index(  # the few that count for the yearly threshold
            "ix_invoice_union",
            "legal_entity_id",
            "issued_on",
            postgresql_where=text("union_country IS NOT NULL"),
            sqlite_where=text("union_country IS NOT NULL"),
        ),
    )

    steps = {
        "pay": step(InvoiceState.ISSUED, to=InvoiceState.PAID),
        "reopen": step(InvoiceState.PAID, InvoiceState.CREDITED, to=InvoiceState.ISSUED),
        "credit": step(InvoiceState.ISSUED, to=InvoiceState.CREDITED),
    }

    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    number: Mapped[str] = mapped_column(String(35))
    issued_on: Mapped[date]
    due_on: Mapped[date]
    net_cents: Mapped[int] = mapped_column(BigInteger)
    vat_cents: Mapped[int] = mapped_column(BigInteger)
    gross_cents: Mapped[int] = mapped_column(BigInteger)
    method: Mapped[Method]
    state: Mapped[InvoiceState] = mapped_column(default=InvoiceState.ISSUED)
    paid_on: Mapped[date | None]
    parties: Mapped[dict[str, Any]] = mapped_column(JSON)  # issuer and buyer as they were
    order_uid: Mapped[str | None] = mapped_column(String(16), index=True)
    # State of a buyer in another member state whose purchase counts for the yearly threshold (CGI 259 D).
    union_country: Mapped[str | None] = mapped_column(String(2))
    document_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))
    prev_hash: Mapped[str] = mapped_column(String(64), default="", server_default="")  # see chain.py
    hash: Mapped[str] = mapped_column(String(64), default="", server_default="")
    version: Mapped[int] = mapped_column()

    customer: Mapped[Customer] = relationship()
    legal_entity: Mapped[LegalEntity] = relationship()
    document: Mapped[Document | None] = relationship()
    lines: Mapped[list["InvoiceLine"]] = relationship(
        back_populates="invoice", order_by="InvoiceLine.position"
    )

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    def pay(self, *, on: date, by: Actor) -> None:
        self._take("pay", by=by)
        self.paid_on = on
        invoice_paid.send(self)

    def credit(self, *, by: Actor) -> None:
        """Credit notes took back all that was still owed of it."""
        self._take("credit", by=by)

    def reopen(self, *, reason: str, by: Actor) -> None:
        """The debit that paid it came back: owed again."""
        self._take("reopen", by=by, reason=reason)
        self.paid_on = None
        invoice_reopened.send(self)

    @property
    def rates(self) -> tuple[RateTotal, ...]:
        """VAT by rate."""
        return totals([line.priced for line in self.lines]).rates

    @property
    def mentions(self) -> list[str]:
        """Why lines bear no VAT, as the paper says it, which is in French."""
        return list(dict.fromkeys(line.vat_mention for line in self.lines if line.vat_mention))

    def shown_state(self) -> str:
        """The state for people: whether it is late is computed from the day, never stored."""
        late = self.state == InvoiceState.ISSUED and self.due_on < clock.today()
        return "overdue" if late else self.state.value


class InvoiceLine(Tenant, db.Model):
    __tablename__ = "invoice_line"

    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    position: Mapped[int]
    label: Mapped[str] = mapped_column(String(300))
    clause: Mapped[str] = mapped_column(String(40), default="")
    quantity: Mapped[int]
    unit_cents: Mapped[int] = mapped_column(BigInteger)
    includes_vat: Mapped[bool]
    vat_basis_points: Mapped[int]
    vat_category: Mapped[str] = mapped_column(String(2), default="S", server_default="S")  # of EN 16931
    vat_mention: Mapped[str] = mapped_column(String(120), default="", server_default="")  # why there is none
    vat_country: Mapped[str] = mapped_column(String(2), default="", server_default="")  # whose rate it is
    net_cents: Mapped[int] = mapped_column(BigInteger)

    invoice: Mapped[Invoice] = relationship(back_populates="lines")

    @property
    def priced(self) -> Priced:
        rate, category = self.vat_basis_points, self.vat_category
        return Priced(self.label, self.quantity, self.unit_cents, self.includes_vat, rate, category)


class Proforma(Tenant, db.Model):
    """What a customer pays against before there is an invoice. No fiscal value, own number series."""

    __tablename__ = "proforma"
    __table_args__ = (
        UniqueConstraint("legal_entity_id", "number"),
        UniqueConstraint("subscription_uid", "period_on"),
    )

    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    number: Mapped[str] = mapped_column(String(35))
    order_uid: Mapped[str] = mapped_column(String(16), index=True)  # "" for that of a renewal
    subscription_uid: Mapped[str | None] = mapped_column(String(16))  # of a renewal (001-14)
    period_on: Mapped[date | None]  # first day of the period that it is for
    sale_vat: Mapped[dict[str, Any] | None] = mapped_column(JSON)  # decided with it, of a renewal
    issued_on: Mapped[date]
    valid_through: Mapped[date]  # the price is kept until then (000-23); a renewal is to be paid until then
    gross_cents: Mapped[int] = mapped_column(BigInteger)
    document_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))

    document: Mapped[Document | None] = relationship()


class Payment(Tenant, db.Model):
    """Money that arrived for an invoice, or went back (negative): by wire, by debit, or set off."""

    __tablename__ = "payment"
    __table_args__ = (
        UniqueConstraint("legal_entity_id", "reference"),
        Index("uq_payment_chain", "legal_entity_id", "chain_no", unique=True),
    )

    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"))
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    method: Mapped[Method]
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    received_on: Mapped[date]
    reference: Mapped[str] = mapped_column(String(140))  # the bank's; a second one is refused
    kind: Mapped[PaymentKind] = mapped_column(default=PaymentKind.RECEIVED)
    reverses_id: Mapped[int | None] = mapped_column(index=True, unique=True)  # a payment, once at most
    bank_on: Mapped[date | None]  # the bank's day, where that month was closed and it is booked later
    chain_no: Mapped[int | None]  # from 1 in the chain of its legal entity; None until the next hour
    prev_hash: Mapped[str] = mapped_column(String(64), default="", server_default="")  # see chain.py
    hash: Mapped[str] = mapped_column(String(64), default="", server_default="")

    invoice: Mapped[Invoice] = relationship()


class BillingRun(Tenant, db.Model):
    """The monthly invoicing of one legal entity (run de facturation); its task carries the progress."""

    __tablename__ = "billing_run"
    __table_args__ = (UniqueConstraint("legal_entity_id", "month", "part"),)

    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"))
    month: Mapped[str] = mapped_column(String(7))  # 2026-12
    part: Mapped[int] = mapped_column(default=1)  # 2 and more bill what was added since
    state: Mapped[RunState] = mapped_column(default=RunState.QUEUED)
    invoices: Mapped[int] = mapped_column(default=0)
    gross_cents: Mapped[int] = mapped_column(BigInteger, default=0)
    collections: Mapped[int] = mapped_column(default=0)
    finished_at: Mapped[datetime | None]

    legal_entity: Mapped[LegalEntity] = relationship()
