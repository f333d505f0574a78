"""Invoices and billing runs."""

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from wtforms import BooleanField, MonthField, SelectChoice, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from portal import clock, htmx
from portal.access import Permission, get_or_404, requires
from portal.billing.balance import position_of
from portal.billing.debits import pay_by_wire
from portal.billing.lists import INVOICES, RUNS
from portal.billing.models import BillingRun, Invoice, RunState
from portal.billing.panels import invoice_panel
from portal.billing.run import start_run
from portal.billing.skips import BillingSkip, skips_of
from portal.customers.models import Customer
from portal.customers.panels import customer_panel
from portal.db import db
from portal.errors import Refused
from portal.euro_field import EuroField
from portal.forms import DayField, saving
from portal.jobs import TaskState, find_task, resume
from portal.journal import record, timeline
from portal.listing.page import list_page
from portal.mail import mails_about
from portal.paging import page_of
from portal.panels import Panel
from portal.resellers.issuing import issuers_to_run, run_by
from portal.resellers.models import TOP_FIRST

bp = Blueprint("billing", __name__, url_prefix="/billing")


class WireForm(FlaskForm):
    on = DayField(_l("Reçu le"), [InputRequired(_l("Indiquez le jour du paiement."))])
    amount = EuroField(_l("Montant reçu"), [Optional()])
    reference = StringField(
        _l("Référence bancaire"),
        [DataRequired(_l("Recopiez la référence du virement.")), Length(max=140)],
        filters=[lambda typed: " ".join((typed or "").split())],
    )


class RunForm(FlaskForm):
    entity = SelectField()
    month = MonthField(validators=[InputRequired(_l("Indiquez un mois."))])
    certain = BooleanField(_l("Facturer ce qui est certain, laisser les écarts à décider"))


def run_form(form: RunForm | None = None) -> RunForm:
    form = form or RunForm()
    entities = db.session.scalars(issuers_to_run(g.actor).order_by(*TOP_FIRST))
    form.entity.choices = [SelectChoice(entity.uid, entity.name) for entity in entities]
    form.entity.label.text, form.month.label.text = _("Émetteur"), _("Mois")
    return form


@bp.get("/invoices")
@requires(Permission.INVOICE_READ)
def list_invoices() -> Response:
    return list_page(INVOICES, "billing/invoices.html")


@bp.get("/invoices/<uid>")
@requires(Permission.INVOICE_READ)
def show_invoice(uid: str) -> Response:
    return _invoice_page(get_or_404(Invoice.visible_to(g.actor), uid))


def _invoice_page(invoice: Invoice, status: int = 200, form: WireForm | None = None) -> Response:
    page = render_template(
        "billing/invoice.html",
        invoice=invoice,
        position=position_of(invoice),
        events=timeline(invoice),
        mails=mails_about(invoice),
        panels=invoice_panel.shown(invoice),
        wire=form or WireForm(formdata=None, on=clock.today()),
    )
    return make_response(page, status)


@bp.post("/invoices/<uid>/payment")
@requires(Permission.INVOICE_PAY)
def note_invoice_payment(uid: str) -> Response:
    """A transfer has paid it: seen on the bank's statement, by a person."""
    invoice = get_or_404(run_by(Invoice, g.actor).with_for_update(), uid)
    form = WireForm()
    if form.validate():
        with saving(form, "on"):
            pay_by_wire(invoice, form.on.data, form.reference.data, by=g.actor, amount_cents=form.amount.data)
    if form.errors:
        return _invoice_page(get_or_404(Invoice.visible_to(g.actor), uid), 422, form)
    return htmx.go(url_for(".show_invoice", uid=uid), toast=_("Le paiement est noté."))


@bp.get("/runs")
@requires(Permission.MONTH_READ)
def list_runs() -> Response:
    return _runs_page(run_form())


def _runs_page(form: RunForm, status: int = 200) -> Response:
    if not form.month.data:
        form.month.data = clock.today()
    page = list_page(RUNS, "billing/runs.html", form=form)
    page.status_code = status
    return page


@bp.post("/runs")
@requires(Permission.MONTH_RUN)
def create_run() -> Response:
    form = run_form()
    if form.validate():
        entity = get_or_404(issuers_to_run(g.actor), form.entity.data)
        with saving(form, "month"):
            month = f"{form.month.data:%Y-%m}"
            run = start_run(entity, month, by=g.actor, certain_only=form.certain.data)
    if form.errors:
        return _runs_page(form, 422)
    return htmx.go(url_for(".show_run", uid=run.uid))


@bp.get("/runs/<uid>")
@requires(Permission.MONTH_READ)
def show_run(uid: str) -> Response:
    run = get_or_404(run_by(BillingRun, g.actor), uid)
    skips = page_of(skips_of(run).options(joinedload(BillingSkip.customer)), BillingSkip.id, name="skips")
    context = {"run": run, "task": find_task("billing.run", run.uid), "skips": skips}
    if htmx.wants_fragment():
        return htmx.poll_answer("billing/_run.html", finished=run.state == RunState.DONE, **context)
    return make_response(render_template("billing/run.html", events=timeline(run), **context))


@bp.post("/runs/<uid>/resume")
@requires(Permission.MONTH_RUN)
def resume_run(uid: str) -> Response:
    """Go on with a run that stopped: its task starts again behind the last customer that it billed."""
    run = get_or_404(run_by(BillingRun, g.actor), uid)
    task = find_task("billing.run", run.uid)
    if task is None or task.state != TaskState.FAILED:
        raise Refused(_("Cette facturation n'est pas arrêtée."))
    resume("billing.run", run.uid)
    record(run, "resume", by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show_run", uid=uid), toast=_("La facturation reprend."))


@customer_panel(rank=45)
def invoices_panel(customer: Customer) -> Panel:
    query = select(Invoice).where(Invoice.customer_id == customer.id)
    rows = page_of(query, Invoice.id.desc(), size=12, name="invoices")
    return Panel("billing/_customer_panel.html", {"invoices": rows})
