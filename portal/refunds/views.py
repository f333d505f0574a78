"""What is owed to customers: its list, one of them, and the files of transfers under two pairs of eyes."""

from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import SelectChoice

from portal import clock, htmx
from portal.access import Permission, get_or_404, requires
from portal.accounts.confirming import confirm_first, confirm_order
from portal.billing.balance import position_of
from portal.billing.credit_models import Refund, RefundFile, RefundFileState
from portal.billing.models import Invoice
from portal.blobs import send_document
from portal.db import db
from portal.errors import Refused
from portal.forms import saving
from portal.journal import record_taking, timeline
from portal.listing.page import list_page
from portal.paging import page_of
from portal.refunds import asking as acts
from portal.refunds.accounts import account_for, is_hers, proposed_for
from portal.refunds.answers import RefundAnswer, answers_about
from portal.refunds.asks import ask_of
from portal.refunds.files import cancel_file, make_file, ready_of, release_file, send_file
from portal.refunds.forms import AccountForm, PayerForm, ReturnForm, SentForm, SetOffForm
from portal.refunds.lists import REFUNDS
from portal.refunds.owed import check_changeable
from portal.refunds.setting_off import open_invoices, set_off
from portal.resellers.issuing import issuers_to_run, run_by
from portal.resellers.models import TOP_FIRST

bp = Blueprint("refunds", __name__, url_prefix="/refunds")
bp.add_app_template_filter(is_hers, "is_hers")
bp.add_app_template_filter(lambda refund: db.session.get(RefundFile, refund.file_id), "file_of")


def _refund(uid: str) -> Refund:
    found: Refund = get_or_404(run_by(Refund, g.actor), uid)
    return found


def _file(uid: str) -> RefundFile:
    found: RefundFile = get_or_404(run_by(RefundFile, g.actor).with_for_update(), uid)
    return found


@bp.get("")
@requires(Permission.REFUND_READ)
def list_refunds() -> Response:
    entities = list(db.session.scalars(issuers_to_run(g.actor).order_by(*TOP_FIRST)))
    ready = [(entity, found) for entity in entities if (found := ready_of(entity))]
    files = page_of(run_by(RefundFile, g.actor), RefundFile.id.desc(), size=12, name="files")
    return list_page(REFUNDS, "refunds/list.html", ready=ready, files=files, form=FlaskForm())


@bp.get("/<uid>")
@requires(Permission.REFUND_READ)
def show(uid: str) -> Response:
    return _page(_refund(uid))


def _page(refund: Refund, status: int = 200, **forms: FlaskForm) -> Response:
    account = account_for(refund)
    offered = SetOffForm(formdata=None)
    invoices = open_invoices(refund)
    offered.invoice.choices = [SelectChoice(each.uid, each.number) for each in invoices]
    context: dict[str, Any] = {
        "set_off": offered,
        "account_form": AccountForm(
            formdata=None, holder=account.holder if account else refund.customer.name
        ),
        "payer_form": PayerForm(formdata=None),
        "return_form": ReturnForm(formdata=None, is_account=True),
        **forms,
    }
    payer = proposed_for(refund)
    page = render_template(
        "refunds/show.html",
        refund=refund,
        account=account,
        payer=payer if payer and not (account and account.iban == payer.iban) else None,
        ask=ask_of(refund.customer),
        invoices=invoices,
        position=position_of(refund.invoice) if refund.invoice else None,
        answers=page_of(answers_about(refund), RefundAnswer.id, size=12, name="answers"),
        events=timeline(refund),
        **context,
    )
    return make_response(page, status)


@bp.post("/<uid>/account")
@requires(Permission.REFUND_WRITE)
def change_account(uid: str) -> Response:
    refund, form = _refund(uid), AccountForm()
    if asking := confirm_first(url_for(".show", uid=uid)):
        return asking
    check_changeable(refund)
    if form.validate():
        address = request.remote_addr or ""
        with saving(form, "iban"):
            acts.enter_for(refund, form.iban.data, form.holder.data, by=g.actor, address=address)
    if form.errors:
        return _page(_refund(uid), 422, account_form=form)
    return _entered(uid)


def _entered(uid: str) -> Response:
    toast = _("Le compte est enregistré ; un compte nouveau attend une semaine.")
    return htmx.go(url_for(".show", uid=uid), toast=toast)


