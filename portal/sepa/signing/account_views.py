"""The debtor's pages to give another account: a link from an e-mail, three steps, no account, no script.

Opening a page changes nothing. The mandate keeps its reference; the new account counts a day later.
"""

from typing import Any

from flask import Blueprint, Response, abort, make_response, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal.access import public
from portal.blobs import send_document
from portal.db import db
from portal.errors import Conflict
from portal.forms import WHOLE, saving
from portal.linked.code_field import CodeForm
from portal.linked.corrections import keep_correction, take_correction
from portal.linked.holding import still_open
from portal.linked.pages import mail_code, private_page, to_step
from portal.linked.visitor import visitor
from portal.links import CODE_MINUTES, Purpose, SignedLink, mask_email, open_link
from portal.sepa.formats.iban import bank_name
from portal.sepa.models import AmendmentState, Mandate, MandateAmendment, What
from portal.sepa.models.amendment import is_open_to_change
from portal.sepa.signing.account_change import change_pdf, confirm_account, enter_new_account
from portal.sepa.signing.forms import ChangeConsentForm, NewAccountForm

bp = Blueprint("account_change", __name__, url_prefix="/new-account/<token>")
_WHY = "the debtor gives another account with a link from an e-mail, without an account here"


def _open(token: str, *, hold: bool = False) -> tuple[SignedLink, MandateAmendment]:
    """Link and change; with ``hold``, whoever comes second waits, then sees what the first one did."""
    link = open_link(Purpose.CHANGE_ACCOUNT, token)
    query = select(MandateAmendment).where(MandateAmendment.uid == link.subject_uid)
    if hold:
        held = select(Mandate).join(Mandate.amendments).where(MandateAmendment.uid == link.subject_uid)
        held = held.with_for_update(of=Mandate)
        db.session.scalars(held.execution_options(populate_existing=True)).one()
        query = query.with_for_update().execution_options(populate_existing=True)
    change = db.session.scalars(query).one()
    if hold:
        still_open(link)
    return link, change


def _page(step: str, change: MandateAmendment, token: str, status: int = 200, **context: Any) -> Response:
    mandate = change.mandate
    words = {"change": change, "mandate": mandate, "entity": mandate.legal_entity, "token": token}
    start = url_for("account_change.start", token=token)
    return private_page(f"signing/change_{step}.html", status, start=start, **words, **context)


def _closed(change: MandateAmendment, token: str, status: int = 200) -> Response | None:
    if change.state == AmendmentState.ASKED and is_open_to_change(change.mandate):
        return None
    return _page("closed", change, token, status)


@bp.get("")
@public(_WHY)
def start(token: str) -> Response:
    _link, change = _open(token)
    if closed := _closed(change, token):
        return closed
    again = take_correction(NewAccountForm, "start", token)
    return _page("account", change, token, form=again or NewAccountForm())


@bp.post("/account")
@public(_WHY)
def enter_account(token: str) -> Response:
    link, change = _open(token, hold=True)
    if closed := _closed(change, token, 409):
        return closed
    form = NewAccountForm()
    if form.validate():
        with saving(form, "iban"):
            enter_new_account(change, form.iban.data, visitor())
            link.code_hash = link.code_expires_at = None  # a code was for the former document
    if form.errors:
        page = _page("account", change, token, 422, form=form)
        return to_step(".start", token) if keep_correction(form, "start", token) else page
    return to_step(".show_change", token)


@bp.get("/change")
@public(_WHY)
def show_change(token: str) -> Response:
    _link, change = _open(token)
    if closed := _closed(change, token):
        return closed
    if not change.shown_sha256:
        return to_step(".start", token)
    again = take_correction(ChangeConsentForm, "show_change", token)
    return _consent_page(change, token, again or ChangeConsentForm(obj=change))


def _consent_page(
    change: MandateAmendment, token: str, form: ChangeConsentForm, status: int = 200
) -> Response:
    form.shown.data = change.shown_sha256
    return _page("consent", change, token, status, form=form, bank=bank_name(change.iban or ""))


