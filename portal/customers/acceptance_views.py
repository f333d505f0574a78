"""Having a contract accepted, for staff: a link to the signatory, or a paper that was signed by hand."""

from typing import Any

from flask import Blueprint, Response, abort, g, make_response, render_template, request, url_for
from flask_babel import gettext as _

from portal import clock, htmx
from portal.access import Permission, get_or_404, requires
from portal.customers.acceptance_forms import PaperForm, RequestForm, ReversalForm
from portal.customers.models import Acceptance, ContactRole, Customer, reverse_acceptance
from portal.customers.panels import relying
from portal.customers.terms_requests import (
    TermsRequest,
    accept_on_paper,
    request_terms,
    shown_texts,
    waiting_request,
)
from portal.db import db
from portal.errors import Conflict, Refused
from portal.forms import WHOLE, saving
from portal.scans import LARGEST_SCAN
from portal.terms.in_force import stacks_in_force
from portal.terms.stack import Stack
from portal.terms.texts import texts_of

bp = Blueprint("acceptances", __name__, url_prefix="/customers/<uid>/acceptance")


@bp.url_value_preprocessor
def allow_a_scan(endpoint: str | None, values: Any) -> None:
    """Before anything reads the form: this one carries a file."""
    if endpoint == "acceptances.record_paper":
        request.max_content_length = LARGEST_SCAN + 4096


def _stack(name: str | None) -> Stack | None:
    return stacks_in_force(clock.today()).get(name or "")


@bp.get("")
@requires(Permission.CUSTOMER_WRITE)
def new_acceptance(uid: str) -> Response:
    """One contract, its texts in force, and the two ways to have it accepted."""
    customer = get_or_404(Customer.visible_to(g.actor), uid)
    form = RequestForm(request.args, meta={"csrf": False})
    return _page(customer, RequestForm(formdata=None, data=form.data))


def _page(customer: Customer, form: RequestForm, status: int = 200) -> Response:
    stack = _stack(form.terms.data)
    paper = form if isinstance(form, PaperForm) else PaperForm(formdata=None, data=form.data)
    paper.shown.data = shown_texts(stack) if stack else ""
    page = render_template(
        "customers/acceptance.html",
        customer=customer,
        form=form,
        paper=paper,
        stack=stack,
        stacks=stacks_in_force(clock.today()),
        texts=texts_of(stack.documents) if stack else {},
        contact=customer.contact(ContactRole.SIGNATORY),
        waiting=waiting_request(customer, stack.name) if stack else None,
    )
    return make_response(page, status)


@bp.post("")
@requires(Permission.CUSTOMER_WRITE)
def ask_for_acceptance(uid: str) -> Response:
    customer = get_or_404(Customer.visible_to(g.actor), uid)
    form = RequestForm()
    stack = _stack(form.terms.data) or abort(404)
    if form.validate():
        with saving(form, WHOLE):
            request_terms(customer, stack.name, by=g.actor, order=form.order())
    customer = get_or_404(Customer.visible_to(g.actor), uid)
    if form.errors:
        return _page(customer, form, 422)
    email = customer.contact(ContactRole.SIGNATORY).email
    return _back(customer, _("Le lien d'acceptation part à %(email)s.", email=email))


@bp.post("/paper")
@requires(Permission.CUSTOMER_WRITE)
def record_paper(uid: str) -> Response:
    customer = get_or_404(Customer.visible_to(g.actor), uid)
    form = PaperForm()
    stack = _stack(form.terms.data) or abort(404)
    if form.validate():
        with saving(form, WHOLE):
            _record(customer, stack, form)
    if form.errors:
        return _page(get_or_404(Customer.visible_to(g.actor), uid), form, 422)
    if form.order():
        return htmx.go(url_for("subscriptions.new_order", customer_uid=uid, **form.order()))
    return _back(customer, _("Acceptation enregistrée."))


def _record(customer: Customer, stack: Stack, form: PaperForm) -> None:
    if form.shown.data != shown_texts(stack):
        raise Conflict(_("Ces conditions ont changé depuis l'affichage de la page : relisez-les."))
    accept_on_paper(
        customer,
        stack,
        form.scan.data.read() if form.scan.data else b"",
        signer=form.signer.data,
        signed_on=form.signed_on.data,
        by=g.actor,
        address=request.remote_addr or "",
    )


@bp.post("/<request_uid>/withdrawal")
@requires(Permission.CUSTOMER_WRITE)
def withdraw_request(uid: str, request_uid: str) -> Response:
    customer = get_or_404(Customer.visible_to(g.actor), uid)
    query = TermsRequest.visible_to(g.actor).where(TermsRequest.customer_id == customer.id)
    get_or_404(query.with_for_update(of=TermsRequest), request_uid).withdraw(by=g.actor)
    db.session.commit()
    return _back(customer, _("La demande est retirée : son lien ne sert plus."))


@bp.post("/<proof_uid>/reversal")
@requires(Permission.CUSTOMER_WRITE)
def reverse(uid: str, proof_uid: str) -> Response:
    """It was recorded by mistake; an order that rests on it keeps it from being taken back."""
    customer = get_or_404(Customer.visible_to(g.actor).with_for_update(of=Customer), uid)
    query = Acceptance.visible_to(g.actor).where(Acceptance.customer_id == customer.id)
    row, form = get_or_404(query, proof_uid), ReversalForm()
    if not form.validate():
        raise Refused(_("Dites pourquoi cette acceptation est retirée."))
    if reasons := relying.shown(row):
        raise Refused(_("Cette acceptation reste : %(reason)s.", reason=reasons[0]))
    reverse_acceptance(row, form.reason.data, by=g.actor)
    db.session.commit()
    return _back(customer, _("Cette acceptation ne compte plus ; la trace reste."))


def _back(customer: Customer, toast: str) -> Response:
    return htmx.go(url_for("customers.show_customer", uid=customer.uid), toast=toast)