@bp.post("/<uid>/account/payer")
@requires(Permission.REFUND_WRITE)
def take_payer(uid: str) -> Response:
    """Pay back to the account that the money came from."""
    refund, form = _refund(uid), PayerForm()
    if asking := confirm_first(url_for(".show", uid=uid)):
        return asking
    check_changeable(refund)
    if form.validate():
        with saving(form, "agreed"):
            acts.take_payer(refund, form.agreed.data, by=g.actor, address=request.remote_addr or "")
    if form.errors:
        return _page(_refund(uid), 422, payer_form=form)
    return _entered(uid)


@bp.post("/<uid>/account/asking")
@requires(Permission.REFUND_WRITE)
def ask_account(uid: str) -> Response:
    """She gets a link, or another one."""
    acts.ask_account(_refund(uid).customer, by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show", uid=uid), toast=_("Le client reçoit un lien pour dire où le rembourser."))


@bp.post("/<uid>/set-off")
@requires(Permission.REFUND_WRITE)
def set_against(uid: str) -> Response:
    refund, form = _refund(uid), SetOffForm()
    form.invoice.choices = [SelectChoice(each.uid, each.number) for each in open_invoices(refund)]
    if form.validate():
        invoice = get_or_404(run_by(Invoice, g.actor).with_for_update(), form.invoice.data)
        with saving(form, "invoice"):
            set_off(refund, invoice, form.consent.data, by=g.actor)
    if form.errors:
        return _page(_refund(uid), 422, set_off=form)
    return htmx.go(url_for(".show", uid=uid), toast=_("La compensation est faite."))


@bp.post("/<uid>/return")
@requires(Permission.REFUND_WRITE)
def note_return(uid: str) -> Response:
    """The bank could not pay it."""
    refund, form = _refund(uid), ReturnForm()
    if form.validate():
        with saving(form, "note"):
            acts.note_return(refund, form.note.data, is_account=form.is_account.data, by=g.actor)
    if form.errors:
        return _page(_refund(uid), 422, return_form=form)
    return htmx.go(url_for(".show", uid=uid), toast=_("Le remboursement est de nouveau dû."))


@bp.post("/answers/<uid>/closing")
@requires(Permission.REFUND_WRITE)
def close_answer(uid: str) -> Response:
    """What the bank said was looked at."""
    answer = get_or_404(run_by(RefundAnswer, g.actor).with_for_update(), uid)
    answer.close(by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show_file", uid=answer.refund_file.uid), toast=_("C'est noté."))


@bp.post("/files")
@requires(Permission.REFUND_FILE_WRITE)
def create_file() -> Response:
    if asking := confirm_first(url_for(".list_refunds")):
        return asking
    entity = get_or_404(issuers_to_run(g.actor), request.form.get("entity", ""))
    file = make_file(entity, by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show_file", uid=file.uid), toast=_("Le fichier attend une deuxième personne."))


@bp.get("/files/<uid>")
@requires(Permission.REFUND_FILE_READ)
def show_file(uid: str) -> Response:
    return _file_page(get_or_404(run_by(RefundFile, g.actor), uid))


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
@requires(Permission.REFUND_FILE_WRITE)
def release(uid: str) -> Response:
    file = get_or_404(run_by(RefundFile, g.actor), uid)
    order = {"reference": file.msg_id, "entries": file.count, "sum_cents": file.total_cents}
    order["sha256"] = file.document.sha256 if file.document else ""
    if asking := confirm_order(file, "release", order, url_for(".show_file", uid=uid)):
        return asking
    release_file(_file(uid), by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show_file", uid=uid), toast=_("Le fichier est libéré."))


@bp.post("/files/<uid>/file")
@requires(Permission.REFUND_FILE_WRITE)
def download(uid: str) -> Response:
    file = get_or_404(run_by(RefundFile, g.actor), uid)
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
@requires(Permission.REFUND_FILE_WRITE)
def send(uid: str) -> Response:
    file, form = _file(uid), SentForm()
    if form.validate():
        with saving(form, "on"):
            send_file(file, form.on.data, by=g.actor)
    if form.errors:
        return _file_page(get_or_404(run_by(RefundFile, g.actor), uid), 422, form)
    return htmx.go(url_for(".show_file", uid=uid), toast=_("Les remboursements sont notés."))


@bp.post("/files/<uid>/cancellation")
@requires(Permission.REFUND_FILE_WRITE)
def cancel(uid: str) -> Response:
    cancel_file(_file(uid), by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".list_refunds"), toast=_("Le fichier est annulé, rien ne part."))
