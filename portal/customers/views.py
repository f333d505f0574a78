"""Onboarding, list and record of customers."""

import json
import re
import secrets
from typing import Any

from flask import Blueprint, Response, abort, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.datastructures import MultiDict
from wtforms import SelectChoice

from portal import clock, htmx
from portal.access import Permission, get_or_404, may, requires
from portal.accounts.models import User
from portal.customers.forms import CustomerForm
from portal.customers.lists import CUSTOMERS
from portal.customers.models import ContactRole, Customer, Draft
from portal.customers.panels import customer_panel
from portal.customers.particulars import PARTICULARS, Particular
from portal.customers.taking_on import seller_named, sellers_for, take_on, ways_to_bill
from portal.customers.terms_requests import check_party
from portal.db import db
from portal.forms import refusals_in, saving
from portal.journal import timeline
from portal.listing import ALWAYS, Cell
from portal.listing.page import list_page
from portal.mail import mails_about
from portal.terms.in_force import stacks_in_force
from portal.today.day import day

bp = Blueprint("customers", __name__, url_prefix="/customers")
_DRAFT = "customer"
_CHOSEN = ("kind", "country")  # fields that are never empty


@bp.get("")
@requires(Permission.CUSTOMER_READ)
def list_customers() -> Response:
    return list_page(CUSTOMERS, "customers/list.html")


def _form(data: Any = None) -> CustomerForm:
    form = CustomerForm(data) if data is not None else CustomerForm()
    later = SelectChoice("", _("aucun pour l'instant"))
    form.terms.choices = [*(SelectChoice(name, stack.label) for name, stack in terms_stacks().items()), later]
    return form


def _draft() -> tuple[Draft | None, list[list[str]]]:
    """The row of the actor's draft, and what it holds; a closed one holds the name of its entry alone."""
    query = select(Draft).where(Draft.user_id == g.actor.id, Draft.form == _DRAFT)
    row = db.session.scalars(query).one_or_none()
    return row, json.loads(row.content) if row else []


def _keep_draft() -> None:
    """What has been typed so far survives a closed tab and an expired session.

    A field's verification may reach the server after the form that it belongs to: a closed entry
    keeps nothing more.
    """
    typed = [[k, v] for k, v in request.form.items(multi=True) if k != "csrf_token"]
    _write_draft(typed)


def _write_draft(typed: list[list[str]]) -> None:
    """One after the other: a form and the verification of its last field arrive together."""
    one_at_a_time = select(User.id).where(User.id == g.actor.id).with_for_update(key_share=True)
    db.session.execute(one_at_a_time)
    row, held = _draft()
    if held == _closed():
        return
    if row is None:
        row = Draft(organisation=g.actor.organisation, user_id=g.actor.id, form=_DRAFT)
        db.session.add(row)
    row.content = json.dumps(typed)


def _closed() -> list[list[str]]:
    return [["entry", request.form.get("entry", "")]]


def _close_draft() -> None:
    """The entry is finished, or given up."""
    _write_draft(_closed())


@bp.get("/new")
@requires(Permission.CUSTOMER_WRITE)
def new_customer() -> Response:
    return entry_page({})


def entry_page(known: dict[str, str], **context: Any) -> Response:
    """The entry as it was left; what is known fills what is still empty, or is chosen without being typed."""
    held = MultiDict((name, value) for name, value in _draft()[1])
    restored = len(held) > 1
    for name, value in known.items():
        held[name] = value if name in _CHOSEN else held.get(name) or value
    form = _form(held if restored or known else None)
    entry = held["entry"] if restored and "entry" in held else secrets.token_hex(8)
    return _page(form, restored=restored, entry=entry, **context)


def _page(form: CustomerForm, *, entry: str, restored: bool = False, **context: Any) -> Response:
    sellers = sellers_for(g.actor)
    context |= {"form": form, "entry": entry, "restored": restored, "resellers": sellers}
    context["billers"] = ways_to_bill(sellers)
    return make_response(render_template("customers/new.html", **context), 422 if form.errors else 200)


