"""A new customer as a form or a partner's system asks for her: entered, asked to accept terms, invited."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from portal.access import Role
from portal.accounts.models import Organisation, OrganisationKind
from portal.actor import Actor
from portal.customers.models import ContactRole, Customer, onboard
from portal.customers.terms_requests import check_party, request_terms
from portal.db import db
from portal.people.access import give_account
from portal.resellers.billers import BillingMode, bill_by, have_entities, why_not
from portal.resellers.models import LegalEntity, issuer_for


def sellers_for(actor: Any) -> list[Organisation]:
    """Under whom somebody may onboard: her own house, or any reseller for the provider."""
    if actor.organisation.kind == OrganisationKind.RESELLER:
        return [actor.organisation]
    query = Organisation.visible_to(actor).where(Organisation.kind == OrganisationKind.RESELLER)
    return list(db.session.scalars(query.order_by(Organisation.name)))


def seller_named(actor: Any, uid: str) -> Organisation | None:
    """The one of them that is named; the first where none is, None for a name that is none of theirs."""
    sellers = sellers_for(actor)
    return next((each for each in sellers if not uid or each.uid == uid), None)


class WaysToBill(NamedTuple):
    """Who invoices today what these resellers sell, whether it may be another, and why not.

    rule: the entity of the only reseller; None where several are to choose from, or nobody bills yet.
    names: of the resellers that have an entity of their own. refused: the reason, by mode.
    """

    rule: LegalEntity | None
    names: list[str]
    refused: dict[str, str]


def ways_to_bill(sellers: Sequence[Organisation]) -> WaysToBill | None:
    """What an entry asks; None where no reseller has an entity of its own."""
    own = have_entities(sellers)
    if not own:
        return None
    names = sorted({each.organisation.name for each in own})
    if len(sellers) > 1:
        return WaysToBill(None, names, {})
    (seller,) = sellers
    return WaysToBill(issuer_for(seller), names, {mode.value: why_not(seller, mode) for mode in BillingMode})


def take_on(
    reseller: Organisation,
    values: dict[str, Any],
    contacts: dict[ContactRole, tuple[str, str, str]],
    *,
    terms: str = "",
    invites: bool = False,
    billed_by: str = "",
    by: Actor,
) -> Customer:
    """Enter a customer; her signatory is sent the contract to accept, and the way into her own space.

    values: by column. contacts: (name, e-mail, phone) by role. terms: a stack in force, "" for none yet.
    billed_by: of BillingMode; "" for the rule of her reseller. Raises Refused for terms that are not made
    for her kind, for a number of another customer, and for a reseller that cannot bill itself.
    """
    if terms:
        check_party(values["kind"], terms)
    customer = onboard(reseller, contacts=contacts, by=by, **values)
    if billed_by:
        bill_by(customer.organisation, reseller, BillingMode(billed_by), by=by)
    if terms:
        request_terms(customer, terms, by=by)
    if invites:
        _invite_signatory(customer, by=by)
    return customer


def _invite_signatory(customer: Customer, *, by: Actor) -> None:
    """The first person of a customer's space runs it: she invites the others herself."""
    contact, language = customer.contact(ContactRole.SIGNATORY), customer.language
    whose = {"email": contact.email, "name": contact.name, "language": language}
    give_account(customer.organisation, role=Role.CUSTOMER, by=by, **whose)
