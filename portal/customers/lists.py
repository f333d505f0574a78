"""The list of customers. Packages above add what they know of each: what she has, owes, and is due next."""

from collections.abc import Callable
from operator import attrgetter
from typing import TypeVar

from flask import g, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select
from sqlalchemy.orm import selectinload

from portal import clock
from portal.access import GRANTS, Permission
from portal.customers.models import ContactRole, Customer, CustomerKind
from portal.customers.particulars import PARTICULARS
from portal.customers.queries import living, near_text, search
from portal.listing import FILE, NAME, WIDE, Cell, Choice, Column, Link, Listing, Nothing, Search, define
from portal.words.choices import KINDS

Row = TypeVar("Row")


def _billing(name: str) -> Callable[[Customer], Cell]:
    """Of the contact who gets the invoices."""

    def cell(row: Customer) -> Cell:
        value: str = getattr(row.contact(ContactRole.BILLING), name)
        return value

    return cell


def _archived() -> Select[tuple[Customer]]:
    return Customer.visible_to(g.actor).where(Customer.archived_at.is_not(None))


CUSTOMERS: Listing[Customer] = define(
    Listing(
        name="customers",
        label=_l("Clients"),
        endpoint="customers.list_customers",
        permission=Permission.CUSTOMER_READ,
        model=Customer,
        query=lambda: living(g.actor),
        load=(selectinload(Customer.contacts),),
        columns=[
            Column(
                "name",
                _l("Client"),
                lambda row: Link(
                    row.name, url_for("customers.show_customer", uid=row.uid), f"{row.postcode} {row.town}"
                ),
                rank=NAME,
            ),
            Column("kind", _l("Type"), lambda row: str(KINDS[row.kind]), rank=WIDE),
            *(
                Column(
                    each.name, each.label, attrgetter(each.name), rank=WIDE if each.name == "siren" else FILE
                )
                for each in PARTICULARS
            ),
            Column("street", _l("Numéro et rue"), lambda row: row.street, rank=FILE),
            Column("postcode", _l("Code postal"), lambda row: row.postcode, rank=FILE),
            Column("town", _l("Ville"), lambda row: row.town, rank=FILE),
            Column("country", _l("Pays"), lambda row: row.country, rank=FILE),
            Column("language", _l("Langue des e-mails"), lambda row: row.language, rank=FILE),
            Column("health_data", _l("Données de santé"), lambda row: row.health_data, rank=FILE),
            Column("contact", _l("Contact de facturation"), _billing("name"), rank=FILE),
            Column("email", _l("Adresse e-mail"), _billing("email"), rank=FILE),
            Column("phone", _l("Téléphone"), _billing("phone"), rank=FILE),
            Column("since", _l("Depuis"), lambda row: clock.paris_day(row.created_at), rank=FILE),
        ],
        order=(Customer.name_folded, Customer.id),
        filters=[
            Choice(
                "kind",
                _l("Type"),
                lambda: [(kind, KINDS[kind]) for kind in CustomerKind],
                lambda value: Customer.kind == CustomerKind(value),
            )
        ],
        search=Search(
            lambda text: search(g.actor, text),
            _l("Nom, ville, SIREN, e-mail ou téléphone"),
            lambda text: near_text(g.actor, text),
        ),
        nothing=lambda: Nothing(
            _l("Pas encore de client."),
            "",
            _l("Enregistrer le premier client"),
            url_for("customers.new_customer") if g.actor.role in GRANTS[Permission.CUSTOMER_WRITE] else "",
        ),
    )
)

ARCHIVED: Listing[Customer] = define(
    Listing(
        name="archived_customers",
        label=_l("Clients archivés"),
        endpoint="customers.list_archived",
        permission=Permission.CUSTOMER_READ,
        model=Customer,
        query=_archived,
        load=(selectinload(Customer.contacts),),
        columns=[
            *CUSTOMERS.columns[:2],
            Column(
                "archived", _l("Archivé le"), lambda row: clock.paris_day(row.archived_at or row.created_at)
            ),
        ],
        order=(Customer.name_folded, Customer.id),
        nothing=lambda: Nothing(_l("Aucun client archivé."), "", "", ""),
    )
)


def customer_column(of: Callable[[Row], tuple[Customer, str]]) -> Column[Row]:
    """Whose record a row is: a link for who may open the customer, and her own list does without it.

    of: her row, and the name that counts there.
    """

    def cell(row: Row) -> Cell:
        customer, name = of(row)
        if g.actor.role not in GRANTS[Permission.CUSTOMER_READ]:
            return name
        return Link(name, url_for("customers.show_customer", uid=customer.uid))

    return Column("customer", _l("Client"), cell, permission=Permission.CUSTOMER_READ)
