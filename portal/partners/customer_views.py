"""Customers: listed, read, entered, changed, by the same form and verbs as on the screen."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from flask import abort, g, url_for
from flask_babel import gettext as _
from marshmallow import fields
from sqlalchemy import Select, bindparam, select
from werkzeug.datastructures import MultiDict

from portal import clock
from portal.access import Permission, get_or_404, requires
from portal.customers.changes import ADDRESS, IDENTITY, PREFERENCES, Why, change
from portal.customers.entry import Entry, read_entry
from portal.customers.models import Contact, ContactRole, Customer, CustomerKind
from portal.customers.references import REFERENCES
from portal.customers.taking_on import seller_named, take_on
from portal.db import db
from portal.partners.fields import (
    Asked,
    Day,
    Flag,
    Incoming,
    Instant,
    Outgoing,
    Part,
    choice,
    listed,
    text,
    uid,
)
from portal.partners.problems import Wrong, flat, pointer
from portal.partners.reading import page_after
from portal.partners.replays import once
from portal.partners.views import bp
from portal.resellers.billers import BillingMode, modes_of
from portal.terms.in_force import stacks_in_force

_FLAGS = tuple(f"requires_{name}" for name in REFERENCES)
_PLAIN = tuple(name for name in (*IDENTITY, *PREFERENCES) if name not in ("health_data", *_FLAGS))


class AddressIn(Incoming):
    street = text(70, least=1, required=True)
    postcode = text(16, least=1, required=True)
    town = text(35, least=1, required=True)
    country = text(2, least=2, load_default="FR", metadata={"description": "ISO 3166-1 alpha-2"})


class ContactIn(Incoming):
    name = text(70)
    email = text(254)
    phone = text(30)


class BillingIn(ContactIn):
    name = text(70, least=1, required=True)
    email = text(254, least=3, required=True)


class ContactsIn(Incoming):
    """Who is not named is the billing contact."""

    billing = Part(BillingIn, required=True)
    technical = Part(ContactIn)
    incident = Part(ContactIn)
    signatory = Part(ContactIn)


class _Particulars(Incoming):
    siren = text(18, allow_none=True)
    siret = text(18, allow_none=True)
    vat_number = text(20, allow_none=True)
    language = choice(["fr", "en"])
    partner_reference = text(60, allow_none=True, metadata={"description": "Who she is in your systems."})
    purchase_order = text(50, allow_none=True)
    commitment_number = text(50, allow_none=True)
    service_code = text(50, allow_none=True)
    requires_purchase_order = Flag()
    requires_commitment_number = Flag()
    requires_service_code = Flag()


class CustomerIn(_Particulars):
    kind = choice(CustomerKind, load_default=CustomerKind.BUSINESS.value)
    name = text(70, least=1, required=True)
    address = Part(AddressIn, required=True)
    health_data = Flag(required=True, metadata={"description": "Will health data be stored?"})
    contacts = Part(ContactsIn, required=True)
    reseller = uid(metadata={"description": "Of the provider's people: under whom."})
    billed_by = choice(
        BillingMode, metadata={"description": "Who invoices her; her reseller's rule when left out."}
    )
    terms = text(40, metadata={"description": "A contract in force, sent to the signatory to be accepted."})
    invite_signatory = Flag(load_default=False)


class ContactsChange(Incoming):
    billing = Part(ContactIn)
    technical = Part(ContactIn)
    incident = Part(ContactIn)
    signatory = Part(ContactIn)


class AddressChange(Incoming):
    street = text(70, least=1)
    postcode = text(16, least=1)
    town = text(35, least=1)
    country = text(2, least=2)


class CustomerChangeIn(_Particulars):
    """What is left out stays. A new name or SIREN that is no typing error needs a paper, on the page."""

    kind = choice(CustomerKind)
    name = text(70, least=1)
    address = Part(AddressChange)
    health_data = Flag()
    contacts = Part(ContactsChange)
    why = choice(Why, load_default=Why.TYPO.value)
    effective_on = Day(metadata={"description": "Since which Paris day; today when left out."})


class AddressOut(Outgoing):
    street = fields.String(required=True)
    postcode = fields.String(required=True)
    town = fields.String(required=True)
    country = fields.String(required=True)


class ContactOut(Outgoing):
    name = fields.String(required=True)
    email = fields.String(required=True)
    phone = fields.String(required=True)


class ContactsOut(Outgoing):
    billing = fields.Nested(ContactOut, required=True)
    technical = fields.Nested(ContactOut, required=True)
    incident = fields.Nested(ContactOut, required=True)
    signatory = fields.Nested(ContactOut, required=True)


class CustomerOut(Outgoing):
    href = fields.String(required=True)
    uid = fields.String(required=True)
    created_at = Instant(required=True)
    archived_at = Instant(required=True, allow_none=True)
    kind = fields.String(required=True)
    name = fields.String(required=True)
    siren = fields.String(required=True, allow_none=True)
    siret = fields.String(required=True, allow_none=True)
    vat_number = fields.String(required=True, allow_none=True)
    address = fields.Nested(AddressOut, required=True)
    language = fields.String(required=True)
    billed_by = fields.String(required=True, allow_none=True)
    health_data = fields.Boolean(required=True)
    partner_reference = fields.String(required=True, allow_none=True)
    purchase_order = fields.String(required=True, allow_none=True)
    commitment_number = fields.String(required=True, allow_none=True)
    service_code = fields.String(required=True, allow_none=True)
    requires_purchase_order = fields.Boolean(required=True)
    requires_commitment_number = fields.Boolean(required=True)
    requires_service_code = fields.Boolean(required=True)
    contacts = fields.Nested(ContactsOut, required=True)


class CustomersAsked(Asked):
    partner_reference = text(60, least=1, metadata={"description": "Exactly this one of yours."})


def shape(row: Any, contacts: Iterable[Any], billed_by: str | None, below: str = "") -> dict[str, Any]:
    """row, contacts: records, or their columns. below: the address of the list; "" to look it up."""
    plain = {name: getattr(row, name) for name in _AS_THEY_ARE}
    return plain | {
        "href": f"{below or url_for('partner.list_customers')}/{row.uid}",
        "address": {name: getattr(row, name) for name in ADDRESS},
        "billed_by": billed_by,
        "contacts": {contact.role.value: contact for contact in contacts},
    }


_AS_THEY_ARE = (*_PLAIN, *_FLAGS, "health_data", "uid", "created_at", "archived_at")
_COLUMNS = [getattr(Customer, name) for name in dict.fromkeys(("id", "org_path", *_AS_THEY_ARE, *ADDRESS))]
_CONTACTS = select(Contact.customer_id, Contact.role, Contact.name, Contact.email, Contact.phone).where(
    Contact.customer_id.in_(bindparam("customers", expanding=True))
)


@lru_cache(maxsize=512)
def _columns_below(path: str | None) -> Select[Any]:
    """Of a page nothing is changed, so its hundred rows need not be records."""
    return Customer.visible_below(path).with_only_columns(*_COLUMNS)


def _shaped(rows: Sequence[Any]) -> list[dict[str, Any]]:
    contacts: dict[int, list[Any]] = {row.id: [] for row in rows}
    for contact in db.session.execute(_CONTACTS, {"customers": list(contacts)}) if rows else ():
        contacts[contact.customer_id].append(contact)
    below = url_for("partner.list_customers")
    modes = modes_of(rows)
    return [shape(row, contacts[row.id], modes[row.org_path], below) for row in rows]


def _written(row: Customer) -> dict[str, Any]:
    return shape(row, row.contacts, modes_of([row])[row.org_path])


@bp.get("/customers")
@requires(Permission.CUSTOMER_READ)
@bp.arguments(CustomersAsked, location="query")
@bp.response(200, listed("Customers", CustomerOut))
def list_customers(asked: dict[str, Any]) -> Any:
    """Customers that are not archived, the oldest first."""
    query = _columns_below(g.actor.org_path).where(Customer.archived_at.is_(None))
    if wanted := asked.get("partner_reference"):
        query = query.where(Customer.partner_reference == wanted)
    page = page_after(query, Customer.id, asked)
    return {"data": _shaped(page["rows"]), "next_cursor": page["next_cursor"]}


@bp.get("/customers/<uid>")
@requires(Permission.CUSTOMER_READ)
@bp.response(200, CustomerOut)
def show_customer(uid: str) -> Any:
    """One customer, archived or not."""
    query = _columns_below(g.actor.org_path).where(Customer.uid == uid)
    found = db.session.execute(query).all()
    return _shaped(found)[0] if found else abort(404)


@bp.post("/customers")
@requires(Permission.CUSTOMER_WRITE)
@once
@bp.arguments(CustomerIn)
@bp.response(201, CustomerOut)
def create_customer(body: dict[str, Any]) -> Any:
    """Enter a customer; with ``terms``, her signatory gets a link to accept that contract."""
    reseller = seller_named(g.actor, body.get("reseller", ""))
    if reseller is None:
        raise Wrong({"#/reseller": [_("Rien de tel ici.")]})
    if (terms := body.get("terms", "")) and terms not in stacks_in_force(clock.today()):
        raise Wrong({"#/terms": [_("Rien de tel ici.")]})
    entry = _read(body)
    more = {"terms": terms, "invites": body["invite_signatory"], "billed_by": body.get("billed_by", "")}
    row = take_on(reseller, entry.values, entry.contacts, **more, by=g.actor)
    return _written(row), 201, {"Location": url_for(".show_customer", uid=row.uid)}


@bp.patch("/customers/<uid>")
@requires(Permission.CUSTOMER_WRITE)
@once
@bp.arguments(CustomerChangeIn)
@bp.response(200, CustomerOut)
def change_customer(body: dict[str, Any], uid: str) -> Any:
    """Change what is named; each change is kept with what stood there before."""
    customer = get_or_404(Customer.visible_to(g.actor).with_for_update(of=Customer), uid)
    entry = _read(_merged(_written(customer), body))
    since = body.get("effective_on") or clock.today()
    why = Why(body["why"])
    change(customer, entry.values, entry.contacts, why=why, effective_on=since, paper=b"", by=g.actor)
    return _written(customer)


def _merged(now: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """The customer as she stands, with what is to change of her."""
    held = {
        role: {n: getattr(c, n) for n in ("name", "email", "phone")} for role, c in now["contacts"].items()
    }
    asked = body.get("contacts", {})
    return (
        now
        | body
        | {
            "address": now["address"] | body.get("address", {}),
            "contacts": {role: contact | asked.get(role, {}) for role, contact in held.items()},
        }
    )


def _read(body: dict[str, Any]) -> Entry:
    """By the form of the screen, with all its checks. Raises Wrong with a pointer to each field."""
    typed: dict[str, str] = {name: str(body[name]) for name in _PLAIN if body.get(name)}
    typed |= {name: str(value) for name, value in body["address"].items()}
    typed |= {name: "y" for name in _FLAGS if body.get(name)}
    typed["health_data"] = "yes" if body["health_data"] else "no"
    typed.setdefault("language", "fr")
    for role, contact in body["contacts"].items():
        typed |= {f"{role}-{name}": str(value) for name, value in contact.items()}
    entry = read_entry(MultiDict(typed))
    if entry.errors:
        raise Wrong({pointer(_place(path)): said for path, said in flat(entry.errors)})
    return entry


def _place(path: tuple[str, ...]) -> tuple[str, ...]:
    """Where a field of the form stands in the body."""
    if path and path[0] in ADDRESS:
        return ("address", *path)
    return ("contacts", *path) if path and path[0] in set(ContactRole) else path
