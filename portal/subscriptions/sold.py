"""What was sold, as the order and its subscription keep it."""

from typing import Any

from sqlalchemy import JSON, BigInteger, String, false
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.billing.rules import Priced, totals
from portal.catalogue.models import Method, Plan
from portal.customers.references import REFERENCES, WithReferences
from portal.terms.in_force import pinned_stack
from portal.terms.stack import Stack


class Sold(WithReferences):
    """What an order and the subscription that comes of it have in common, frozen when ordered."""

    product_name: Mapped[str] = mapped_column(String(140))
    plan: Mapped[Plan]
    terms_stack: Mapped[str] = mapped_column(String(40))
    terms_versions: Mapped[list[str]] = mapped_column(JSON)
    billing_months: Mapped[int]
    quantity: Mapped[int]
    unit_cents: Mapped[int] = mapped_column(BigInteger)
    includes_vat: Mapped[bool]
    vat_basis_points: Mapped[int]
    method: Mapped[Method]
    volume_gb: Mapped[int | None]  # contracted, as a whole (002-03, 004-09); None where volume is not priced
    gb_month_cents: Mapped[int | None] = mapped_column(BigInteger)  # on demand: a GB kept for a month
    health_data: Mapped[bool] = mapped_column(default=False, server_default=false())  # ordered for such data
    price_uid: Mapped[str | None] = mapped_column(
        String(16)
    )  # of the reseller's own price; None: the public one

    def copied(self) -> dict[str, Any]:
        names = (
            "product_name",
            "plan",
            "terms_stack",
            "terms_versions",
            "billing_months",
            "quantity",
            "unit_cents",
            "includes_vat",
            "vat_basis_points",
            "method",
            "volume_gb",
            "gb_month_cents",
            "health_data",
            "price_uid",
            *REFERENCES,
        )
        return {name: getattr(self, name) for name in names}

    @property
    def terms(self) -> Stack:
        """The pinned stack of documents, whose versions are part of the contract."""
        return pinned_stack(self.terms_stack, self.terms_versions)

    @property
    def present_terms(self) -> Stack:
        """The contract as it stands today."""
        return self.terms.on(clock.today())

    @property
    def monthly_cents(self) -> int:
        """Flat fee of one month for all units, in cents, rounded down."""
        return self.quantity * self.unit_cents // self.billing_months

    @property
    def net_cents(self) -> int:
        """What one billing period costs for all units, without VAT, wherever they are sold."""
        return totals([self.priced("")]).net_cents

    def priced(self, label: str) -> Priced:
        return Priced(label, self.quantity, self.unit_cents, self.includes_vat, self.vat_basis_points)
