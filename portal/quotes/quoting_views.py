"""Accepting a quote on a phone: a link from an e-mail, the paper, a code, no account and no script."""

from typing import Any

from flask import Blueprint, Response, abort, make_response, redirect, render_template, url_for

from portal.access import public
from portal.blobs import send_document
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
from portal.papers import have_document
from portal.quotes.models import Quote, QuoteState
from portal.quotes.sending import accept as accept_quote
from portal.quotes.sending import agree as agree_to
from portal.quotes.sending import check_open, shown_of
from portal.quotes.sending import refuse as refuse_quote
from portal.terms.texts import text_of, texts_of
from portal.wording import N_

bp = Blueprint("quoting", __name__, url_prefix="/quote/<token>")
_WHY = "the customer's signatory accepts a quote with a link from an e-mail, without an account"


def _open(token: str) -> tuple[SignedLink, Quote]:
    return hold(Purpose.ACCEPT_QUOTE, token, Quote)


def _waits(row: Quote) -> bool:
    return row.state == QuoteState.SENT and not row.is_late


def _page(name: str, row: Quote, token: str, status: int = 200, **context: Any) -> Response:
    closed = not _waits(row)
    page = render_template(
        f"quoting/{'closed' if closed else name}.html",
        row=row,
        entity=row.customer.organisation.parent,
        token=token,
        start=url_for(".show", token=token),
        documents=_documents(row),
        texts=texts_of(_documents(row)),
        **context,
    )
    response = make_response(page, status)
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _documents(row: Quote) -> list[Any]:
    return [document for stack in row.stacks() for document in stack.documents]


def _to(step: str, token: str) -> Response:
    return make_response(redirect(url_for(f".{step}", token=token), 303))


@bp.get("")
@public(_WHY)
def show(token: str) -> Response:
    """Step 1: what is offered, its texts, and who accepts them."""
    _link, row = _open(token)
    known = {"signer_name": row.signer_name, "signer_role": row.signer_role}
    form = take_correction(AgreementForm, "quote", token) or AgreementForm(data=known)
    form.shown.data = shown_of(row)
    return _page("texts", row, token, form=form)


@bp.get("/text/<version>")
@public(_WHY)
def read_text(token: str, version: str) -> Response:
    _link, row = _open(token)
    document = next((each for each in _documents(row) if each.version == version), None) or abort(404)
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
    if not _waits(row):
        return _page("closed", row, token, 409)
    form = AgreementForm()
    if form.validate():
        with saving(form, WHOLE):
            check_open(row, link)
            agree_to(row, form.signer_name.data, form.signer_role.data, form.shown.data, visitor())
            _send_code(link, row)
    if form.errors:
        if keep_correction(form, "quote", token):
            return _to("show", token)
        form.shown.data = shown_of(row)
        return _page("texts", row, token, 422, form=form)
    return _to("show_code", token)


def _send_code(link: SignedLink, row: Quote) -> None:
    if row.shown != shown_of(row):
        raise Refused(N_("Ce devis a changé depuis l'affichage de la page : relisez-le."))
    code = link.sent_code()
    mail = queue_mail(
        link.recipient,
        "quotes/mail_code.txt",
        about=row,
        owner=row.customer.organisation,
        language=row.customer.language,
        urgent=True,
        customer=row.customer,
        quote=row,
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
    return _code_page(link, row, token, take_correction(CodeForm, "quote.code", token) or CodeForm())


def _code_page(link: SignedLink, row: Quote, token: str, form: CodeForm, status: int = 200) -> Response:
    address = mask_email(link.recipient)
    return _page("code", row, token, status, form=form, address=address, minutes=CODE_MINUTES)


@bp.post("/code/again")
@public(_WHY)
def send_again(token: str) -> Response:
    link, row = _open(token)
    if not _waits(row) or not row.signer_name:
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
    if not _waits(row):
        return _page("closed", row, token, 409)
    if not (row.signer_name and link.code_expires_at):
        return _to("show", token)
    form = CodeForm()
    if not form.validate() or not _is_right(link, row, form):
        db.session.commit()  # the try counts
        page = _code_page(link, row, token, form, 422)
        return _to("show_code", token) if keep_correction(form, "quote.code", token) else page
    with saving(form, WHOLE):
        accept_quote(row, link, visitor())
    if form.errors:
        link, row = _open(token)
        return _code_page(link, row, token, form, 422)
    return _to("show", token)


def _is_right(link: SignedLink, row: Quote, form: CodeForm) -> bool:
    is_right = form.is_right(link)
    row.note(N_("code essayé"), visitor(), result=form.outcome)
    return is_right


@bp.get("/refusal")
@public(_WHY)
def show_refusal(token: str) -> Response:
    _link, row = _open(token)
    return _page(
        "refusal", row, token, form=take_correction(RefusalForm, "quote.refusal", token) or RefusalForm()
    )


@bp.post("/refusal")
@public(_WHY)
def refuse(token: str) -> Response:
    link, row = _open(token)
    if not _waits(row):
        return _page("closed", row, token, 409)
    form = RefusalForm()
    if not form.validate():
        page = _page("refusal", row, token, 422, form=form)
        return _to("show_refusal", token) if keep_correction(form, "quote.refusal", token) else page
    refuse_quote(row, form.reason.data, by=Signer(link.recipient), visitor=visitor())
    db.session.commit()
    return _to("show", token)


@bp.get("/proof.pdf")
@public(_WHY)
def download_proof(token: str) -> Response:
    _link, row = _open(token)
    return send_document(row.proof or abort(404))


@bp.get("/paper.pdf")
@public(_WHY)
def download_paper(token: str) -> Response:
    _link, row = _open(token)
    document = row.document or abort(404)
    if not document.is_there:
        have_document(document)
    return send_document(document)
