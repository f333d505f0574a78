"""What is owed to customers: its list, one of them, and the files of transfers under two pairs of eyes."""

from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import SelectChoice, SelectField, StringField
from wtforms.validators import InputRequired, Length

from portal import clock, htmx
from portal.access import Permission, get_or_404, requires
from portal.accounts.confirming import confirm_first, confirm_order
from portal.billing.balance import position_of
from portal.billing.credit_models import Refund, RefundFile, RefundFileState
from portal.billing.models import Invoice
from portal.blobs import send_document
from portal.db import db
from portal.errors import Refused
from portal.forms import DayField, saving
from portal.journal import record_taking, timeline
from portal.listing.page import list_page
from portal.paging import page_of
from portal.refunds.accounts import account_of, enter_account
from portal.refunds.answers import RefundAnswer, answers_about
from portal.refunds.files import cancel_file, make_file, ready_of, release_file, send_file, take_back
from portal.refunds.lists import REFUNDS
from portal.refunds.setting_off import open_invoices, set_off
from portal.resellers.models import LegalEntity

bp = Blueprint("refunds", __name__, url_prefix="/refunds")
bp.add_app_template_filter(lambda refund: db.session.get(RefundFile, refund.file_id), "file_of")


class AccountForm(FlaskForm):
    iban = StringField(
        _l("IBAN du client"),
        [InputRequired(_l("Indiquez l'IBAN.")), Length(max=60)],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    holder = StringField(_l("Titulaire"), [InputRequired(_l("Indiquez le titulaire.")), Length(max=70)])


class SetOffForm(FlaskForm):
    invoice = SelectField(_l("Facture à payer"))
    consent = StringField(
        _l("Accord du client"),
        [InputRequired(_l("Dites comment le client a donné son accord.")), Length(max=200)],
    )


class SentForm(FlaskForm):
    on = DayField(_l("Remis à la banque le"), [InputRequired(_l("Indiquez le jour."))])


def _refund(uid: str) -> Refund:
    found: Refund = get_or_404(Refund.visible_to(g.actor), uid)
    return found


def _file(uid: str) -> RefundFile:
    found: RefundFile = get_or_404(RefundFile.visible_to(g.actor).with_for_update(), uid)
    return found


@bp.get("")
@requires(Permission.BILLING_READ)
def list_refunds() -> Response:
    entities = list(db.session.scalars(LegalEntity.visible_to(g.actor).order_by(LegalEntity.name)))
    ready = [(entity, found) for entity in entities if (found := ready_of(entity))]
    files = page_of(RefundFile.visible_to(g.actor), RefundFile.id.desc(), size=12, name="files")
    return list_page(REFUNDS, "refunds/list.html", ready=ready, files=files, form=FlaskForm())


@bp.get("/<uid>")
@requires(Permission.BILLING_READ)
def show(uid: str) -> Response:
    return _page(_refund(uid))


def _page(refund: Refund, status: int = 200, **forms: FlaskForm) -> Response:
    account = account_of(refund.customer)
    offered = SetOffForm(formdata=None)
    invoices = open_invoices(refund)
    offered.invoice.choices = [SelectChoice(each.uid, each.number) for each in invoices]
    context: dict[str, Any] = {
        "set_off": offered,
        "account_form": AccountForm(
            formdata=None, holder=account.holder if account else refund.customer.name
        ),
        **forms,
    }
    page = render_template(
        "refunds/show.html",
        refund=refund,
        account=account,
        invoices=invoices,
        position=position_of(refund.invoice) if refund.invoice else None,
        answers=page_of(answers_about(refund), RefundAnswer.id, size=12, name="answers"),
        events=timeline(refund),
        **context,
    )
    return make_response(page, status)


@bp.post("/<uid>/account")
@requires(Permission.PAYMENT_WRITE)
def change_account(uid: str) -> Response:
    if asking := confirm_first(url_for(".show", uid=uid)):
        return asking
    refund, form = _refund(uid), AccountForm()
    if form.validate():
        with saving(form, "iban"):
            enter_account(refund.customer, form.iban.data, form.holder.data, by=g.actor)
    if form.errors:
        return _page(_refund(uid), 422, account_form=form)
    toast = _("Le compte est enregistré ; un compte nouveau attend une semaine.")
    return htmx.go(url_for(".show", uid=uid), toast=toast)


@bp.post("/<uid>/set-off")
@requires(Permission.PAYMENT_WRITE)
def set_against(uid: str) -> Response:
    refund, form = _refund(uid), SetOffForm()
    form.invoice.choices = [SelectChoice(each.uid, each.number) for each in open_invoices(refund)]
    if form.validate():
        invoice = get_or_404(Invoice.visible_to(g.actor).with_for_update(), form.invoice.data)
        with saving(form, "invoice"):
            set_off(refund, invoice, form.consent.data, by=g.actor)
    if form.errors:
        return _page(_refund(uid), 422, set_off=form)
    return htmx.go(url_for(".show", uid=uid), toast=_("La compensation est faite."))


@bp.post("/<uid>/return")
@requires(Permission.PAYMENT_WRITE)
def note_return(uid: str) -> Response:
    """The bank could not pay it."""
    take_back(_refund(uid), request.form.get("note", ""), by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show", uid=uid), toast=_("Le remboursement est de nouveau dû."))


@bp.post("/answers/<uid>/closing")
@requires(Permission.PAYMENT_WRITE)
def close_answer(uid: str) -> Response:
    """What the bank said was looked at."""
    answer = get_or_404(RefundAnswer.visible_to(g.actor).with_for_update(), uid)
    answer.close(by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show_file", uid=answer.refund_file.uid), toast=_("C'est noté."))


@bp.post("/files")
@requires(Permission.BATCH_WRITE)
def create_file() -> Response:
    if asking := confirm_first(url_for(".list_refunds")):
        return asking
    entity = get_or_404(LegalEntity.visible_to(g.actor), request.form.get("entity", ""))
    file = make_file(entity, by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show_file", uid=file.uid), toast=_("Le fichier attend une deuxième personne."))


@bp.get("/files/<uid>")
@requires(Permission.BATCH_READ)
def show_file(uid: str) -> Response:
    return _file_page(get_or_404(RefundFile.visible_to(g.actor), uid))


def _file_page(file: RefundFile, status: int = 200, form: SentForm | None = None) -> Response:
    rows = page_of(select(Refund).where(Refund.file_id == file.id), Refund.id, name="rows")
    page = render_template(
        "refunds/file.html",
        file=file,
        rows=rows,
        answers=page_of(answers_about(file), RefundAnswer.id, size=12, name="answers"),
        form=form or SentForm(formdata=None, on=clock.today()),
        events=timeline(file),
    )
    return make_response(page, status)


@bp.post("/files/<uid>/release")
@requires(Permission.BATCH_WRITE)
def release(uid: str) -> Response:
    file = get_or_404(RefundFile.visible_to(g.actor), uid)
    order = {"reference": file.msg_id, "entries": file.count, "sum_cents": file.total_cents}
    order["sha256"] = file.document.sha256 if file.document else ""
    if asking := confirm_order(file, "release", order, url_for(".show_file", uid=uid)):
        return asking
    release_file(_file(uid), by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show_file", uid=uid), toast=_("Le fichier est libéré."))


@bp.post("/files/<uid>/file")
@requires(Permission.BATCH_WRITE)
def download(uid: str) -> Response:
    file = get_or_404(RefundFile.visible_to(g.actor), uid)
    if asking := confirm_first(url_for(".show_file", uid=uid), takes=True):
        return asking
    if file.document is None or file.state not in {RefundFileState.RELEASED, RefundFileState.SENT}:
        raise Refused(_("Une deuxième personne doit d'abord libérer ce fichier."))
    answer = send_document(file.document)
    record_taking(
        file, "download", by=g.actor, address=request.remote_addr or "", sha256=file.document.sha256
    )
    return answer


@bp.post("/files/<uid>/sending")
@requires(Permission.BATCH_WRITE)
def send(uid: str) -> Response:
    file, form = _file(uid), SentForm()
    if form.validate():
        with saving(form, "on"):
            send_file(file, form.on.data, by=g.actor)
    if form.errors:
        return _file_page(get_or_404(RefundFile.visible_to(g.actor), uid), 422, form)
    return htmx.go(url_for(".show_file", uid=uid), toast=_("Les remboursements sont notés."))


@bp.post("/files/<uid>/cancellation")
@requires(Permission.BATCH_WRITE)
def cancel(uid: str) -> Response:
    cancel_file(_file(uid), by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".list_refunds"), toast=_("Le fichier est annulé, rien ne part."))
