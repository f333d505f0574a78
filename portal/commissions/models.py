"""Statements of commission: frozen and numbered, one for each reseller, issuer and month."""

from datetime import date

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Organisation
from portal.billing.credit_models import Refund, RefundState
from portal.blobs import Document
from portal.db import Tenant, db
from portal.resellers.models import LegalEntity

_WORDS = {
    RefundState.OWED: "commission_owed",
    RefundState.IN_FILE: "refund_in_file",
    RefundState.REFUNDED: "commission_paid",
    RefundState.SET_OFF: "refund_set_off",
    RefundState.DROPPED: "refund_dropped",
}


class CommissionStatement(Tenant, db.Model):
    """What a reseller has earned in a month; it lies with the reseller. Cents without VAT, never changed."""

    __tablename__ = "commission_statement"
    __table_args__ = (
        UniqueConstraint("organisation_id", "legal_entity_id", "month"),
        UniqueConstraint("legal_entity_id", "number"),
    )

    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"))
    month: Mapped[date]  # its first day
    number: Mapped[str] = mapped_column(String(35))
    issued_on: Mapped[date]
    sold_cents: Mapped[int] = mapped_column(BigInteger)
    bought_cents: Mapped[int] = mapped_column(BigInteger)
    carried_cents: Mapped[int] = mapped_column(BigInteger)  # from the statement before, never above zero
    payable_cents: Mapped[int] = mapped_column(BigInteger)  # never below zero
    refund_id: Mapped[int | None] = mapped_column(ForeignKey("refund.id"), unique=True)  # that pays it
    document_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))

    organisation: Mapped[Organisation] = relationship(foreign_keys="CommissionStatement.organisation_id")
    legal_entity: Mapped[LegalEntity] = relationship()
    refund: Mapped[Refund | None] = relationship()
    document: Mapped[Document | None] = relationship()
    lines: Mapped[list["CommissionLine"]] = relationship(
        order_by="(CommissionLine.customer_name, CommissionLine.id)"
    )

    @property
    def margin_cents(self) -> int:
        return self.sold_cents - self.bought_cents

    @property
    def left_cents(self) -> int:
        """What the next one begins with: zero, or what is still to be made good."""
        return min(self.carried_cents + self.margin_cents, 0)

    def shown_state(self) -> str:
        return _WORDS[self.refund.state] if self.refund else "commission_carried"


class CommissionLine(Tenant, db.Model):
    """Of one invoice and product: what came in since the last statement, or went back (below zero)."""

    __tablename__ = "commission_line"
    __table_args__ = (Index("ix_commission_line_statement_id", "statement_id"),)

    statement_id: Mapped[int] = mapped_column(ForeignKey("commission_statement.id"))
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    invoice_number: Mapped[str] = mapped_column(String(35))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    customer_name: Mapped[str] = mapped_column(String(140))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    product_name: Mapped[str] = mapped_column(String(140))
    sold_cents: Mapped[int] = mapped_column(BigInteger)
    bought_cents: Mapped[int] = mapped_column(BigInteger)

    @property
    def margin_cents(self) -> int:
        return self.sold_cents - self.bought_cents
