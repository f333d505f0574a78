"""Putting an offer on sale: those that the contracts name, at the price that the provider types."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sqlalchemy import select

from portal import clock
from portal.accounts.models import Organisation, OrganisationKind
from portal.actor import Actor
from portal.catalogue.models import Plan, Product, VolumePrice
from portal.certificates.models import check_health_sale
from portal.db import db
from portal.errors import Refused
from portal.journal import record
from portal.wording import N_

_VAT_BASIS_POINTS = 2000  # CGI art. 278


@dataclass(frozen=True, slots=True)
class ShippedOffer:
    """An offer that a contract names, without a price.

    months: what one price pays for. gb: ``included``, ``metered`` or "". keys: the product in its keys, 0 for
    none. edition: whose limits its machines keep to, in the contract's values ``edition.<edition>.…``.
    """

    code: str
    name: str
    terms: str
    plan: Plan
    months: int
    unit: str
    tax: bool
    clause: str
    gb: str = ""
    keys: int = 0
    health: bool = False
    edition: str = ""


@cache
def shipped_offers() -> Mapping[str, ShippedOffer]:
    """By their codes, as ``shipped.toml`` lists them."""
    rows = tomllib.loads((Path(__file__).parent / "shipped.toml").read_text())
    return {code: ShippedOffer(code, **{**row, "plan": Plan(row["plan"])}) for code, row in rows.items()}


def make_product(
    provider: Organisation,
    offer: ShippedOffer,
    *,
    unit_cents: int,
    by: Actor,
    included_gb: int | None = None,
    gb_month_cents: int | None = None,
    grid: Mapping[int, int] | None = None,
) -> Product:
    """Put an offer on sale at a price in cents for one unit and ``offer.months``.

    included_gb: GB (10^9 bytes) that a unit pays for; gb_month_cents: a GB kept for a month; grid: cents of a
    whole subscription by the GB up to which they count. Raises Refused for an offer that is there already,
    without a price, or for health data without a certificate in the register that is valid today.

    Source: 001-06, 001-17, 002-03, 002-22.
    """
    if provider.kind != OrganisationKind.PROVIDER:
        raise Refused(N_("Seul le fournisseur met une offre en vente."))
    if db.session.scalar(select(Product.id).where(Product.code == offer.code)) is not None:
        raise Refused(N_("Cette offre est déjà en vente."))
    if unit_cents < 0 or not (unit_cents or gb_month_cents):
        raise Refused(N_("Sans prix, une offre n'est pas en vente."), field="price")
    if offer.gb == "included" and not included_gb:
        raise Refused(N_("Indiquez le volume qu'une unité comprend."), field="included_gb")
    if offer.gb == "metered" and not gb_month_cents:
        raise Refused(N_("Indiquez le prix d'un Go gardé un mois."), field="gb_month_cents")
    if offer.health:
        check_health_sale(offer.terms, clock.today(), written_on_order=True, clause=offer.clause)
    product = Product(
        organisation=provider,
        code=offer.code,
        name=offer.name,
        terms_stack=offer.terms,
        plan=offer.plan,
        billing_months=offer.months,
        unit_name=offer.unit,
        unit_cents=unit_cents,
        price_includes_vat=offer.tax,
        vat_basis_points=_VAT_BASIS_POINTS,
        has_keys=offer.keys > 0,
        key_product=offer.keys,
        included_gb=included_gb,
        gb_month_cents=gb_month_cents,
        is_on_sale=True,
        for_health_data=offer.health,
    )
    product.volume_prices = [
        VolumePrice(organisation=provider, up_to_gb=up_to_gb, cents=cents)
        for up_to_gb, cents in sorted((grid or {}).items())
    ]
    db.session.add(product)
    db.session.flush()
    record(product, "create", by=by, unit_cents=unit_cents, terms=offer.terms)
    return product


def set_on_sale(product: Product, wanted: bool, *, by: Actor) -> None:
    """Whether it can be ordered from now on; what runs goes on."""
    if product.is_on_sale != wanted:
        product.is_on_sale = wanted
        record(product, "sell" if wanted else "withdraw_offer", by=by)
