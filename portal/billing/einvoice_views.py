"""E-invoices, for finance: what the rules said, the XML of those that hold, what became of the others."""

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import DataRequired, Length, Optional

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.accounts.confirming import confirm_first
from portal.billing.einvoice_lists import EINVOICES
from portal.billing.einvoice_models import EInvoiceRecord
from portal.billing.einvoice_records import issue_from, xml_of
from portal.billing.einvoices import first_day
from portal.forms import DayField, saving
from portal.listing.page import list_page
from portal.resellers.models import LegalEntity

bp = Blueprint("einvoices", __name__, url_prefix="/billing/einvoices")


class ClosingForm(FlaskForm):
    why = StringField(
        _l("Ce qui a été fait"),
        [
            DataRequired(_l("Dites ce qui a été fait : avoir, nouvelle facture, envoi autrement.")),
            Length(max=300),
        ],
    )


class FirstDayForm(FlaskForm):
    issue_from = DayField(_l("Factures électroniques à partir du"), [Optional()])


@bp.get("")
@requires(Permission.BILLING_READ)
def list_einvoices() -> Response:
    return list_page(EINVOICES, "billing/einvoices.html")


@bp.get("/<uid>")
@requires(Permission.BILLING_READ)
def show_einvoice(uid: str) -> Response:
    return _page(get_or_404(EInvoiceRecord.visible_to(g.actor), uid))


def _page(row: EInvoiceRecord, status: int = 200, form: ClosingForm | None = None) -> Response:
    page = render_template("billing/einvoice.html", row=row, form=form or ClosingForm(formdata=None))
    return make_response(page, status)


@bp.get("/<uid>/cii.xml")
@requires(Permission.BILLING_READ)
def download_cii(uid: str) -> Response:
    return _xml_answer(uid, "cii")


@bp.get("/<uid>/ubl.xml")
@requires(Permission.BILLING_READ)
def download_ubl(uid: str) -> Response:
    return _xml_answer(uid, "ubl")


def _xml_answer(uid: str, syntax: str) -> Response:
    row = get_or_404(EInvoiceRecord.visible_to(g.actor), uid)
    answer = Response(xml_of(row, syntax), mimetype="application/xml")
    answer.headers["Content-Disposition"] = f'attachment; filename="{row.number}-{syntax}.xml"'
    return answer


@bp.post("/<uid>/closing")
@requires(Permission.PAYMENT_WRITE)
def close(uid: str) -> Response:
    row, form = get_or_404(EInvoiceRecord.visible_to(g.actor).with_for_update(), uid), ClosingForm()
    if form.validate():
        with saving(form, "why"):
            row.close(form.why.data or "", by=g.actor)
    if form.errors:
        return _page(get_or_404(EInvoiceRecord.visible_to(g.actor), uid), 422, form)
    return htmx.go(url_for(".show_einvoice", uid=uid), toast=_("C'est noté."))


@bp.get("/settings/<uid>")
@requires(Permission.BILLING_READ)
def show_first_day(uid: str) -> Response:
    entity = get_or_404(LegalEntity.visible_to(g.actor), uid)
    return _settings_page(entity, FirstDayForm(formdata=None, issue_from=first_day(entity)))


def _settings_page(entity: LegalEntity, form: FirstDayForm, status: int = 200) -> Response:
    return make_response(render_template("billing/einvoicing.html", entity=entity, form=form), status)


@bp.post("/settings/<uid>")
@requires(Permission.PAYMENT_WRITE)
def change_first_day(uid: str) -> Response:
    entity, form = get_or_404(LegalEntity.visible_to(g.actor), uid), FirstDayForm()
    if asking := confirm_first(url_for(".show_first_day", uid=uid)):
        return asking
    if form.validate():
        with saving(form, "issue_from"):
            changed = issue_from(entity, form.issue_from.data, by=g.actor)
    if form.errors:
        return _settings_page(get_or_404(LegalEntity.visible_to(g.actor), uid), form, 422)
    toast = _("Les réglages sont changés.") if changed else _("Rien n'a changé.")
    return htmx.go(url_for(".show_first_day", uid=uid), toast=toast)