@bp.post("/new/check/<field>")
@requires(Permission.CUSTOMER_WRITE)
def check_field(field: str) -> Response:
    """Verify one field when it changes, and keep the whole entry as a draft."""
    form = _form()
    target = form
    for part in field.split("-"):
        if part not in target:
            abort(404)
        target = getattr(target[part], "form", target[part])
    form.validate()
    _keep_draft()
    db.session.commit()
    return make_response(render_template("customers/_field.html", f=target, name=field))


@bp.post("/new/draft/discard")
@requires(Permission.CUSTOMER_WRITE)
def discard_draft() -> Response:
    _close_draft()
    db.session.commit()
    return make_response(redirect(url_for(".new_customer"), 303))


@bp.post("/new")
@requires(Permission.CUSTOMER_WRITE)
def create_customer() -> Response:
    form = _form()
    if form.validate() and _may_accept(form):
        with saving(form, "name"):
            customer = _onboard(form)
    if form.errors:
        _keep_draft()
        db.session.commit()
        return _page(form, entry=request.form.get("entry", ""))
    toast = _("%(name)s est enregistré.", name=customer.name)
    if form.terms.data:
        toast = _(
            "%(name)s est enregistré ; le lien d'acceptation part à %(email)s.",
            name=customer.name,
            email=customer.contact(ContactRole.SIGNATORY).email,
        )
    return htmx.go(url_for(".show_customer", uid=customer.uid), toast=toast)


def _may_accept(form: CustomerForm) -> bool:
    with refusals_in(form, "terms"):
        if form.terms.data:
            check_party(form.kind.data, form.terms.data)
    return not form.errors


def _onboard(form: CustomerForm) -> Customer:
    reseller = seller_named(g.actor, request.form.get("reseller", "")) or abort(404)
    customer = take_on(
        reseller,
        form.values(),
        form.contacts(),
        terms=form.terms.data or "",
        invites=bool(form.space.data),
        billed_by=form.billed_by.data or "",
        by=g.actor,
    )
    _close_draft()
    return customer


@bp.get("/<uid>")
@requires(Permission.CUSTOMER_READ)
def show_customer(uid: str) -> Response:
    customer = get_or_404(Customer.visible_to(g.actor), uid)
    return make_response(
        render_template(
            "customers/show.html",
            customer=customer,
            standing=_standing(customer),
            todo=day(of=customer.organisation),
            events=timeline(customer),
            mails=mails_about(customer),
            panels=customer_panel.shown(customer),
        )
    )


def _standing(customer: Customer) -> list[tuple[Any, Cell]]:
    """What the list says of her in columns that are always seen."""
    own = [each for each in CUSTOMERS.columns if each.rank == ALWAYS and may(each.permission)]
    return [(each.label, each.cells([customer])[0]) for each in own]


@bp.app_template_test("required_of")
def is_required(name: str, customer: Customer) -> bool:
    """Does she refuse invoices without this reference?"""
    return bool(getattr(customer, f"requires_{name}"))


@bp.app_template_filter()
def dialled(phone: str) -> str:
    """A telephone number as an address: digits, and the plus sign of a country's code."""
    return re.sub(r"(?!^\+)\D", "", phone.strip())


@bp.app_template_global()
def hints_for(name: str) -> str:
    """The hint under a field of the onboarding form."""
    return {
        "siren": _("9 chiffres, espaces permis"),
        "siret": _("14 chiffres"),
        "vat_number": _("par exemple FR 44 732829320"),
        "purchase_order": _("imprimé sur ses factures, sauf celui d'une commande"),
        "commitment_number": _("Chorus Pro ; celui d'une commande ou d'un abonnement passe avant"),
        "service_code": _("Chorus Pro : le service qui reçoit la facture"),
        "billing-email": _("reçoit les factures et les annonces de prélèvement"),
        "signatory-email": _("reçoit les mandats à signer"),
    }.get(name, "")


@bp.app_template_global()
def particulars() -> tuple[Particular, ...]:
    return PARTICULARS


@bp.app_template_global()
def terms_stacks() -> Any:
    return stacks_in_force(clock.today())
