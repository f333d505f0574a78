"""Accepting a contract on a phone: a link from an e-mail, the texts, a code, no account and no script."""

from typing import Any

from flask import Blueprint, Response, abort, make_response, redirect, render_template, url_for

from portal.access import public
from portal.blobs import send_document
from portal.customers.terms_requests import RequestState, TermsRequest, shown_texts
from portal.db import db
from portal.errors import Refused
from portal.forms import WHOLE, saving
from portal.linked.agreement import AgreementForm, RefusalForm
from portal.linked.code_field import CodeForm
from portal.linked.corrections import keep_correction, take_correction
from portal.linked.holding import hold
from portal.linked.visitor import Signer, visitor
from portal.links import CODE_MINUTES, Purpose, SignedLink, mask_email
from portal.mail import queue_mail
from portal.terms.texts import text_of, texts_of
from portal.wording import N_

bp = Blueprint("accepting", __name__, url_prefix="/accept/<token>")
_WHY = "the customer's signatory accepts a contract with a link from an e-mail, without an account"


def _open(token: str) -> tuple[SignedLink, TermsRequest]:
    return hold(Purpose.ACCEPT_TERMS, token, TermsRequest)


def _page(name: str, row: TermsRequest, token: str, status: int = 200, **context: Any) -> Response:
    closed = row.state != RequestState.SENT
    page = render_template(
        f"accepting/{'closed' if closed else name}.html",
        row=row,
        entity=row.customer.organisation.parent,
        token=token,
        start=url_for(".show", token=token),
        stack=row.stack,
        texts=texts_of(row.stack.documents),
        **context,
    )
    response = make_response(page, status)
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _to(step: str, token: str) -> Response:
    return make_response(redirect(url_for(f".{step}", token=token), 303))


@bp.get("")
@public(_WHY)
def show(token: str) -> Response:
    """Step 1: the texts, and who accepts them."""
    _link, row = _open(token)
    known = {"signer_name": row.signer_name, "signer_role": row.signer_role}
    form = take_correction(AgreementForm, "accept", token) or AgreementForm(data=known)
    form.shown.data = shown_texts(row.stack)
    return _page("texts", row, token, form=form)


@bp.get("/text/<version>")
@public(_WHY)
def read_text(token: str, version: str) -> Response:
    _link, row = _open(token)
    document = next((each for each in row.stack.documents if each.version == version), None) or abort(404)
    text = text_of(document.sha256) or abort(404)
    response = make_response(text.content)
    response.headers["Content-Type"] = text.media_type
    response.headers["Content-Disposition"] = f'inline; filename="{version}.{text.suffix}"'
    return response


@bp.post("")
@public(_WHY)
def agree(token: str) -> Response:
    """The declarations are made: the code leaves to the address on file."""
    link, row = _open(token)
    if row.state != RequestState.SENT:
        return _page("closed", row, token, 409)
    form = AgreementForm()
    if form.validate():
        with saving(form, WHOLE):
            row.agree(form.signer_name.data, form.signer_role.data, form.shown.data, visitor())
            _send_code(link, row)
    if form.errors:
        if keep_correction(form, "accept", token):
            return _to("show", token)
        form.shown.data = shown_texts(row.stack)
        return _page("texts", row, token, 422, form=form)
    return _to("show_code", token)


def _send_code(link: SignedLink, row: TermsRequest) -> None:
    if row.shown != shown_texts(row.stack):
        raise Refused(N_("Ces conditions ont changé depuis l'affichage de la page : relisez-les."))
    code = link.sent_code()
    mail = queue_mail(
        link.recipient,
        "customers/mail_terms_code.txt",
        about=row,
        owner=row.customer.organisation,
        language=row.customer.language,
        urgent=True,
        customer=row.customer,
        stack=row.stack,
        code=code,
        minutes=CODE_MINUTES,
    )
    link.code_leaves_with(mail)
    row.note(N_("code envoyé"), visitor(), to=mask_email(link.recipient), number=link.codes_sent)


@bp.get("/code")
@public(_WHY)
def show_code(token: str) -> Response:
    """Step 2: the code."""
    link, row = _open(token)
    if not (row.signer_name and link.code_expires_at):
        return _to("show", token)
    return _code_page(link, row, token, take_correction(CodeForm, "accept.code", token) or CodeForm())


def _code_page(
    link: SignedLink, row: TermsRequest, token: str, form: CodeForm, status: int = 200
) -> Response:
    address = mask_email(link.recipient)
    return _page("code", row, token, status, form=form, address=address, minutes=CODE_MINUTES)


@bp.post("/code/again")
@public(_WHY)
def send_again(token: str) -> Response:
    link, row = _open(token)
    if row.state != RequestState.SENT or not row.signer_name:
        return _to("show", token)
    form = CodeForm(formdata=None)
    with saving(form, WHOLE):
        _send_code(link, row)
    if form.errors:
        link, row = _open(token)
        return _code_page(link, row, token, form, 429)
    return _to("show_code", token)


@bp.post("/code")
@public(_WHY)
def accept(token: str) -> Response:
    link, row = _open(token)
    if row.state != RequestState.SENT:
        return _page("closed", row, token, 409)
    if not (row.signer_name and link.code_expires_at):
        return _to("show", token)
    form = CodeForm()
    if not form.validate() or not _is_right(link, row, form):
        db.session.commit()  # the try counts
        page = _code_page(link, row, token, form, 422)
        return _to("show_code", token) if keep_correction(form, "accept.code", token) else page
    with saving(form, WHOLE):
        row.accept(link, visitor())
    if form.errors:
        link, row = _open(token)
        return _code_page(link, row, token, form, 422)
    return _to("show", token)


def _is_right(link: SignedLink, row: TermsRequest, form: CodeForm) -> bool:
    is_right = form.is_right(link)
    row.note(N_("code essayé"), visitor(), result=form.outcome)
    return is_right


@bp.get("/refusal")
@public(_WHY)
def show_refusal(token: str) -> Response:
    _link, row = _open(token)
    return _page(
        "refusal", row, token, form=take_correction(RefusalForm, "accept.refusal", token) or RefusalForm()
    )


@bp.post("/refusal")
@public(_WHY)
def refuse(token: str) -> Response:
    link, row = _open(token)
    if row.state != RequestState.SENT:
        return _page("closed", row, token, 409)
    form = RefusalForm()
    if not form.validate():
        page = _page("refusal", row, token, 422, form=form)
        return _to("show_refusal", token) if keep_correction(form, "accept.refusal", token) else page
    row.refuse(form.reason.data, by=Signer(link.recipient), visitor=visitor())
    db.session.commit()
    return _to("show", token)


@bp.get("/proof.pdf")
@public(_WHY)
def download_proof(token: str) -> Response:
    _link, row = _open(token)
    return send_document(row.proof or abort(404))
