"""Who writes to an organisation: the issuer above it, and the reseller whom its people know."""

from typing import Any

from flask import g
from sqlalchemy import select

from portal.accounts.models import Organisation, OrganisationKind
from portal.db import db
from portal.mail.voice import Voice, voices
from portal.resellers.brand import face_for, support_for
from portal.resellers.models import entities, issuer_for
from portal.resellers.sender import sender_above


@voices()
def issuer_and_reseller(owner: Any) -> Voice | None:
    """Looked up once for all customers of a node: a run writes to thousands of them."""
    parent, _slash, _own = owner.org_path.rstrip("/").rpartition("/")
    if "has_one_issuer" not in g:
        g.has_one_issuer = len(entities()) == 1
    if getattr(owner, "kind", None) != OrganisationKind.CUSTOMER or not g.has_one_issuer:
        return _looked_up(owner)
    known: dict[str, Voice | None] = g.setdefault("voices", {})
    if parent not in known:
        known[parent] = _looked_up(owner)
    return known[parent]


def _looked_up(owner: Any) -> Voice | None:
    try:
        entity = issuer_for(owner)
    except LookupError:
        return None
    above = owner.org_path.strip("/").split("/")[:-1]
    query = select(Organisation.name).where(
        Organisation.uid.in_(above), Organisation.kind == OrganisationKind.RESELLER
    )
    nearest = db.session.scalars(query.order_by(db.func.length(Organisation.org_path).desc())).first()
    support = support_for(owner.org_path)
    parent, _slash, _own = owner.org_path.rstrip("/").rpartition("/")
    sender, brand = sender_above(owner), face_for(f"{parent}/").name if parent else ""
    return Voice(
        entity.name,
        entity.email,
        support.name or nearest or "",
        support.ways,
        brand or (sender.organisation.name if sender else ""),
        sender.address if sender else "",
    )
