"""Which legal entity bills a customer or what a reseller sells, where it is named."""

from typing import Any

from flask import g
from sqlalchemy import select

from portal.access import Permission, may
from portal.accounts.models import Organisation, OrganisationKind
from portal.actor import Actor
from portal.billing.models import Invoice
from portal.customers.models import Customer
from portal.customers.panels import customer_panel
from portal.db import db, within
from portal.errors import Refused
from portal.journal import record
from portal.panels import Panel
from portal.resellers.models import LegalEntity, entities, issuer_for, name_entity, pin_issuers
from portal.resellers.panels import reseller_panel
from portal.resellers.reseller import Reseller
from portal.sepa.models import Mandate, MandateState
from portal.wording import N_


def choices_for(organisation: Organisation) -> list[LegalEntity]:
    """The entities at or above a node, the lowest first."""
    return [each for each in entities() if organisation.org_path.startswith(each.org_path)]


def name_issuer(organisation: Organisation, entity: LegalEntity, *, by: Actor) -> None:
    """Name who bills a customer, or the customers that are recorded below a reseller from now on.

    Raises Refused for an entity that does not stand above, and for a customer that was billed before or
    has a mandate with another entity: its debits and invoices stay with whom it knows.
    """
    if not organisation.org_path.startswith(entity.org_path):
        raise Refused(N_("Cette entité n'est pas au-dessus de cette organisation."), field="entity")
    if not entity.is_open:
        raise Refused(
            N_("Une deuxième personne doit d'abord accepter le compte de cette entité."), field="entity"
        )
    if organisation.kind == OrganisationKind.CUSTOMER:
        if is_bound(organisation):
            raise Refused(
                N_("Ce client a déjà une facture ou un mandat : il garde l'entité qu'il connaît."),
                field="entity",
            )
    else:
        pin_issuers(organisation.org_path)
    name_entity(organisation, entity)
    record(organisation, "name_issuer", by=by, entity=entity.name)


def is_bound(organisation: Organisation) -> bool:
    """Has this customer an invoice, or a mandate that is out or signed?"""
    invoice = select(Invoice.id).where(within(Invoice, organisation.org_path)).limit(1)
    if db.session.scalar(invoice) is not None:
        return True
    out = (MandateState.SENT, MandateState.SIGNED, MandateState.SUSPENDED)
    mandate = select(Mandate.id).where(within(Mandate, organisation.org_path), Mandate.state.in_(out))
    return db.session.scalar(mandate.limit(1)) is not None


def _panel(organisation: Organisation, is_open: bool) -> Panel | None:
    if not may(Permission.ENTITY_WRITE) or g.actor.is_looking:
        return None
    choices = choices_for(organisation)
    if len(choices) < 2:
        return None
    context: dict[str, Any] = {
        "organisation": organisation,
        "choices": choices,
        "now": issuer_for(organisation),
        "is_open": is_open,
    }
    return Panel("billing/_issuer_panel.html", context)


@customer_panel(rank=90)
def customers_issuer(customer: Customer) -> Panel | None:
    return _panel(customer.organisation, not is_bound(customer.organisation))


@reseller_panel(rank=90)
def resellers_issuer(reseller: Reseller) -> Panel | None:
    return _panel(reseller.organisation, True)
