"""Signing a mandate on a phone: a link from an e-mail, three steps, no account and no script.

Opening a page changes nothing but the log of visits, so a mail scanner signs nothing. What has been typed
is kept sealed on the mandate; each step checks that the one before is done.
"""

from typing import Any

import structlog
from flask import Blueprint, Response, abort, make_response, request
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm.exc import StaleDataError

from portal import clock
from portal.access import public
from portal.blobs import send_document
from portal.db import db, writing
from portal.errors import Conflict
from portal.forms import WHOLE, saving
from portal.linked.code_field import CodeForm
from portal.linked.corrections import keep_correction, take_correction
from portal.linked.holding import hold
from portal.linked.pages import mail_code, private_page, to_step
from portal.linked.visitor import Signer, visitor
from portal.links import CODE_MINUTES, Purpose, SignedLink, mask_email, open_link
from portal.sepa.formats.iban import bank_name
from portal.sepa.models import Mandate, MandateState, What
from portal.sepa.signing.documents import freeze_shown, shown_pdf, sign_mandate
from portal.sepa.signing.forms import AccountForm, ConsentForm, RefusalForm

bp = Blueprint("signing", __name__, url_prefix="/sign/<token>")
log = structlog.get_logger()
_WHY = "the debtor signs with a link from an e-mail, without an account"


def _open(token: str) -> tuple[SignedLink, Mandate]:
    link = open_link(Purpose.SIGN_MANDATE, token)
    query = select(Mandate).where(Mandate.uid == link.subject_uid)
    return link, db.session.scalars(query).one()


def _hold(token: str) -> tuple[SignedLink, Mandate]:
    return hold(Purpose.SIGN_MANDATE, token, Mandate)


def _page(template: str, mandate: Mandate, token: str, status: int = 200, **context: Any) -> Response:
    words = {"mandate": mandate, "entity": mandate.legal_entity, "token": token, **context}
    return private_page(f"signing/{template}.html", status, **words)


def _closed(mandate: Mandate, token: str, status: int = 200) -> Response | None:
    """The only page that is left once the mandate is signed, refused or withdrawn."""
    if mandate.state == MandateState.SENT:
        return None
    return _page("closed", mandate, token, status)


def _account_form(mandate: Mandate) -> AccountForm:
    typed = (
        {}
        if request.method == "POST"
        else {
            "holder": mandate.debtor_name,
            "street": mandate.street,
            "postcode": mandate.postcode,
            "town": mandate.town,
            "country": mandate.country,
        }
    )
    return AccountForm(data=typed, kept_iban=mandate.iban)


@bp.get("")
@public(_WHY)
def start(token: str) -> Response:
    """Step 1: who takes how much and when, then the account."""
    _note_visit(token)
    _link, mandate = _open(token)
    if closed := _closed(mandate, token):
        return closed
    again = take_correction(AccountForm, "start", token, kept_iban=mandate.iban)
    return _page("account", mandate, token, form=again or _account_form(mandate))


def _note_visit(token: str) -> None:
    """Log that the page was opened, once for each browser; a page must open even if this fails."""
    seen_from = visitor()
    try:
        with writing():
            link, mandate = _hold(token)
            known = any(
                row.event["what"] == What.OPENED and seen_from.items() <= row.event.items()
                for row in mandate.events
            )
            if mandate.state == MandateState.SENT and not known and len(mandate.events) < 100:
                mandate.note(What.OPENED, seen_from)
                link.opened_at = link.opened_at or clock.now()
                db.session.commit()
            else:
                db.session.rollback()
    except (SQLAlchemyError, StaleDataError):
        db.session.rollback()
        log.warning("visit not noted")


@bp.post("/account")
@public(_WHY)
def enter_account(token: str) -> Response:
    link, mandate = _hold(token)
    if closed := _closed(mandate, token, 409):
        return closed
    form = _account_form(mandate)
    if not form.validate():
        page = _page("account", mandate, token, 422, form=form)
        return to_step(".start", token) if keep_correction(form, "start", token) else page
    mandate.enter_account(
        iban=form.iban.data, name=form.holder.data, address=form.address(), visitor=visitor()
    )
    freeze_shown(mandate)
    link.code_hash = link.code_expires_at = None  # a code was for the former document
    db.session.commit()
    return to_step(".show_mandate", token)


@bp.get("/mandate")
@public(_WHY)
def show_mandate(token: str) -> Response:
    """Step 2: the legal text, apart from the rest, and the two declarations."""
    _link, mandate = _open(token)
    if closed := _closed(mandate, token):
        return closed
    if not mandate.shown_sha256:
        return to_step(".start", token)
    again = take_correction(ConsentForm, "show_mandate", token)
    return _mandate_page(mandate, token, again or ConsentForm(obj=mandate, shown=mandate.shown_sha256))


def _mandate_page(mandate: Mandate, token: str, form: ConsentForm, status: int = 200) -> Response:
    form.shown.data = mandate.shown_sha256  # what the page now shows, whatever was sent before
    return _page("mandate", mandate, token, status, form=form, bank=bank_name(mandate.iban or ""))


