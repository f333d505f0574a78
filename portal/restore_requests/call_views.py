"""A customer on the phone: who calls, what is missing, what the contract says of it, and who sees to it."""

from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.customers.calling import (
    NOT_AUTHORISED,
    check_called_back,
    found_for,
    offer_callers,
    refuse_caller,
)
from portal.customers.models import Customer
from portal.db import db
from portal.desk.models import WorkKind, WorkOrder
from portal.desk.panels import work_subject
from portal.engine.models import Vault, VaultState
from portal.forms import saving
from portal.panels import Link
from portal.restore_requests.billing import billing_of
from portal.restore_requests.forms import CallForm
from portal.restore_requests.kinds import Cause, Holder, RestoreKind, Scope, Urgency
from portal.restore_requests.models import RestoreRequest, find_request, open_request
from portal.restore_requests.rules import restore_kind

bp = Blueprint("restore_calls", __name__, url_prefix="/restore-requests")


@bp.get("/new")
@requires(Permission.RESTORE_WORK)
def new_call() -> Response:
    """First the customer."""
    text = request.args.get("q", "")[:100].strip()
    found, more = found_for(text)
    page = render_template(
        "customers/who_calls.html",
        q=text,
        found=found,
        more=more,
        title=_("Demande par téléphone"),
        back=Link(url_for("restore_requests.list_requests"), _("Restaurations"), ""),
        here=url_for(".new_call"),
        call_view=".show_call",
    )
    return make_response(page)


@bp.get("/call/<customer_uid>")
@requires(Permission.RESTORE_WORK)
def show_call(customer_uid: str) -> Response:
    """Then the questions."""
    customer = get_or_404(Customer.visible_to(g.actor), customer_uid)
    return _page(customer, _form(customer))


def _form(customer: Customer, typed: Any = None) -> CallForm:
    form = CallForm(formdata=typed, ticket=request.args.get("ticket", "")[:35])
    form.vault.choices = [(vault.uid, vault.name) for vault in _vaults(customer)]
    offer_callers(form.caller, customer)
    return form


def _vaults(customer: Customer) -> list[Vault]:
    query = Vault.visible_to(g.actor).where(Vault.customer_id == customer.id)
    query = query.where(Vault.state == VaultState.ACTIVE)
    return list(db.session.scalars(query.order_by(Vault.name, Vault.id)))


def _page(customer: Customer, form: CallForm, status: int = 200, *, is_refused: bool = False) -> Response:
    vault = next((one for one in _vaults(customer) if one.uid == form.vault.data), None)
    answer = kind = None
    if vault is not None and form.scope.data in list(Scope):
        kind = _kind(Scope(form.scope.data))
        answer = billing_of(vault, Cause(form.cause.data)) if form.cause.data in list(Cause) else None
    page = render_template(
        "restore_requests/call.html",
        customer=customer,
        form=form,
        kind=kind,
        answer=answer,
        refused=is_refused,
        vaults=_vaults(customer),
    )
    return make_response(page, status)


def _kind(scope: Scope) -> RestoreKind:
    files = {Scope.FILE: 1, Scope.FILES: 2}.get(scope, 0)
    return RestoreKind(restore_kind(files, machine=scope == Scope.MACHINE, database=scope == Scope.DATABASE))


@bp.post("/call/<customer_uid>")
@requires(Permission.RESTORE_WORK)
def log_call(customer_uid: str) -> Response:
    """Log it, or only say what the contract says of the answers so far. Source: 004-12."""
    customer = get_or_404(Customer.visible_to(g.actor), customer_uid)
    form = _form(customer, request.form)
    if request.form.get("preview"):
        return _page(customer, form)
    if form.caller.data == NOT_AUTHORISED:
        refuse_caller(customer, by=g.actor)
        return _page(customer, form, 422, is_refused=True)
    check_called_back(form)
    if form.errors:
        return _page(customer, form, 422)
    with saving(form):
        row = _logged(customer, form)
    if form.errors:
        return _page(customer, form, 422)
    return htmx.go(url_for("restore_requests.show_request", uid=row.uid), toast=_("Le lien est parti."))


def _logged(customer: Customer, form: CallForm) -> RestoreRequest:
    vault = next(one for one in _vaults(customer) if one.uid == form.vault.data)
    caller = next(one for one in customer.contacts if one.uid == form.caller.data)
    row = open_request(
        vault,
        kind=_kind(Scope(form.scope.data)),
        cause=Cause(form.cause.data),
        what=form.what.data.strip(),
        lost_on=form.lost_on.data,
        scope=Scope(form.scope.data),
        urgency=Urgency(form.urgency.data),
        holder=Holder(form.holder.data),
        caller=caller.name,
        caller_check=caller.phone,
        ticket_number=form.ticket.data or "",
        by=g.actor,
    )
    row.take(by=g.actor)
    return row


def _get(uid: str) -> RestoreRequest:
    row: RestoreRequest = get_or_404(RestoreRequest.visible_to(g.actor), uid)
    return row


@bp.post("/<uid>/owner")
@requires(Permission.RESTORE_WORK)
def take(uid: str) -> Response:
    row = _get(uid)
    if request.form.get("release"):
        row.let_go(by=g.actor)
    else:
        row.take(by=g.actor)
    db.session.commit()
    return htmx.go(url_for("restore_requests.show_request", uid=uid))


@bp.post("/<uid>/kind")
@requires(Permission.RESTORE_WORK)
def make_complex(uid: str) -> Response:
    _get(uid).make_complex(by=g.actor)
    db.session.commit()
    return htmx.go(url_for("restore_requests.show_request", uid=uid))


@bp.post("/<uid>/own-check")
@requires(Permission.VAULT_UNLOCK)
def check_own(uid: str) -> Response:
    """The customer says that it is the right one."""
    _get(uid).check(g.actor.label, by=g.actor)
    db.session.commit()
    return htmx.go(url_for("restore_requests.show_request", uid=uid), toast=_("Merci, c'est noté."))


@work_subject(rank=10)
def request_of(order: WorkOrder) -> Link | None:
    if order.kind != WorkKind.RESTORE or (row := find_request(order.subject_uid)) is None:
        return None
    words = _("Restauration pour %(name)s", name=row.customer.name)
    return Link(url_for("restore_requests.show_request", uid=row.uid), words, "arrow-counterclockwise")
