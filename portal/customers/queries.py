"""Lists of customers: searched by folded prefix, paged by key."""

from typing import Any

from sqlalchemy import Select, and_, or_, select

from portal.access import RESELLER
from portal.accounts.models import Organisation, OrganisationKind
from portal.customers.models import Customer, fold
from portal.db import cursor_of, db, within

PAGE = 25


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


def page(query: Select[Any], after: str) -> tuple[list[Customer], str]:
    """The 25 rows after a cursor, and the cursor of the next page ("" when this is the last)."""
    name, _, last = after.rpartition("|")
    if (number := cursor_of(last)) is not None:
        later = and_(Customer.name_folded == name, Customer.id > number)
        query = query.where(or_(Customer.name_folded > name, later))
    query = query.order_by(Customer.name_folded, Customer.id).limit(PAGE + 1)
    rows = list(db.session.scalars(query))
    more = len(rows) > PAGE
    rows = rows[:PAGE]
    return rows, f"{rows[-1].name_folded}|{rows[-1].id}" if more else ""
