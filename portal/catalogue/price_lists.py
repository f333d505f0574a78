"""Prices of one reseller: what it pays, and what it asks of its customers, each from a day on.

Amounts are cents for one unit and the product's billing period, with or without VAT as the public price.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from blinker import Namespace
from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.accounts.models import Organisation, OrganisationKind
from portal.actor import Actor
from portal.catalogue.models import Product
from portal.db import Tenant, db
from portal.errors import Refused
from portal.i18n import eur
from portal.journal import record
from portal.panels import Place
from portal.wording import N_

_signals = Namespace()
# Sent with by= in the transaction that decides or withdraws a retail price.
retail_decided = _signals.signal("retail-decided")
retail_withdrawn = _signals.signal("retail-withdrawn")


class PriceKind(StrEnum):
    WHOLESALE = "wholesale"  # the reseller buys at it
    RETAIL = "retail"  # its customers buy at it


K = PriceKind


class ResellerPrice(Tenant, db.Model):
    """One price of a reseller's list. Its row lies with the reseller: no customer ever sees it."""

    __tablename__ = "reseller_price"
    __table_args__ = (
        UniqueConstraint("organisation_id", "product_id", "kind", "from_quantity", "effective_on"),
    )

    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    kind: Mapped[PriceKind]
    from_quantity: Mapped[int] = mapped_column(default=1)  # units of one order from which it counts
    unit_cents: Mapped[int] = mapped_column(BigInteger)
    floor_cents: Mapped[int | None] = mapped_column(BigInteger)  # of a wholesale price: retail is not below
    effective_on: Mapped[date]
    withdrawn_on: Mapped[date | None]  # from that day it counts no more
    decided_by: Mapped[str] = mapped_column(String(200))

    product: Mapped[Product] = relationship()

    def counts_on(self, day: date) -> bool:
        return self.effective_on <= day and (self.withdrawn_on is None or day < self.withdrawn_on)

    def shown_state(self) -> str:
        today = clock.today()
        if self.withdrawn_on is not None and self.withdrawn_on <= today:
            return "price_withdrawn"
        return "price_counts" if self.effective_on <= today else "price_coming"

    def withdraw(self, *, by: Actor) -> None:
        """From today it counts no more; what was sold keeps its price, what was announced is recalled.

        Raises Refused a second time.
        """
        if self.withdrawn_on is not None:
            raise Refused(N_("Ce prix est déjà retiré."))
        self.withdrawn_on = clock.today()
        record(self, "withdraw", by=by, unit_cents=self.unit_cents)
        if self.kind == K.RETAIL:
            retail_withdrawn.send(self, by=by)


price_word: Place[ResellerPrice, str] = Place()
"""What a retail price means for running contracts: a sentence in the reader's language."""


class PriceList:
    """The prices of one reseller, as they were and will be: read once, asked for any product and day."""

    def __init__(self, rows: Iterable[ResellerPrice]) -> None:
        self._rows: dict[tuple[int, PriceKind], list[ResellerPrice]] = defaultdict(list)
        for row in rows:
            self._rows[row.product_id, row.kind].append(row)

    def steps(self, product: Product, kind: PriceKind, day: date) -> dict[int, ResellerPrice]:
        """The price that counts that day, by the number of units from which it does."""
        counting = [row for row in self._rows[product.id, kind] if row.counts_on(day)]
        return {row.from_quantity: row for row in sorted(counting, key=lambda row: row.effective_on)}

    def wholesale(self, product: Product, quantity: int, day: date) -> int | None:
        """What the reseller pays for one of so many units; None where nothing is agreed."""
        steps = self.steps(product, K.WHOLESALE, day)
        reached = [start for start in steps if start <= quantity]
        return steps[max(reached)].unit_cents if reached else None

    def retail(self, product: Product, day: date) -> ResellerPrice | None:
        return self.steps(product, K.RETAIL, day).get(1)

    def floor(self, product: Product, day: date) -> int | None:
        """Below this the reseller may not sell: its dearest step, or what the provider has set above it."""
        steps = self.steps(product, K.WHOLESALE, day).values()
        return max((max(row.unit_cents, row.floor_cents or 0) for row in steps), default=None)

    def history(self, product: Product, kind: PriceKind) -> list[ResellerPrice]:
        """All of them, those that begin last first."""
        rows = self._rows[product.id, kind]
        return sorted(rows, key=lambda row: (row.effective_on, -row.from_quantity, row.id), reverse=True)


