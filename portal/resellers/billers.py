"""Who invoices a customer of a reseller: the provider, or the reseller by an entity of its own."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import select

from portal.accounts.models import Organisation, OrganisationKind
from portal.actor import Actor
from portal.db import db
from portal.errors import Refused
from portal.i18n import said
from portal.journal import record
from portal.resellers.models import LegalEntity, entities, issuer_for, issuers_of, name_entity
from portal.wording import N_


class BillingMode(StrEnum):
    """Who invoices a customer."""

    PROVIDER = "provider"  # the reseller keeps a margin
    RESELLER = "reseller"  # the reseller buys in bulk


def mode_under(entity: LegalEntity) -> BillingMode:
    """The mode of a customer who is invoiced by this legal entity: whose it is decides."""
    is_resellers = entity.organisation.kind == OrganisationKind.RESELLER
    return BillingMode.RESELLER if is_resellers else BillingMode.PROVIDER


def modes_of(owners: Sequence[Any]) -> dict[str, BillingMode | None]:
    """How each of these is invoiced today, by its path; None where nobody bills yet. owners: with a path."""
    if not owners:
        return {}
    try:
        return {path: mode_under(entity) for path, entity in issuers_of(owners).items()}
    except LookupError:  # of one tree: without an entity at its root
        return dict.fromkeys([each.org_path for each in owners])


def have_entities(sellers: Sequence[Organisation]) -> list[LegalEntity]:
    """Of these resellers their own entities, whether or not they may bill yet."""
    own = LegalEntity.organisation_id.in_([each.id for each in sellers])
    return list(db.session.scalars(select(LegalEntity).where(own).order_by(LegalEntity.id)))


def biller_in(reseller: Organisation, mode: BillingMode) -> LegalEntity:
    """The entity that invoices a customer of this reseller in a mode: its own, or the provider's above.

    Raises Refused, with the reason, where there is none that may.
    """
    above = [each for each in entities() if reseller.org_path.startswith(each.org_path)]
    if mode is BillingMode.RESELLER:
        found = [each for each in above if each.organisation_id == reseller.id]
    else:
        found = [each for each in above if mode_under(each) is mode]
    if found:
        ruled = issuer_for(reseller)
        return ruled if ruled in found else found[0]
    if mode is BillingMode.PROVIDER:
        raise Refused(N_("Le fournisseur n'a pas d'entité juridique qui facture."), field="billed_by")
    if waiting := have_entities([reseller]):
        raise Refused(
            N_("Le compte de %(name)s attend l'accord d'une seconde personne : elle ne facture pas encore."),
            field="billed_by",
            name=waiting[0].name,
        )
    raise Refused(
        N_("%(name)s n'a pas d'entité juridique à elle : le fournisseur facture ses clients."),
        field="billed_by",
        name=reseller.name,
    )


def why_not(reseller: Organisation, mode: BillingMode) -> Any:
    """In the reader's language, why nobody of this mode can invoice its customers; "" where somebody can."""
    try:
        biller_in(reseller, mode)
    except Refused as refusal:
        return said(refusal)
    return ""


def bill_by(customer: Organisation, reseller: Organisation, mode: BillingMode, *, by: Actor) -> None:
    """Name who invoices a customer that is being entered, whatever the rule of its reseller says.

    Raises Refused as :func:`biller_in` does.
    """
    entity = biller_in(reseller, mode)
    name_entity(customer, entity)
    record(customer, "name_issuer", by=by, entity=entity.name)
