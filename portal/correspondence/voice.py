"""Who writes to an organisation: the issuer above it, and the reseller whom its people know."""

from typing import Any

from flask import g
from sqlalchemy import select

from portal.accounts.models import Organisation, OrganisationKind
from portal.db import db
from portal.mail.voice import Voice, voices
from portal.resellers.models import entities, nearest_above


@voices()
def issuer_and_reseller(owner: Any) -> Voice | None:
    """Looked up once for all customers of a node: a run writes to thousands of them."""
    parent, _slash, _own = owner.org_path.rstrip("/").rpartition("/")
    if getattr(owner, "kind", None) != OrganisationKind.CUSTOMER:
        return _looked_up(owner)
    known: dict[str, Voice | None] = g.setdefault("voices", {})
    if parent not in known:
        known[parent] = _looked_up(owner)
    return known[parent]


def _looked_up(owner: Any) -> Voice | None:
    try:
        entity = nearest_above(owner, entities())
    except LookupError:
        return None
    above = owner.org_path.strip("/").split("/")[:-1]
    query = select(Organisation.name).where(
        Organisation.uid.in_(above), Organisation.kind == OrganisationKind.RESELLER
    )
    nearest = db.session.scalars(query.order_by(db.func.length(Organisation.org_path).desc())).first()
    return Voice(entity.name, entity.email, nearest or "")
