"""Payments on an invoice's page and charges on a customer's, each with its way back."""

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from portal import htmx
from portal.access import Permission, get_or_404, may, requires
from portal.accounts.confirming import confirm_first
from portal.billing.models import Charge, Invoice, Payment, is_pending
from portal.billing.panels import invoice_panel
from portal.billing.reversing import drop_charge, may_drop, payments_of, reverse_payment
from portal.customers.models import Customer
from portal.customers.panels import customer_panel
from portal.forms import saving
from portal.paging import page_of
from portal.panels import Panel
from portal.resellers.issuing import run_by

bp = Blueprint("reversals", __name__)


class ReversalForm(FlaskForm):
    reason = StringField(_l("Motif"), [InputRequired(_l("Dites pourquoi.")), Length(max=300)])


@invoice_panel(rank=10)
def payments_panel(invoice: Invoice) -> Panel | None:
    noted = payments_of(invoice)
    return Panel("billing/_payments.html", {"noted": noted}) if noted else None


@bp.get("/billing/payments/<uid>/reversal")
@requires(Permission.INVOICE_PAY)
def new_reversal(uid: str) -> Response:
    return _payment_page(get_or_404(run_by(Payment, g.actor), uid), ReversalForm(formdata=None))


def _payment_page(payment: Payment, form: ReversalForm, status: int = 200) -> Response:
    return make_response(render_template("billing/reversal.html", payment=payment, form=form), status)


@bp.post("/billing/payments/<uid>/reversal")
@requires(Permission.INVOICE_PAY)
def create_reversal(uid: str) -> Response:
    """A payment was noted by mistake: the same amount stands once more, negative."""
    if asking := confirm_first(url_for(".new_reversal", uid=uid)):
        return asking
    payment, form = get_or_404(run_by(Payment, g.actor), uid), ReversalForm()
    if form.validate():
        with saving(form, "reason"):
            reverse_payment(payment, form.reason.data, by=g.actor)
    if form.errors:
        return _payment_page(get_or_404(run_by(Payment, g.actor), uid), form, 422)
    see = url_for("billing.show_invoice", uid=payment.invoice.uid)
    return htmx.go(see, toast=_("Le paiement est annulé."))


@customer_panel(rank=46)
def charges_panel(customer: Customer) -> Panel | None:
    """What the next invoice will carry, for who bills."""
    if not may(Permission.BILLING_READ):
        return None
    query = select(Charge).where(Charge.customer_id == customer.id, is_pending())
    rows = page_of(query, Charge.id, size=12, name="charges")
    return Panel("billing/_charges.html", {"charges": rows, "may_drop": may_drop}) if rows else None


@bp.get("/billing/charges/<uid>/drop")
@requires(Permission.PAYMENT_WRITE)
def new_drop(uid: str) -> Response:
    return _charge_page(get_or_404(Charge.visible_to(g.actor), uid), ReversalForm(formdata=None))


def _charge_page(charge: Charge, form: ReversalForm, status: int = 200) -> Response:
    page = render_template("billing/drop_charge.html", charge=charge, form=form, drops=may_drop(charge))
    return make_response(page, status)


@bp.post("/billing/charges/<uid>/drop")
@requires(Permission.PAYMENT_WRITE)
def create_drop(uid: str) -> Response:
    """A charge in error is never billed."""
    charge, form = get_or_404(Charge.visible_to(g.actor), uid), ReversalForm()
    if form.validate():
        with saving(form, "reason"):
            drop_charge(charge, form.reason.data, by=g.actor)
    if form.errors:
        return _charge_page(get_or_404(Charge.visible_to(g.actor), uid), form, 422)
    see = url_for("customers.show_customer", uid=charge.customer.uid)
    return htmx.go(see, toast=_("La ligne ne sera pas facturée."))
