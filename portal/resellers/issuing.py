"""Whose months somebody runs: people of the provider those of every issuer, people of a reseller their own.

A reseller that bills its customers by an entity of its own runs the month of that entity: billing runs,
debits and their files, the bank's answers, late payers, refunds, transfers, credits, its books. Other issuers
do not exist for it there, be it the provider's above it, which bills some of its customers, or that of a
reseller below it. Every address of the month asks here for its rows, so that a page and an act have the same
answer.
"""

from typing import Any

from flask import g
from sqlalchemy import Select, select

from portal.access import RESELLER, tells_whether_it_bills
from portal.db import EVERYTHING, db, scope
from portal.resellers.models import LegalEntity


def _own(actor: Any) -> Select[int]:
    """The ids of the entities of her own house that may bill."""
    is_own = LegalEntity.organisation_id == actor.organisation_id
    return select(LegalEntity.id).where(is_own, LegalEntity.is_open)


@tells_whether_it_bills
def bills_itself(actor: Any) -> bool:
    """Has the house of this person an issuer of its own, to whose account two people have agreed?

    Asked once in a request, whatever the request may see: also before anything says whose it is.
    """
    known: dict[int, bool] = g.setdefault("bills_itself", {})
    if actor.organisation_id not in known:
        with scope(EVERYTHING):
            known[actor.organisation_id] = db.session.scalars(_own(actor)).first() is not None
    return known[actor.organisation_id]


def issuers_to_run(actor: Any) -> Select[Any]:
    """The legal entities whose months this person runs."""
    query: Select[Any] = LegalEntity.visible_to(actor)
    return query.where(LegalEntity.id.in_(_own(actor))) if actor.role in RESELLER else query


def run_by(model: Any, actor: Any) -> Select[Any]:
    """The rows of a table with ``legal_entity_id`` that belong to issuers whose months this person runs."""
    query: Select[Any] = model.visible_to(actor)
    return query.where(model.legal_entity_id.in_(_own(actor))) if actor.role in RESELLER else query


def runs(actor: Any, entity: LegalEntity) -> bool:
    """Does this person run the months of this legal entity?"""
    return actor.role not in RESELLER or (entity.is_open and entity.organisation_id == actor.organisation_id)


def issuer_of_its_word(actor: Any, entity_id: int) -> int | None:
    """For which issuer alone it counts what this person says of a customer of an entity; None: for all.

    entity_id: the id of the entity that it is said for. The provider answers for every issuer.
    """
    return entity_id if getattr(actor, "role", None) in RESELLER else None
