"""What changes of a customer after she was entered: each change dated, with what stood there before.

Documents that were issued keep what they said; those issued from now on say the new.
"""

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.actor import Actor
from portal.blobs import Document, keep
from portal.customers.models import Contact, ContactRole, Customer, find_double, vat_number_given
from portal.customers.panels import holding
from portal.customers.references import REFERENCES
from portal.db import Tenant, db
from portal.errors import Refused
from portal.journal import record
from portal.scans import read_scan
from portal.search.words import fold

IDENTITY = ("kind", "name", "siren", "siret", "vat_number")
ADDRESS = ("street", "postcode", "town", "country")
PREFERENCES = (
    "language",
    "health_data",
    "partner_reference",
    *REFERENCES,
    *(f"requires_{name}" for name in REFERENCES),
)
# Of these a new value is another person's unless a paper says so.
_ON_PAPER = ("name", "siren")


class Why(StrEnum):
    """Why something of a customer changes."""

    TYPO = "typo"  # it was entered wrong
    NEW = "new"  # the customer has changed


class CustomerChange(Tenant, db.Model):
    """One change: what stood there before and after, since when, and the paper that says so."""

    __tablename__ = "customer_change"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    why: Mapped[Why]
    effective_on: Mapped[date]  # Paris day since which it is so
    changed: Mapped[dict[str, list[Any]]] = mapped_column(JSON)  # by field, before and after
    by_label: Mapped[str] = mapped_column(String(200))
    document_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))

    document: Mapped[Document | None] = relationship()


Contacts = dict[ContactRole, tuple[str, str, str]]


def change(
    customer: Customer,
    values: dict[str, Any],
    contacts: Contacts,
    *,
    why: Why,
    effective_on: date,
    paper: bytes,
    by: Actor,
) -> CustomerChange | None:
    """Change a customer's identity, address, preferences and contacts; None where nothing differs.

    values: by column. contacts: (name, e-mail, phone) by role. effective_on: Paris day of the change in the
    world. paper: an extract of the register or the like, needed for a new name or SIREN; b"" without one.

    Raises Refused for a day to come, for a missing or unreadable paper, and for the number of another
    customer of the same reseller.
    """
    differing = dict(_differing(customer, values, contacts))
    if not differing:
        return None
    if effective_on > clock.today():
        raise Refused(_("Le changement ne peut pas dater d'un jour à venir."), field="effective_on")
    _check_double(customer, values, differing)
    row = CustomerChange(
        organisation=customer.organisation,
        customer_id=customer.id,
        why=why,
        effective_on=effective_on,
        changed=differing,
        by_label=by.label,
        document=_kept(customer, paper, effective_on, is_needed=why == Why.NEW and _is_on_paper(differing)),
    )
    db.session.add(row)
    _write(customer, values, contacts)
    if "vat_number" in differing:
        vat_number_given.send(customer, by=by)
    record(customer, "change", by=by, why=why, fields=sorted(differing))
    return row


def _differing(
    customer: Customer, values: dict[str, Any], contacts: Contacts
) -> Iterator[tuple[str, list[Any]]]:
    for name, after in values.items():
        before = getattr(customer, name)
        if before != after:
            yield name, [before, after]
    for role, after in contacts.items():
        contact = customer.contact(role)
        before = (contact.name, contact.email, contact.phone)
        if before != (after[0], after[1].lower(), after[2]):
            yield f"contact.{role}", [" · ".join(filter(None, before)), " · ".join(filter(None, after))]


def _is_on_paper(differing: dict[str, list[Any]]) -> bool:
    return any(name in differing for name in _ON_PAPER)


def _check_double(customer: Customer, values: dict[str, Any], differing: dict[str, list[Any]]) -> None:
    if not {"siren", "siret"} & set(differing):
        return
    other = find_double(customer.reseller_id, values.get("siren"), values.get("siret"))
    if other is not None and other.id != customer.id:
        raise Refused(_("Ce numéro est déjà celui de %(name)s.", name=other.name), field="siren")


def _kept(customer: Customer, paper: bytes, on: date, *, is_needed: bool) -> Document | None:
    if not paper:
        if is_needed:
            sentence = _("Joignez le papier qui le dit, par exemple l'extrait du registre.")
            raise Refused(sentence, field="paper")
        return None
    scan = read_scan(paper, field="paper")
    return keep(
        scan.content,
        owner=customer.organisation,
        subject=customer,
        kind="identity_paper",
        filename=f"identite-{on}.{scan.suffix}",
        media_type=scan.media_type,
    )


def _write(customer: Customer, values: dict[str, Any], contacts: Contacts) -> None:
    for name, value in values.items():
        setattr(customer, name, value)
    customer.name_folded = fold(customer.name)[:200]
    customer.organisation.name = customer.name
    for role, (name, email, phone) in contacts.items():
        contact: Contact = customer.contact(role)
        contact.name, contact.email, contact.phone = name, email.lower(), phone


def archive(customer: Customer, *, by: Actor) -> None:
    """Put a customer away: she leaves the lists, her documents stay.

    Raises Refused, with the reason, while something of hers still runs or is owed.
    """
    if customer.archived_at is not None:
        return
    reasons = holding.shown(customer)
    if reasons:
        raise Refused(_("Ce client ne peut pas être archivé : %(reason)s.", reason=reasons[0]))
    customer.archived_at = clock.now()
    record(customer, "archive", by=by)


def restore(customer: Customer, *, by: Actor) -> None:
    """Take an archived customer back into the lists. Raises Refused for one that was merged into another."""
    if customer.merged_into_id is not None:
        raise Refused(_("Ce client a été réuni à un autre : c'est l'autre qui vit."))
    if customer.archived_at is not None:
        customer.archived_at = None
        record(customer, "restore", by=by)
