"""What can be ordered."""

from datetime import date
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import JSON, BigInteger, ForeignKey, String, Text, UniqueConstraint, false, select, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Tenant, db


class Plan(StrEnum):
    MONTHLY = "monthly"
    ANNUAL = "annual"
    THREE_YEARS = "36_months"


class Method(StrEnum):
    """Means of payment that the portal carries out."""

    WIRE = "wire"
    DIRECT_DEBIT = "direct_debit"
    CHEQUE = "cheque"
    ADMINISTRATIVE_MANDATE = "administrative_mandate"  # a public accountant's wire (mandat administratif)
    CARD = "card"  # at a gateway, see portal.cardpay

    @property
    def is_sent(self) -> bool:
        """Does the customer send the money, on a paper that says how? Otherwise it is collected."""
        return self not in (Method.DIRECT_DEBIT, Method.CARD)


class Product(Tenant, db.Model):
    """An offer of the provider: an edition, a plan, a price, and the contract that it is sold under."""

    __tablename__ = "product"
    seen_from_below: ClassVar[bool] = True

    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(140))
    terms_stack: Mapped[str] = mapped_column(String(40))  # key of terms.library.stacks()
    plan: Mapped[Plan]
    key_product: Mapped[int] = mapped_column(default=0)  # first 6 bits of its activation keys
    billing_months: Mapped[int]  # what one price pays for; a 36-month commitment is billed monthly
    unit_name: Mapped[str] = mapped_column(String(60))  # "licence Poste de travail"
    unit_cents: Mapped[int] = mapped_column(BigInteger)  # for one unit and billing_months
    price_includes_vat: Mapped[bool]
    vat_basis_points: Mapped[int] = mapped_column(default=2000)
    has_keys: Mapped[bool]  # sold with activation keys
    included_gb: Mapped[int | None]  # volume that one unit pays for, in GB (10^9 bytes)
    gb_month_cents: Mapped[int | None] = mapped_column(BigInteger)  # on demand: a GB kept for a month
    is_on_sale: Mapped[bool] = mapped_column(default=True)
    # What its buyers download: rows of installers.Installer, and how to set it up, as plain text.
    installers: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list, server_default=text("'[]'"))
    setup_fr: Mapped[str] = mapped_column(Text, default="", server_default="")
    setup_en: Mapped[str] = mapped_column(Text, default="", server_default="")
    for_health_data: Mapped[bool] = mapped_column(default=False, server_default=false())  # HDS offers

    revisions: Mapped[list["PriceRevision"]] = relationship(
        back_populates="product", order_by="PriceRevision.effective_on"
    )

    volume_prices: Mapped[list["VolumePrice"]] = relationship(
        back_populates="product", order_by="VolumePrice.up_to_gb"
    )

    def price_on(self, day: date) -> int:
        """Unit price in cents of an order of that day."""
        begun = [revision.unit_cents for revision in self.revisions if revision.effective_on <= day]
        return begun[-1] if begun else self.unit_cents


class PriceRevision(Tenant, db.Model):
    """A new unit price of a product, from a day on; ``Product.unit_cents`` stays the first one."""

    __tablename__ = "price_revision"
    __table_args__ = (UniqueConstraint("product_id", "effective_on"),)
    seen_from_below: ClassVar[bool] = True

    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    unit_cents: Mapped[int] = mapped_column(BigInteger)
    effective_on: Mapped[date]
    decided_by: Mapped[str] = mapped_column(String(200))

    product: Mapped[Product] = relationship(back_populates="revisions")


class VolumePrice(Tenant, db.Model):
    """A line of the public price list of an offer: a whole subscription up to a volume (grille tarifaire)."""

    __tablename__ = "volume_price"
    __table_args__ = (UniqueConstraint("product_id", "up_to_gb"),)
    seen_from_below: ClassVar[bool] = True

    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    up_to_gb: Mapped[int]
    cents: Mapped[int] = mapped_column(BigInteger)  # for billing_months, VAT as in the product's price

    product: Mapped[Product] = relationship(back_populates="volume_prices")


def list_products() -> list[Product]:
    query = select(Product).where(Product.is_on_sale).order_by(Product.name, Product.id)
    return list(db.session.scalars(query))
