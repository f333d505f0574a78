"""Whom a breach touches: every customer of a house and of those below it, who owns a vault, or one alone."""

from enum import StrEnum
from typing import Any

from sqlalchemy import Select, select

from portal.accounts.models import Organisation
from portal.actor import Actor
from portal.customers.models import Customer
from portal.db import db
from portal.engine.models import Vault
from portal.errors import Refused
from portal.journal import record
from portal.privacy.models import Breach, BreachCustomer, BreachState
from portal.search.words import fold
from portal.wording import N_


class Through(StrEnum):
    HOUSE = "house"
    VAULT = "vault"
    CUSTOMER = "customer"


def add_customers(breach: Breach, through: Through, name: str, *, by: Actor) -> int:
    """How many were added; who was there already is passed over.

    name: of the house, the vault or the customer, or her SIREN. Raises Refused where nothing or more than
    one record is called so, and for a house without customers.
    """
    breach.check_live()
    known = set(db.session.scalars(select(BreachCustomer.customer_id).filter_by(breach_id=breach.id)))
    found = _found(through, name, by)
    new = [row for row in found if row.id not in known]
    for customer in new:
        row = BreachCustomer(
            organisation=customer.organisation,
            breach_id=breach.id,
            customer_id=customer.id,
            found_by=name if through != Through.CUSTOMER else "",
        )
        db.session.add(row)
    if not new:
        raise Refused(N_("Tous ces clients y sont déjà, ou il n'y en a aucun."), field="name")
    record(breach, "add_customers", by=by, through=name, count=len(new))
    return len(new)


def _found(through: Through, name: str, by: Actor) -> list[Customer]:
    query = Customer.visible_to(by)
    if through == Through.HOUSE:
        house = _one(Organisation.visible_to(by).where(Organisation.name == name))
        here = Customer.org_path.startswith(house.org_path, autoescape=True)
        query = query.where(here, Customer.archived_at.is_(None))
    elif through == Through.VAULT:
        vault = _one(Vault.visible_to(by).where((Vault.name == name) | (Vault.uid == name)))
        query = query.where(Customer.id == vault.customer_id)
    else:
        return [customer_named(name, by)]
    return list(db.session.scalars(query.order_by(Customer.id)))


def customer_named(name: str, by: Actor) -> Customer:
    """Of the acting person's scope, by name or SIREN. Raises Refused (customer) for none or several."""
    digits = "".join(name.split())
    same = (Customer.name_folded == fold(name)[:200]) | (Customer.siren == digits)
    found: Customer = _one(Customer.visible_to(by).where(same, Customer.archived_at.is_(None)), "customer")
    return found


def own_customer(by: Actor) -> Customer | None:
    """The customer whose space a person works in; None for who has none."""
    query = Customer.visible_to(by).where(Customer.archived_at.is_(None)).order_by(Customer.id)
    return db.session.scalars(query).first()


def _one(query: Select[Any], field: str = "name") -> Any:
    rows = db.session.scalars(query).all()
    if not rows:
        raise Refused(N_("Rien ne porte ce nom."), field=field)
    if len(rows) > 1:
        raise Refused(N_("Plusieurs portent ce nom : précisez par le SIREN ou l'identifiant."), field=field)
    return rows[0]


def remove_customer(breach: Breach, customer: Customer, *, by: Actor) -> None:
    """Not touched after all. Raises Refused once the breach was told: what was said stays."""
    if breach.state != BreachState.OPEN:
        raise Refused(N_("La violation a été notifiée : la liste ne se raccourcit plus."))
    row = db.session.scalars(
        select(BreachCustomer).filter_by(breach_id=breach.id, customer_id=customer.id)
    ).one_or_none()
    if row is None:
        raise Refused(N_("Ce client n'est pas sur la liste."))
    db.session.delete(row)
    record(breach, "remove_customer", by=by, customer=customer.name)


def customers_of(breach: Breach) -> list[Customer]:
    """Whom it touches, in the order of their ids: the order in which they are told."""
    mine = select(BreachCustomer.customer_id).where(BreachCustomer.breach_id == breach.id)
    return list(db.session.scalars(select(Customer).where(Customer.id.in_(mine)).order_by(Customer.id)))
