"""A customer's page of changes: identity with its paper, address, contacts; putting away and taking back."""

from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _

from portal import clock, htmx
from portal.access import Permission, get_or_404, requires
from portal.customers.changes import (
    ADDRESS,
    IDENTITY,
    PREFERENCES,
    CustomerChange,
    Why,
    archive,
    change,
    restore,
)
from portal.customers.forms import EditForm
from portal.customers.lists import ARCHIVED
from portal.customers.models import ContactRole, Customer
from portal.customers.panels import customer_panel
from portal.db import db
from portal.forms import WHOLE, saving
from portal.listing.page import list_page
from portal.paging import page_of
from portal.panels import Panel
from portal.scans import LARGEST_SCAN
from portal.words.choices import CHANGED

bp = Blueprint("changes", __name__, url_prefix="/customers")
_COLUMNS = (*IDENTITY, *ADDRESS, *PREFERENCES)


@bp.url_value_preprocessor
def allow_a_scan(endpoint: str | None, values: Any) -> None:
    """Before anything reads the form: this one carries a file."""
    if endpoint == "changes.change_customer":
        request.max_content_length = LARGEST_SCAN + 65_536


@bp.get("/archived")
@requires(Permission.CUSTOMER_READ)
def list_archived() -> Response:
    return list_page(ARCHIVED, "listing/page.html")


def _held(uid: str) -> Customer:
    customer: Customer = get_or_404(Customer.visible_to(g.actor).with_for_update(of=Customer), uid)
    return customer


def _form(customer: Customer) -> EditForm:
    if request.method == "POST":
        return EditForm()
    values: dict[str, Any] = {name: getattr(customer, name) for name in _COLUMNS}
    for role in ContactRole:
        contact = customer.contact(role)
        values[role.value] = {"name": contact.name, "email": contact.email, "phone": contact.phone}
    return EditForm(data={**values, "why": Why.TYPO, "effective_on": clock.today()})


def _page(customer: Customer, form: EditForm, status: int = 200) -> Response:
    return make_response(render_template("customers/edit.html", customer=customer, form=form), status)


@bp.get("/<uid>/edit")
@requires(Permission.CUSTOMER_WRITE)
def edit_customer(uid: str) -> Response:
    customer = get_or_404(Customer.visible_to(g.actor), uid)
    return _page(customer, _form(customer))


@bp.post("/<uid>/edit")
@requires(Permission.CUSTOMER_WRITE)
def change_customer(uid: str) -> Response:
    customer = _held(uid)
    form, row = _form(customer), None
    if form.validate():
        with saving(form, WHOLE):
            row = change(
                customer,
                form.values(),
                form.contacts(),
                why=form.why.data,
                effective_on=form.effective_on.data,
                paper=form.paper.data.read() if form.paper.data else b"",
                by=g.actor,
            )
    if form.errors:
        return _page(get_or_404(Customer.visible_to(g.actor), uid), form, 422)
    return _back(uid, _("Les changements sont enregistrés.") if row else _("Rien n'a changé."))


@bp.post("/<uid>/archive")
@requires(Permission.CUSTOMER_WRITE)
def archive_customer(uid: str) -> Response:
    archive(_held(uid), by=g.actor)
    db.session.commit()
    return _back(uid, _("Ce client est archivé : il n'est plus dans les listes."))


@bp.post("/<uid>/unarchive")
@requires(Permission.CUSTOMER_WRITE)
def restore_customer(uid: str) -> Response:
    restore(_held(uid), by=g.actor)
    db.session.commit()
    return _back(uid, _("Ce client est de nouveau dans les listes."))


def _back(uid: str, toast: str) -> Response:
    return htmx.go(url_for("customers.show_customer", uid=uid), toast=toast)


@customer_panel(rank=90)
def panel(customer: Customer) -> Panel | None:
    """What has changed of her, newest first."""
    query = CustomerChange.visible_to(g.actor).where(CustomerChange.customer_id == customer.id)
    changes = page_of(query, CustomerChange.id.desc(), size=5, name="changes")
    return Panel("customers/_changes.html", {"changes": changes}) if changes else None


@bp.app_template_filter()
def changed_name(field: str) -> Any:
    """The name of what changed; a contact by its role."""
    return CHANGED[field.removeprefix("contact.")]
