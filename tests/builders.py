"""Plain functions that make what a test is not about."""

from dataclasses import dataclass, field
from typing import Any, TypeVar

from flask import current_app

from portal import jobs
from portal.access import Role
from portal.accounts.models import HASHER, Organisation, OrganisationKind, User
from portal.customers.models import ContactRole, Customer, CustomerKind, onboard
from portal.db import db
from portal.journal import SYSTEM
from portal.resellers.models import LegalEntity
from portal.resellers.reseller import Reseller, ResellerState
from portal.terms.shipped import find_stack

Model = TypeVar("Model")
PASSWORD = "correct horse battery"
_HASH = HASHER.hash(PASSWORD)

SIRENS = ("732829320", "404833048", "552100554", "775670417", "542107651", "443061841", "383474814")
IBAN = "FR7630006000011234567890189"


@dataclass
class House:
    """Provider, two resellers side by side, and one person per role."""

    provider: Organisation
    reseller: Organisation
    other: Organisation
    people: dict[Role, User] = field(default_factory=dict)

    def __getattr__(self, name: str) -> User:
        """``house.finance``, ``house.owner``: the person in that role."""
        return self.people[Role(name)]


def a_user(organisation: Organisation, role: Role, name: str = "") -> User:
    name = name or f"{role.value} {organisation.uid[:4]}"
    user = User(
        organisation=organisation,
        email=f"{role.value}@{organisation.uid}.example",
        name=name,
        role=role,
        password_hash=_HASH,
        is_enabled=True,
    )
    db.session.add(user)
    return user


def an_entity(organisation: Organisation) -> LegalEntity:
    entity = LegalEntity(
        organisation=organisation,
        name="DROPCLOUD SAS",
        legal_form="SAS",
        siren="451600977",
        rcs_town="Paris",
        vat_number="FR63451600977",
        street="1 rue de la Paix",
        postcode="75002",
        town="Paris",
        country="FR",
        email="facturation@example.org",
        ics="FR15ZZZ588627",
        bank_name="Banque",
        mandate_prefix="NB",
        lead_days=2,
    )
    entity.iban = IBAN
    db.session.add(entity)
    return entity


def a_house() -> House:
    provider = Organisation(parent=None, kind=OrganisationKind.PROVIDER, name="Fournisseur")
    reseller = Organisation(parent=provider, kind=OrganisationKind.RESELLER, name="Revendeur")
    other = Organisation(parent=provider, kind=OrganisationKind.RESELLER, name="Autre revendeur")
    db.session.add_all([provider, reseller, other])
    db.session.flush()
    for each in (reseller, other):
        db.session.add(Reseller(organisation=each, state=ResellerState.ACTIVE, legal_name=each.name))
    house = House(provider, reseller, other)
    for role in (Role.OPERATOR, Role.FINANCE, Role.TECHNICIAN, Role.AUDITOR):
        house.people[role] = a_user(provider, role)
    for role in (Role.OWNER, Role.SALES, Role.SUPPORT, Role.READER, Role.ACCOUNTANT):
        house.people[role] = a_user(reseller, role)
    an_entity(provider)
    db.session.commit()
    return house


def an_outsider(house: House, role: Role = Role.OWNER) -> User:
    """A person of the other reseller."""
    user = a_user(house.other, role, "outsider")
    db.session.commit()
    return user


def a_customer(reseller: Organisation, *, accepted: str = "natso", **values: Any) -> Customer:
    contact = ("Camille Martin", "contact@client.example", "0102030405")
    defaults: dict[str, Any] = dict(
        kind=CustomerKind.BUSINESS,
        name="Boulangerie Martin",
        siren=SIRENS[0],
        siret=None,
        vat_number=None,
        street="3 rue du Four",
        postcode="75006",
        town="Paris",
        country="FR",
        health_data=False,
        language="fr",
    )
    customer = onboard(
        reseller, contacts=dict.fromkeys(ContactRole, contact), by=SYSTEM, **{**defaults, **values}
    )
    if accepted:
        customer.accept(find_stack(accepted), by=SYSTEM, address="127.0.0.1")
    db.session.commit()
    return customer


def work() -> int:
    """Do every task that is free now, as the worker does: in a context of its own."""
    db.session.commit()
    with current_app.app_context():
        return jobs.drain()


def stored(row: Model) -> Model:
    """The row as committed: a forgotten commit shows."""
    db.session.rollback()
    db.session.refresh(row)
    return row
