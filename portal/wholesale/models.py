"""Who stands for a reseller as a buyer, and what was bought for each of its customers."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Organisation
from portal.billing.models import Charge, Invoice
from portal.customers.models import Customer
from portal.db import Tenant, db


class WholesaleBuyer(Tenant, db.Model):
    """The customer record that stands for a reseller as the provider's buyer; it lies with the reseller."""

    __tablename__ = "wholesale_buyer"
    __table_args__ = (UniqueConstraint("organisation_id"),)

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), unique=True)

    organisation: Mapped[Organisation] = relationship(foreign_keys="WholesaleBuyer.organisation_id")
    customer: Mapped[Customer] = relationship()


class WholesaleLine(Tenant, db.Model):
    """What a reseller bought of one charge of a customer: never changed, never twice. Cents without VAT."""

    __tablename__ = "wholesale_line"
    __table_args__ = (Index("ix_wholesale_line_month", "organisation_id", "month"),)

    month: Mapped[str] = mapped_column(String(7))  # whose run bought it, as 2026-12
    charge_id: Mapped[int] = mapped_column(ForeignKey("charge.id"), unique=True)  # what the customer owes
    bought_by_id: Mapped[int] = mapped_column(ForeignKey("charge.id"), index=True)  # what the reseller owes
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    customer_name: Mapped[str] = mapped_column(String(140))
    subscription_uid: Mapped[str] = mapped_column(String(16))
    label: Mapped[str] = mapped_column(String(300))
    quantity: Mapped[int]
    unit_cents: Mapped[int] = mapped_column(BigInteger)

    @property
    def net_cents(self) -> int:
        return self.quantity * self.unit_cents


def buyer_of(organisation: Organisation) -> WholesaleBuyer | None:
    query = select(WholesaleBuyer).where(WholesaleBuyer.organisation_id == organisation.id)
    return db.session.scalars(query).one_or_none()


def annex_of(invoice: Invoice) -> Sequence[WholesaleLine]:
    """The parts of a bulk invoice, by customer; their sum is its total without VAT."""
    own = select(Charge.id).where(Charge.invoice_id == invoice.id)
    query = select(WholesaleLine).where(WholesaleLine.bought_by_id.in_(own))
    return db.session.scalars(query.order_by(WholesaleLine.customer_name, WholesaleLine.id)).all()


class BuyingTerms(Tenant, db.Model):
    """Under which contract a reseller that bills its customers buys, and what a wider promise meets."""

    __tablename__ = "buying_terms"
    __table_args__ = (UniqueConstraint("organisation_id"),)

    stack: Mapped[str] = mapped_column(String(40), default="")  # of CONTRACTS; "": that of what it sells
    refuses: Mapped[bool] = mapped_column(default=False)  # a wider promise stops the order

    organisation: Mapped[Organisation] = relationship(foreign_keys="BuyingTerms.organisation_id")


def buying_terms_of(organisation_id: int) -> BuyingTerms | None:
    query = select(BuyingTerms).where(BuyingTerms.organisation_id == organisation_id)
    return db.session.scalars(query).one_or_none()
