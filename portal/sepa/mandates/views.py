"""Mandates, for staff: asked for, sent again, revoked, confirmed by the bank."""

from typing import Any

from flask import Response, g, make_response, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock, htmx
from portal.access import Permission, get_or_404, requires
from portal.customers.models import ContactRole, Customer
from portal.customers.panels import customer_panel
from portal.db import db
from portal.forms import saving
from portal.journal import timeline
from portal.listing.page import list_page
from portal.mail import mails_about
from portal.paging import page_of
from portal.panels import Panel
from portal.resellers.models import issuer_for
from portal.sepa.blueprint import bp
from portal.sepa.mandates.forms import (
    AgreementForm,
    ConfirmationForm,
    MandateForm,
    ReturnForm,
    RevocationForm,
    SuspensionForm,
)
from portal.sepa.mandates.lists import MANDATES
from portal.sepa.models import Collection, Mandate, next_collections, open_mandate, request_mandate


@bp.get("/mandates")
@requires(Permission.MANDATE_READ)
def list_mandates() -> Response:
    return list_page(MANDATES, "sepa/mandates.html")


@bp.get("/mandates/new/<customer_uid>")
@requires(Permission.MANDATE_WRITE)
def new_mandate(customer_uid: str) -> Response:
    customer = get_or_404(Customer.visible_to(g.actor), customer_uid)
    return _new_page(customer, MandateForm())


@bp.post("/mandates/new/<customer_uid>")
@requires(Permission.MANDATE_WRITE)
def create_mandate(customer_uid: str) -> Response:
    customer = get_or_404(Customer.visible_to(g.actor), customer_uid)
    form = MandateForm()
    if form.validate():
        with saving(form):
            issuer, scheme = issuer_for(customer), form.scheme.data
            mandate, _token = request_mandate(customer, issuer, scheme=scheme, by=g.actor)
    if form.errors:
        return _new_page(customer, form, 422)
    return htmx.go(_address(mandate), toast=_("Le lien de signature part par e-mail."))


def _new_page(customer: Customer, form: MandateForm, status: int = 200) -> Response:
    entity = issuer_for(customer)
    page = render_template(
        "sepa/new.html",
        customer=customer,
        entity=entity,
        form=form,
        contact=customer.contact(ContactRole.SIGNATORY),
        waiting=open_mandate(customer, entity),
    )
    return make_response(page, status)


def _address(mandate: Mandate) -> str:
    return url_for("sepa.show_mandate", uid=mandate.uid)


@bp.get("/mandates/<uid>")
@requires(Permission.MANDATE_READ)
def show_mandate(uid: str) -> Response:
    return mandate_page(get_or_404(Mandate.visible_to(g.actor), uid))


def mandate_page(mandate: Mandate, status: int = 200, **forms: Any) -> Response:
    query = select(Collection).where(Collection.mandate_id == mandate.id)
    recent = page_of(query, Collection.due_on.desc(), Collection.id.desc(), size=12, name="debits")
    today = clock.today()
    page = render_template(
        "sepa/mandate.html",
        mandate=mandate,
        customer=mandate.customer,
        entity=mandate.legal_entity,
        problem=mandate.problem(today),
        broken=mandate.broken_link(),
        collections=recent,
        today=today,
        revocation=forms.get("revocation") or RevocationForm(formdata=None, received_on=today),
        confirmation=forms.get("confirmation") or ConfirmationForm(formdata=None, on=today),
        paper_agreement=forms.get("paper_agreement") or AgreementForm(formdata=None),
        paper_return=forms.get("paper_return") or ReturnForm(formdata=None),
        suspension=forms.get("suspension") or SuspensionForm(formdata=None),
        events=timeline(mandate),
        mails=mails_about(mandate, *recent),
        contact=mandate.customer.contact(ContactRole.SIGNATORY),
    )
    return make_response(page, status)


@bp.post("/mandates/<uid>/link")
@requires(Permission.MANDATE_WRITE)
def resend_link(uid: str) -> Response:
    mandate = get_or_404(Mandate.visible_to(g.actor).with_for_update(), uid)
    mandate.resend(by=g.actor)
    db.session.commit()
    return htmx.go(_address(mandate), toast=_("Un nouveau lien part ; le précédent ne sert plus."))


@bp.post("/mandates/<uid>/revocation")
@requires(Permission.MANDATE_WRITE)
def revoke_mandate(uid: str) -> Response:
    mandate = get_or_404(Mandate.visible_to(g.actor).with_for_update(), uid)
    form = RevocationForm()
    if form.validate():
        with saving(form, "received_on"):
            months = form.notice_months.data
            mandate.revoke(received_on=form.received_on.data, notice_months=months, by=g.actor)
    if form.errors:
        return mandate_page(mandate, 422, revocation=form)
    return htmx.go(_address(mandate), toast=_("Le mandat %(rum)s est révoqué.", rum=mandate.rum))


@bp.post("/mandates/<uid>/bank-confirmation")
@requires(Permission.MANDATE_WRITE)
def confirm_mandate(uid: str) -> Response:
    mandate = get_or_404(Mandate.visible_to(g.actor).with_for_update(), uid)
    form = ConfirmationForm()
    if form.validate():
        with saving(form, "on"):
            mandate.confirm_at_bank(on=form.on.data, by=g.actor)
    if form.errors:
        return mandate_page(mandate, 422, confirmation=form)
    return htmx.go(_address(mandate), toast=_("La confirmation de la banque est notée."))


@customer_panel(rank=40)
def panel(customer: Customer) -> Panel:
    query = select(Mandate).where(Mandate.customer_id == customer.id)
    mandates = page_of(query, Mandate.id.desc(), size=5, name="mandates")
    return Panel("sepa/_panel.html", {"mandates": mandates, "debits": next_collections(customer)})
