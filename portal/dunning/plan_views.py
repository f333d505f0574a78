"""Promises of payment, on an invoice's page: agreed, received part by part."""

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy import Select

from portal import htmx
from portal.access import Permission, get_or_404, may, requires
from portal.billing.balance import position_of
from portal.billing.models import Invoice, InvoiceState
from portal.billing.panels import invoice_panel
from portal.billing.queries import about_invoices_run_by
from portal.dunning.forms import PlanForm, ReceivedForm
from portal.dunning.models import Instalment, PaymentPlan
from portal.dunning.plans import agree_plan, plans_of, receive_instalment
from portal.forms import WHOLE, saving
from portal.panels import Panel
from portal.resellers.issuing import run_by, runs

bp = Blueprint("plans", __name__)


@invoice_panel(rank=20)
def plans_panel(invoice: Invoice) -> Panel | None:
    plans = plans_of(invoice)
    owed = invoice.state == InvoiceState.ISSUED and runs(g.actor, invoice.legal_entity)
    promises = owed and may(Permission.DUNNING_WRITE)
    if not plans and not promises:
        return None
    return Panel("dunning/_plans.html", {"invoice": invoice, "plans": plans, "promises": promises})


@bp.get("/billing/invoices/<uid>/plan")
@requires(Permission.DUNNING_WRITE)
def new_plan(uid: str) -> Response:
    return _page(get_or_404(run_by(Invoice, g.actor), uid), PlanForm(formdata=None))


def _page(invoice: Invoice, form: PlanForm, status: int = 200) -> Response:
    owed = position_of(invoice).rest
    return make_response(render_template("dunning/plan.html", invoice=invoice, owed=owed, form=form), status)


@bp.post("/billing/invoices/<uid>/plan")
@requires(Permission.DUNNING_WRITE)
def create_plan(uid: str) -> Response:
    invoice = get_or_404(run_by(Invoice, g.actor).with_for_update(of=Invoice), uid)
    form = PlanForm()
    if form.validate():
        with saving(form, WHOLE):
            agree_plan(invoice, form.dated, form.said_by.data, by=g.actor)
    if form.errors or form.form_errors:
        return _page(get_or_404(run_by(Invoice, g.actor), uid), form, 422)
    return htmx.go(url_for("billing.show_invoice", uid=uid), toast=_("La promesse est notée."))


def _instalments() -> Select[tuple[Instalment]]:
    plans = about_invoices_run_by(PaymentPlan, g.actor).with_only_columns(PaymentPlan.id)
    query: Select[tuple[Instalment]] = Instalment.visible_to(g.actor)
    return query.where(Instalment.plan_id.in_(plans))


@bp.get("/billing/instalments/<uid>")
@requires(Permission.DUNNING_READ)
def show_instalment(uid: str) -> Response:
    row = get_or_404(_instalments(), uid)
    return _instalment_page(row, ReceivedForm(formdata=None))


def _instalment_page(row: Instalment, form: ReceivedForm, status: int = 200) -> Response:
    return make_response(render_template("dunning/instalment.html", instalment=row, form=form), status)


@bp.post("/billing/instalments/<uid>/payment")
@requires(Permission.DUNNING_WRITE)
def note_instalment(uid: str) -> Response:
    row = get_or_404(_instalments().with_for_update(of=Instalment), uid)
    form = ReceivedForm()
    if form.validate():
        with saving(form, WHOLE):
            receive_instalment(row, form.on.data, form.reference.data, by=g.actor)
    row = get_or_404(_instalments(), uid)
    if form.errors or form.form_errors:
        return _instalment_page(row, form, 422)
    return htmx.go(
        url_for("billing.show_invoice", uid=row.plan.invoice.uid), toast=_("L'échéance est notée.")
    )
