"""Lists of customers: searched by folded prefix."""

from typing import Any

from sqlalchemy import Select, select

from portal.access import RESELLER
from portal.accounts.models import Organisation, OrganisationKind
from portal.customers.models import Customer, fold
from portal.db import db, within


def search(actor: Any, text: str) -> Select[Any]:
    """Customers whose name starts with the text, or whose SIREN does; case and accents do not count."""
    query = Customer.visible_to(actor)
    if actor.role in RESELLER:
        # Equality on the reseller, so that its customers come out of the index in the order of the page.
        query = query.where(Customer.reseller_id.in_(_resellers_below(actor)))
    digits = "".join(text.split())
    if digits.isascii() and digits.isdigit():
        return query.where(Customer.siren >= digits, Customer.siren < digits + ":")
    if text.strip():
        folded = fold(text)
        # A range keeps the index on both engines, and under row-level security.
        return query.where(Customer.name_folded >= folded, Customer.name_folded < folded + "\U0010ffff")
    return query


def _resellers_below(actor: Any) -> list[int]:
    """The actor's own organisation and the resellers under it."""
    query = select(Organisation.id).where(
        within(Organisation, actor.org_path), Organisation.kind == OrganisationKind.RESELLER
    )
    return list(db.session.scalars(query))
