"""Invoices whose payment somebody disputes (litiges): opened, and closed with an outcome."""

from datetime import date
from enum import StrEnum

from blinker import Signal
from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.actor import Actor
from portal.billing.models import Invoice
from portal.customers.models import Customer
from portal.db import Tenant, db
from portal.errors import Refused
from portal.journal import record
from portal.stateful import Stateful, step
from portal.wording import N_

dispute_closed = Signal()  # sent by a dispute, in the transaction that closes it


class DisputeState(StrEnum):
    OPEN = "dispute_open"
    UPHELD = "dispute_upheld"  # the customer was right: a correction follows
    REJECTED = "dispute_rejected"  # the invoice stands


D = DisputeState


class InvoiceDispute(Tenant, Stateful, db.Model):
    """Somebody says that an invoice is not owed as it stands."""

    __tablename__ = "invoice_dispute"
    steps = {
        "open": step(D.OPEN, to=D.OPEN),
        "uphold": step(D.OPEN, to=D.UPHELD),
        "reject": step(D.OPEN, to=D.REJECTED),
    }

    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    state: Mapped[DisputeState] = mapped_column(default=D.OPEN, index=True)
    opened_on: Mapped[date]
    opened_by: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(String(500))
    closed_on: Mapped[date | None]
    outcome: Mapped[str] = mapped_column(String(500), default="")

    invoice: Mapped[Invoice] = relationship()
    customer: Mapped[Customer] = relationship()

    def close(self, state: DisputeState, outcome: str, *, by: Actor) -> None:
        """What came of it. Raises Refused without words, and for one that is closed.

        Source: 000-21, 003-53.
        """
        if not outcome.strip():
            raise Refused(N_("Dites ce qui a été décidé."), field="outcome")
        self._take("uphold" if state == D.UPHELD else "reject", by=by, reason=outcome.strip())
        record(self.invoice, "close_dispute", by=by, reason=outcome.strip())
        self.closed_on, self.outcome = clock.today(), outcome.strip()
        dispute_closed.send(self)


def start_dispute(invoice: Invoice, reason: str, *, by: Actor) -> InvoiceDispute:
    """Raises Refused without a reason, and while one of this invoice is open.

    Source: 000-21, 003-53.
    """
    if not reason.strip():
        raise Refused(N_("Dites ce qui est contesté."), field="reason")
    if any(each.state == D.OPEN for each in disputes_of(invoice)):
        raise Refused(N_("Cette facture est déjà contestée."), field="reason")
    dispute = InvoiceDispute(
        organisation=invoice.customer.organisation,
        invoice=invoice,
        customer_id=invoice.customer_id,
        state=D.OPEN,
        opened_on=clock.today(),
        opened_by=by.label,
        reason=reason.strip(),
        outcome="",
    )
    db.session.add(dispute)
    db.session.flush()
    record(dispute, "open", by=by, reason=reason.strip())
    record(invoice, "dispute", by=by, reason=reason.strip())
    return dispute


def disputes_of(invoice: Invoice) -> list[InvoiceDispute]:
    query = select(InvoiceDispute).where(InvoiceDispute.invoice_id == invoice.id)
    return list(db.session.scalars(query.order_by(InvoiceDispute.id.desc())))


def open_disputes(customer: Customer) -> list[InvoiceDispute]:
    """Open ones of this customer, the oldest first."""
    query = select(InvoiceDispute).where(
        InvoiceDispute.customer_id == customer.id, InvoiceDispute.state == D.OPEN
    )
    return list(db.session.scalars(query.order_by(InvoiceDispute.id)))
