"""What lateness costs, on the invoice's page: its working, its statement, its waiver."""

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.billing.models import Invoice
from portal.billing.panels import invoice_panel
from portal.billing.queries import about_invoices_run_by
from portal.dunning.contracts import late_facts
from portal.dunning.fees import LateFee, fees_of
from portal.dunning.forms import WaiverForm
from portal.dunning.statement import statement_draft
from portal.forms import WHOLE, saving
from portal.panels import Panel

bp = Blueprint("late_fees", __name__)


@invoice_panel(rank=10)
def lateness_panel(invoice: Invoice) -> Panel | None:
    facts, fees = late_facts(invoice), fees_of(invoice)
    if not facts and not fees:
        return None
    return Panel("dunning/_lateness.html", {"invoice": invoice, "facts": facts, "fees": fees})


@bp.get("/billing/invoices/<uid>/late-statement")
@requires(Permission.INVOICE_READ)
def show_statement(uid: str) -> Response:
    invoice = get_or_404(Invoice.visible_to(g.actor), uid)
    response = make_response(statement_draft(invoice, invoice.customer.language).build())
    response.mimetype = "application/pdf"
    response.headers["Content-Disposition"] = f'attachment; filename="decompte-{invoice.number}.pdf"'
    return response


@bp.get("/billing/late-fees/<uid>")
@requires(Permission.DUNNING_READ)
def show_fee(uid: str) -> Response:
    return _fee_page(get_or_404(about_invoices_run_by(LateFee, g.actor), uid), WaiverForm(formdata=None))


def _fee_page(fee: LateFee, form: WaiverForm, status: int = 200) -> Response:
    return make_response(render_template("dunning/fee.html", fee=fee, form=form), status)


@bp.post("/billing/late-fees/<uid>/waiver")
@requires(Permission.DUNNING_WRITE)
def waive_fee(uid: str) -> Response:
    fee = get_or_404(about_invoices_run_by(LateFee, g.actor).with_for_update(of=LateFee), uid)
    form = WaiverForm()
    if form.validate():
        with saving(form, WHOLE):
            fee.waive(form.cents.data, form.why.data, by=g.actor)
    if form.errors or form.form_errors:
        return _fee_page(get_or_404(about_invoices_run_by(LateFee, g.actor), uid), form, 422)
    return htmx.go(
        url_for("billing.show_invoice", uid=fee.invoice.uid), toast=_("Les frais sont abandonnés.")
    )