def price_list(organisation_id: int) -> PriceList:
    query = select(ResellerPrice).where(ResellerPrice.organisation_id == organisation_id)
    return PriceList(db.session.scalars(query.order_by(ResellerPrice.id)))


@dataclass(frozen=True, slots=True)
class Selling:
    """What a customer of a reseller pays for one unit; ``own``: the reseller's price, if there is one."""

    unit_cents: int
    own: ResellerPrice | None = None


def selling(prices: PriceList, product: Product, day: date) -> Selling:
    """The reseller's own price, or the public one.

    Raises Refused for an own price that has come to lie below what it pays, or below the provider's floor.
    """
    own = prices.retail(product, day)
    if own is None:
        return Selling(product.price_on(day))
    floor = prices.floor(product, day)
    if floor is not None and own.unit_cents < floor:
        raise Refused(
            N_("Le prix de vente de cette offre est au-dessous du minimum : il est à fixer à nouveau."),
            field="product",
        )
    return Selling(own.unit_cents, own)


def set_wholesale(
    reseller: Organisation,
    product: Product,
    *,
    unit_cents: int,
    effective_on: date,
    by: Actor,
    from_quantity: int = 1,
    floor_cents: int | None = None,
) -> ResellerPrice:
    """Agree what a reseller pays from a day on. floor_cents: it may not sell below that.

    Raises Refused for another house than a reseller, a day in the past, a second price of the same day, and
    a floor below the price.
    """
    if reseller.kind != OrganisationKind.RESELLER:
        raise Refused(N_("Un prix d'achat se convient avec un revendeur."))
    if floor_cents is not None and floor_cents < unit_cents:
        raise Refused(N_("Le minimum est au moins le prix d'achat."), field="floor")
    row = _decided(reseller, product, K.WHOLESALE, unit_cents, effective_on, by, from_quantity=from_quantity)
    row.floor_cents = floor_cents
    return row


def set_retail(
    reseller: Organisation, product: Product, *, unit_cents: int, effective_on: date, by: Actor
) -> ResellerPrice:
    """Decide what the customers of a reseller pay from a day on, for what they order then; who has a running
    contract at a retail price is told, and follows as that contract says.

    Raises Refused below what it pays itself or the provider's floor, and without a wholesale price.
    """
    floor = price_list(reseller.id).floor(product, effective_on)
    if floor is None:
        raise Refused(N_("Aucun prix d'achat n'est convenu avec le fournisseur pour ce jour."), field="price")
    if unit_cents < floor:
        raise Refused(
            N_("Au moins %(floor)s : le prix ne descend pas plus bas."), field="price", floor=eur(floor)
        )
    row = _decided(reseller, product, K.RETAIL, unit_cents, effective_on, by)
    retail_decided.send(row, by=by)
    return row


def _decided(
    reseller: Organisation,
    product: Product,
    kind: PriceKind,
    unit_cents: int,
    effective_on: date,
    by: Actor,
    **values: Any,
) -> ResellerPrice:
    if effective_on < clock.today():
        raise Refused(N_("Un prix vaut au plus tôt aujourd'hui."), field="effective_on")
    row = ResellerPrice(
        organisation=reseller,
        product_id=product.id,
        kind=kind,
        unit_cents=unit_cents,
        effective_on=effective_on,
        decided_by=by.label,
        **{"from_quantity": 1, **values},
    )
    same = price_list(reseller.id).history(product, kind)
    if any(each.effective_on == effective_on and each.from_quantity == row.from_quantity for each in same):
        raise Refused(N_("Un prix est déjà décidé pour ce jour."), field="effective_on")
    db.session.add(row)
    db.session.flush()
    record(row, "decide", by=by, unit_cents=unit_cents, effective_on=effective_on.isoformat())
    return row
