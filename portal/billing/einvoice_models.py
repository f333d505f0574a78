"""From which day an issuer's invoices are e-invoices, and what the rules said of each of them."""

from datetime import date
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, backref, mapped_column, relationship

from portal.actor import Actor
from portal.billing.models import Invoice
from portal.blobs import Document
from portal.customers.models import Customer
from portal.db import Tenant, db
from portal.resellers.models import LegalEntity
from portal.stateful import Stateful, step


class EInvoicing(Tenant, db.Model):
    """What an issuer has chosen: its first day. Without a row the law's day counts."""

    __tablename__ = "einvoicing"
    __table_args__ = (UniqueConstraint("legal_entity_id"),)
    seen_from_below = True  # whoever orders freezes an invoice of the issuer above

    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"))
    issue_from: Mapped[date | None]  # Paris day; invoices of that day and later carry their XML

    legal_entity: Mapped[LegalEntity] = relationship(backref=backref("einvoicing", uselist=False))


class EInvoiceState(StrEnum):
    VALID = "einvoice_valid"  # XSD, both schematrons and the sums hold; the PDF carries the XML
    REFUSED = "einvoice_refused"  # a rule is broken: the PDF carries nothing, and finance decides
    CLOSED = "einvoice_closed"  # a person said what became of a refused one


S = EInvoiceState


class EInvoiceRecord(Tenant, Stateful, db.Model):
    """An invoice or a credit note whose PDF was to be an e-invoice."""

    __tablename__ = "einvoice"
    __table_args__ = (UniqueConstraint("document_id"),)

    steps = {"close": step(S.REFUSED, to=S.CLOSED)}

    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)  # a credit note's own too
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id"))
    type: Mapped[str] = mapped_column(String(3))  # BT-3: 380 an invoice, 381 a credit note
    number: Mapped[str] = mapped_column(String(35))
    issued_on: Mapped[date]
    state: Mapped[EInvoiceState] = mapped_column(index=True)
    findings: Mapped[list[list[str]]] = mapped_column(JSON)  # rule and its sentence, each
    xml_sha256: Mapped[str] = mapped_column(String(64))
    closed_why: Mapped[str] = mapped_column(String(300), default="", server_default="")

    customer: Mapped[Customer] = relationship()
    legal_entity: Mapped[LegalEntity] = relationship()
    invoice: Mapped[Invoice] = relationship()
    document: Mapped[Document] = relationship()

    def close(self, why: str, *, by: Actor) -> None:
        """Say what became of one that the rules refused."""
        self._take("close", by=by, why=why)
        self.closed_why = why