@bp.get("/mandate.pdf")
@public(_WHY)
def download(token: str) -> Response:
    """The signed mandate; before the signature, the document that is about to be signed."""
    _link, mandate = _open(token)
    if mandate.state in {MandateState.SIGNED, MandateState.SUSPENDED} and mandate.document:
        return send_document(mandate.document)
    if mandate.state != MandateState.SENT or not mandate.shown_sha256:
        abort(404)
    response = make_response(shown_pdf(mandate))
    response.mimetype = "application/pdf"
    response.headers["Content-Disposition"] = f'inline; filename="{mandate.rum}.pdf"'
    return response


@bp.post("/code")
@public(_WHY)
def send_code(token: str) -> Response:
    """Both declarations made: the code leaves now, to the address on file."""
    link, mandate = _hold(token)
    if closed := _closed(mandate, token, 409):
        return closed
    if not mandate.shown_sha256:
        return to_step(".start", token)
    form = ConsentForm()
    valid = form.validate()
    if form.shown.data != mandate.shown_sha256:
        raise Conflict(_("Le mandat a changé depuis qu'il vous a été présenté : relisez-le."))
    if not valid:
        page = _mandate_page(mandate, token, form, 422)
        return to_step(".show_mandate", token) if keep_correction(form, "show_mandate", token) else page
    _note_consent(mandate, link, form)
    return _send(link, mandate, token)


def _note_consent(mandate: Mandate, link: SignedLink, form: ConsentForm) -> None:
    mandate.signer_name, mandate.signer_role = form.signer_name.data, form.signer_role.data
    mandate.signer_email = link.recipient
    link.wish = None  # to sign herself is what she wishes now
    mandate.note(
        What.TEXT_SHOWN,
        visitor(),
        text_version=mandate.text_version,
        text_sha256=mandate.text_sha256,
        document_sha256=str(mandate.shown_sha256),
        signer=form.signer_name.data,
        role=form.signer_role.data,
        authorises="oui",
        entitled="oui",
    )


@bp.post("/code/again")
@public(_WHY)
def send_again(token: str) -> Response:
    link, mandate = _hold(token)
    if closed := _closed(mandate, token, 409):
        return closed
    if not (mandate.shown_sha256 and mandate.signer_name):
        return to_step(".start", token)
    link.wish = None
    return _send(link, mandate, token)


def _send(link: SignedLink, mandate: Mandate, token: str) -> Response:
    form = CodeForm(formdata=None)
    with saving(form, WHOLE):
        _send_code(link, mandate)
    if form.errors:
        return _code_page(*_open(token), token, form, 429)
    return to_step(".show_signature", token)


def _send_code(link: SignedLink, mandate: Mandate) -> None:
    owner, language = mandate.customer.organisation, mandate.language
    words = {"mandate": mandate, "entity": mandate.legal_entity}
    mail_code(link, "sepa/mail_code.txt", about=mandate, owner=owner, language=language, words=words)
    mandate.note(What.CODE_SENT, visitor(), to=mask_email(link.recipient), number=link.codes_sent)


@bp.get("/signature")
@public(_WHY)
def show_signature(token: str) -> Response:
    """Step 3: the code."""
    link, mandate = _open(token)
    if closed := _closed(mandate, token):
        return closed
    if not (mandate.signer_name and link.code_expires_at) or link.wish:
        return to_step(".show_mandate", token)
    again = take_correction(CodeForm, "show_signature", token)
    return _code_page(link, mandate, token, again or CodeForm())


def _code_page(link: SignedLink, mandate: Mandate, token: str, form: CodeForm, status: int = 200) -> Response:
    return _page(
        "code", mandate, token, status, form=form, address=mask_email(link.recipient), minutes=CODE_MINUTES
    )


@bp.post("/signature")
@public(_WHY)
def sign(token: str) -> Response:
    link, mandate = _hold(token)
    if closed := _closed(mandate, token, 409):
        return closed
    if not (mandate.signer_name and link.code_expires_at) or link.wish:
        return to_step(".show_mandate", token)
    form = CodeForm()
    if not form.validate():
        return _wrong_code(link, mandate, token, form)
    is_right = form.is_right(link)
    mandate.note(What.CODE_TRIED, visitor(), result=form.outcome)
    if not is_right:
        db.session.commit()  # the try counts
        return _wrong_code(link, mandate, token, form)
    sign_mandate(mandate, link, visitor())
    db.session.commit()
    return to_step(".start", token)


def _wrong_code(link: SignedLink, mandate: Mandate, token: str, form: CodeForm) -> Response:
    page = _code_page(link, mandate, token, form, 422)
    return to_step(".show_signature", token) if keep_correction(form, "show_signature", token) else page


@bp.get("/refusal")
@public(_WHY)
def show_refusal(token: str) -> Response:
    _link, mandate = _open(token)
    if closed := _closed(mandate, token):
        return closed
    again = take_correction(RefusalForm, "show_refusal", token)
    return _page("refusal", mandate, token, form=again or RefusalForm())


@bp.post("/refusal")
@public(_WHY)
def refuse(token: str) -> Response:
    link, mandate = _hold(token)
    if closed := _closed(mandate, token, 409):
        return closed
    form = RefusalForm()
    if not form.validate():
        page = _page("refusal", mandate, token, 422, form=form)
        return to_step(".show_refusal", token) if keep_correction(form, "show_refusal", token) else page
    mandate.refuse(form.reason.data, by=Signer(link.recipient), visitor=visitor())
    db.session.commit()
    return to_step(".start", token)
