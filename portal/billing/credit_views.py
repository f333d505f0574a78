"""Credit notes on a screen: their list, and a new one on an invoice, whole or line by line."""

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, SelectChoice, SelectField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length, Optional

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.accounts.confirming import confirm_first
from portal.billing.balance import position_of
from portal.billing.credit_lists import CREDIT_NOTES
from portal.billing.credit_models import CreditReason
from portal.billing.credit_notes import Part, issue_credit_note, rest_of, share_of
from portal.billing.models import Invoice
from portal.db import new_uid
from portal.errors import Refused
from portal.euro_field import EuroField
from portal.forms import saving
from portal.listing.page import list_page
from portal.resellers.issuing import run_by
from portal.words.reasons import CREDIT_REASONS

bp = Blueprint("credit_notes", __name__, url_prefix="/billing")


class CreditForm(FlaskForm):
    once = HiddenField(default=new_uid)  # the same form makes one credit note
    how_much = RadioField(
        _l("Ce qui est repris"),
        choices=[
            SelectChoice("all", _l("tout ce qui reste de la facture")),
            SelectChoice("lines", _l("les lignes choisies, en entier")),
            SelectChoice("part", _l("une partie d'une seule ligne")),
        ],
        default="all",
    )
    lines = SelectMultipleField(_l("Lignes"))
    amount = EuroField(_l("Montant, comme le prix de la ligne"), [Optional()])
    reason = SelectField(
        _l("Motif"), choices=[SelectChoice(each.value, CREDIT_REASONS[each]) for each in CreditReason]
    )
    note = StringField(
        _l("Ce que le client lira"),
        [InputRequired(_l("Écrivez une phrase pour le client.")), Length(max=300)],
    )

    def parts(self, invoice: Invoice) -> list[Part]:
        """What the form takes back. Raises Refused where it does not say."""
        chosen = [line for line in invoice.lines if line.uid in (self.lines.data or [])]
        if self.how_much.data == "all":
            return rest_of(invoice)
        if not chosen:
            raise Refused(_("Choisissez au moins une ligne."), field="lines")
        if self.how_much.data == "lines":
            return rest_of(invoice, chosen)
        if len(chosen) != 1 or not self.amount.data:
            raise Refused(_("Choisissez une seule ligne et indiquez le montant repris."), field="amount")
        return [share_of(invoice, chosen[0], self.amount.data)]


def _form(invoice: Invoice) -> CreditForm:
    form = CreditForm()
    form.lines.choices = [SelectChoice(line.uid, line.label) for line in invoice.lines]
    return form


def _page(invoice: Invoice, form: CreditForm, status: int = 200) -> Response:
    page = render_template(
        "billing/new_credit.html", invoice=invoice, form=form, position=position_of(invoice)
    )
    return make_response(page, status)


@bp.get("/credit-notes")
@requires(Permission.INVOICE_READ)
def list_credit_notes() -> Response:
    return list_page(CREDIT_NOTES, "billing/credit_notes.html")


@bp.get("/invoices/<uid>/credit")
@requires(Permission.CREDIT_NOTE_WRITE)
def new_credit(uid: str) -> Response:
    invoice = get_or_404(run_by(Invoice, g.actor), uid)
    return _page(invoice, _form(invoice))


@bp.post("/invoices/<uid>/credit")
@requires(Permission.CREDIT_NOTE_WRITE)
def create_credit(uid: str) -> Response:
    if asking := confirm_first(url_for(".new_credit", uid=uid)):
        return asking
    invoice = get_or_404(run_by(Invoice, g.actor).with_for_update(), uid)
    form = _form(invoice)
    if form.validate():
        with saving(form, "lines"):
            issue_credit_note(
                invoice,
                form.parts(invoice),
                origin=f"form:{form.once.data[:16]}:{invoice.uid}",
                reason=CreditReason(form.reason.data),
                note=form.note.data.strip(),
                by=g.actor,
            )
    if form.errors:
        return _page(get_or_404(run_by(Invoice, g.actor), uid), form, 422)
    return htmx.go(url_for("billing.show_invoice", uid=uid), toast=_("L'avoir est émis et envoyé."))
