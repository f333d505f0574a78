"""Whose mail it is, where it may go again, and what a customer was sent."""

from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Select, select

from portal.customers.models import Contact, ContactRole, Customer
from portal.db import db
from portal.mail import KINDS, Mail, never_again
from portal.paging import Page, page_of


@dataclass(frozen=True, slots=True)
class Way:
    """An address to which the same words may go, and in words whose it is."""

    address: str
    whose: str


def of_customer(customer: Customer) -> Select[Any]:
    """What was written to a customer, about whatever record: the rows of her own organisation.

    Not what colleagues were told about her.
    """
    to_colleagues = [name for name, kind in KINDS.items() if kind.is_internal]
    query = select(Mail).where(Mail.organisation_id == customer.organisation_id)
    return query.where(Mail.kind.not_in(to_colleagues))


def mails_of(customer: Customer) -> Page[Mail]:
    """Newest first."""
    return page_of(of_customer(customer), Mail.id.desc(), name="mails", size=10)


def customer_of(mail: Mail) -> Customer | None:
    query = select(Customer).where(Customer.organisation_id == mail.organisation_id)
    return db.session.scalars(query).one_or_none()


def ways(mail: Mail, customer: Customer | None) -> list[Way]:
    """Those of :func:`addresses` to which a mail of this kind and state may go again."""
    return [way for way in addresses(mail, customer) if not never_again(mail, way.address)]


def addresses(mail: Mail, customer: Customer | None) -> list[Way]:
    """The present address of the contact whom a mail was for, first, then the one that it had."""
    contact = _contact(mail, customer)
    if contact is None or contact.email in ("", mail.recipient):
        return [Way(mail.recipient, "")]
    return [
        Way(contact.email, _("adresse actuelle du contact")),
        Way(mail.recipient, _("adresse de ce message")),
    ]


def _contact(mail: Mail, customer: Customer | None) -> Contact | None:
    kind = KINDS.get(mail.kind)
    if customer is None or kind is None or not kind.role:
        return None
    return customer.contact(ContactRole(kind.role))