@bp.get("/document.pdf")
@public(_WHY)
def download(token: str) -> Response:
    """What was confirmed; before that, what is about to be."""
    _link, change = _open(token)
    if change.document:
        return send_document(change.document)
    if change.state != AmendmentState.ASKED or not change.shown_sha256:
        abort(404)
    response = make_response(change_pdf(change))
    response.mimetype = "application/pdf"
    response.headers["Content-Disposition"] = f'inline; filename="{change.mandate.rum}-compte.pdf"'
    return response


@bp.post("/code")
@public(_WHY)
def send_code(token: str) -> Response:
    link, change = _open(token, hold=True)
    if closed := _closed(change, token, 409):
        return closed
    if not change.shown_sha256:
        return to_step(".start", token)
    form = ChangeConsentForm()
    valid = form.validate()
    if form.shown.data != change.shown_sha256:
        raise Conflict(_("Le document a changé depuis qu'il vous a été présenté : relisez-le."))
    if not valid:
        page = _consent_page(change, token, form, 422)
        return to_step(".show_change", token) if keep_correction(form, "show_change", token) else page
    _note_consent(change, form)
    return _send(link, change, token)


def _note_consent(change: MandateAmendment, form: ChangeConsentForm) -> None:
    change.signer_name, change.signer_role = form.signer_name.data, form.signer_role.data
    change.mandate.note(
        What.TEXT_SHOWN,
        visitor(),
        document_sha256=str(change.shown_sha256),
        signer=form.signer_name.data,
        role=form.signer_role.data,
        authorises="oui",
    )


@bp.post("/code/again")
@public(_WHY)
def send_again(token: str) -> Response:
    link, change = _open(token, hold=True)
    if closed := _closed(change, token, 409):
        return closed
    if not (change.shown_sha256 and change.signer_name):
        return to_step(".start", token)
    return _send(link, change, token)


def _send(link: SignedLink, change: MandateAmendment, token: str) -> Response:
    form = CodeForm(formdata=None)
    with saving(form, WHOLE):
        _send_code(link, change)
    if form.errors:
        return _code_page(*_open(token), token, form, 429)
    return to_step(".show_confirmation", token)


def _send_code(link: SignedLink, change: MandateAmendment) -> None:
    mandate = change.mandate
    owner, language = mandate.customer.organisation, mandate.language
    words = {"mandate": mandate, "change": change, "entity": mandate.legal_entity}
    mail_code(link, "sepa/mail_account_code.txt", about=mandate, owner=owner, language=language, words=words)
    mandate.note(What.CODE_SENT, visitor(), to=mask_email(link.recipient), number=link.codes_sent)


def _code_page(
    link: SignedLink, change: MandateAmendment, token: str, form: CodeForm, status: int = 200
) -> Response:
    address = mask_email(link.recipient)
    return _page("code", change, token, status, form=form, address=address, minutes=CODE_MINUTES)


@bp.get("/confirmation")
@public(_WHY)
def show_confirmation(token: str) -> Response:
    link, change = _open(token)
    if closed := _closed(change, token):
        return closed
    if not (change.signer_name and link.code_expires_at):
        return to_step(".show_change", token)
    again = take_correction(CodeForm, "show_confirmation", token)
    return _code_page(link, change, token, again or CodeForm())


def _wrong_code(link: SignedLink, change: MandateAmendment, token: str, form: CodeForm) -> Response:
    page = _code_page(link, change, token, form, 422)
    return to_step(".show_confirmation", token) if keep_correction(form, "show_confirmation", token) else page


@bp.post("/confirmation")
@public(_WHY)
def confirm(token: str) -> Response:
    link, change = _open(token, hold=True)
    if closed := _closed(change, token, 409):
        return closed
    if not (change.signer_name and link.code_expires_at):
        return to_step(".show_change", token)
    form = CodeForm()
    if not form.validate():
        return _wrong_code(link, change, token, form)
    is_right = form.is_right(link)
    change.mandate.note(What.CODE_TRIED, visitor(), result=form.outcome)
    if not is_right:
        db.session.commit()  # the try counts
        return _wrong_code(link, change, token, form)
    confirm_account(change, link, visitor())
    db.session.commit()
    return to_step(".start", token)
