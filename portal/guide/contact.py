"""Whom a person asks: her reseller, or the provider."""

from typing import NamedTuple

from flask import g
from sqlalchemy import select

from portal.access import Role
from portal.accounts.models import Organisation, OrganisationKind, User
from portal.db import EVERYTHING, db, scope
from portal.resellers.brand import support_for
from portal.resellers.models import LegalEntity


class Contact(NamedTuple):
    """Who answers. person: "" where an organisation's own address is known. "" for what is not known."""

    organisation: str
    kind: OrganisationKind
    person: str
    email: str
    phone: str = ""
    hours: str = ""


def contact() -> Contact | None:
    """The organisation above the acting person's own; None for the provider's people, who are asked."""
    above = g.actor.organisation.parent
    if above is None:
        return None
    if (support := support_for(above.org_path)).ways:
        return Contact(support.name, above.kind, "", support.email, support.phone, support.hours)
    with scope(EVERYTHING):
        entity = _entity(above)
        owner = _owner(above) if entity is None else None
    if entity is not None:
        return Contact(above.name, above.kind, "", entity.email)
    return Contact(above.name, above.kind, owner.name if owner else "", owner.email if owner else "")


def _entity(organisation: Organisation) -> LegalEntity | None:
    query = select(LegalEntity).where(LegalEntity.organisation_id == organisation.id)
    return db.session.scalars(query.order_by(LegalEntity.id).limit(1)).one_or_none()


def _owner(organisation: Organisation) -> User | None:
    query = select(User).where(User.organisation_id == organisation.id, User.role == Role.OWNER, User.works())
    return db.session.scalars(query.order_by(User.id).limit(1)).one_or_none()
