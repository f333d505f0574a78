"""Disputes, on an invoice's page: opened by the customer or by finance, and answered by finance."""

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _

from portal import htmx
from portal.access import Permission, get_or_404, may, requires
from portal.billing.disputes import DisputeState, InvoiceDispute, disputes_of
from portal.billing.models import Invoice
from portal.billing.panels import invoice_panel
from portal.billing.queries import about_invoices_run_by
from portal.dunning.contracts import no_holding_back
from portal.dunning.disputing import acceptance_of, may_dispute, open_dispute
from portal.dunning.forms import DisputeForm, OutcomeForm
from portal.forms import saving
from portal.journal import timeline
from portal.panels import Panel

bp = Blueprint("disputes", __name__)


@invoice_panel(rank=30)
def disputes_panel(invoice: Invoice) -> Panel | None:
    """Until when it may be disputed, and what was."""
    accepted, disputes = acceptance_of(invoice), disputes_of(invoice)
    opens = may(Permission.DISPUTE_OPEN) and may_dispute(invoice)
    if accepted is None and not disputes and not opens:
        return None
    context = {"invoice": invoice, "accepted": accepted, "disputes": disputes, "opens": opens}
    return Panel("dunning/_disputes.html", context)


@bp.get("/billing/invoices/<uid>/dispute")
@requires(Permission.DISPUTE_OPEN)
def new_dispute(uid: str) -> Response:
    return _page(get_or_404(Invoice.visible_to(g.actor), uid), DisputeForm(formdata=None))


def _page(invoice: Invoice, form: DisputeForm, status: int = 200) -> Response:
    accepted = acceptance_of(invoice)
    page = render_template(
        "dunning/new_dispute.html",
        invoice=invoice,
        form=form,
        accepted=accepted,
        against=no_holding_back(invoice),
    )
    return make_response(page, status)


@bp.post("/billing/invoices/<uid>/dispute")
@requires(Permission.DISPUTE_OPEN)
def create_dispute(uid: str) -> Response:
    invoice = get_or_404(Invoice.visible_to(g.actor).with_for_update(of=Invoice), uid)
    form = DisputeForm()
    if form.validate():
        with saving(form, "reason"):
            open_dispute(invoice, form.reason.data, by=g.actor, is_hers=g.actor.is_customer)
    if form.errors:
        return _page(get_or_404(Invoice.visible_to(g.actor), uid), form, 422)
    return htmx.go(url_for("billing.show_invoice", uid=uid), toast=_("La contestation est enregistrée."))


@bp.get("/billing/disputes/<uid>")
@requires(Permission.DUNNING_READ)
def show_dispute(uid: str) -> Response:
    return _dispute_page(
        get_or_404(about_invoices_run_by(InvoiceDispute, g.actor), uid), OutcomeForm(formdata=None)
    )


def _dispute_page(dispute: InvoiceDispute, form: OutcomeForm, status: int = 200) -> Response:
    page = render_template(
        "dunning/dispute.html",
        dispute=dispute,
        form=form,
        against=no_holding_back(dispute.invoice),
        events=timeline(dispute),
    )
    return make_response(page, status)


@bp.post("/billing/disputes/<uid>/outcome")
@requires(Permission.DUNNING_WRITE)
def close_dispute(uid: str) -> Response:
    dispute = get_or_404(about_invoices_run_by(InvoiceDispute, g.actor), uid)
    form = OutcomeForm()
    if form.validate():
        with saving(form, "outcome"):
            dispute.close(DisputeState(form.state.data), form.outcome.data, by=g.actor)
    if form.errors:
        return _dispute_page(get_or_404(about_invoices_run_by(InvoiceDispute, g.actor), uid), form, 422)
    return htmx.go(url_for(".show_dispute", uid=uid), toast=_("La contestation est close."))
