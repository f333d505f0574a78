"""Confirming a sign-up: a link from an e-mail, the texts of the contract, a code, and it begins."""

from typing import Any

from flask import Blueprint, Response, abort, make_response, redirect, render_template, url_for
from flask_wtf import FlaskForm

from portal import clock
from portal.access import public
from portal.customers.terms_requests import shown_texts
from portal.db import db
from portal.forms import WHOLE, saving
from portal.linked.agreement import AgreementForm
from portal.linked.code_field import CodeForm
from portal.linked.corrections import keep_correction, take_correction
from portal.linked.holding import hold
from portal.linked.visitor import visitor
from portal.links import CODE_MINUTES, Purpose, SignedLink, mask_email
from portal.mail import Addressee, queue_mail
from portal.signups.confirming import check_texts, confirm
from portal.signups.models import SignUp, SignUpState
from portal.terms.in_force import stack_in_force
from portal.terms.stack import Stack
from portal.terms.texts import text_of, texts_of

bp = Blueprint("sign_up_link", __name__, url_prefix="/sign-up/<token>")
_WHY = "whoever signs up confirms her address with a link and a code, before she has an account"


def _open(token: str) -> tuple[SignedLink, SignUp]:
    return hold(Purpose.SIGN_UP, token, SignUp)


def _stack(row: SignUp) -> Stack:
    return stack_in_force(row.product.terms_stack, clock.today())


def _page(name: str, row: SignUp, token: str, status: int = 200, **context: Any) -> Response:
    page = render_template(
        f"signups/{name if row.state == SignUpState.PENDING else 'confirmed'}.html",
        row=row,
        entity=row.house,
        token=token,
        start=url_for(".show", token=token),
        stack=_stack(row),
        texts=texts_of(_stack(row).documents),
        **context,
    )
    response = make_response(page, status)
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _to(step: str, token: str) -> Response:
    return make_response(redirect(url_for(f".{step}", token=token), 303))


def _form_for(row: SignUp) -> type[FlaskForm]:
    """A quote brings its own terms: only the address is confirmed."""
    return AgreementForm if row.needs_terms else FlaskForm


def _first(row: SignUp) -> FlaskForm:
    known = {"signer_name": row.signer_name or row.typed["contact"][0], "signer_role": row.signer_role}
    form = _form_for(row)(formdata=None, data=known)
    if row.needs_terms:
        form["shown"].data = shown_texts(_stack(row))
    return form


@bp.get("")
@public(_WHY)
def show(token: str) -> Response:
    """Step 1: what was asked for, the texts, and who accepts them."""
    _link, row = _open(token)
    form = take_correction(_form_for(row), "sign_up", token) or _first(row)
    return _page("texts", row, token, form=form)


@bp.get("/text/<version>")
@public(_WHY)
def read_text(token: str, version: str) -> Response:
    _link, row = _open(token)
    document = next((each for each in _stack(row).documents if each.version == version), None) or abort(404)
    text = text_of(document.sha256) or abort(404)
    response = make_response(text.content)
    response.headers["Content-Type"] = text.media_type
    response.headers["Content-Disposition"] = f'inline; filename="{version}.{text.suffix}"'
    return response


@bp.post("")
@public(_WHY)
def agree(token: str) -> Response:
    """The code leaves to the address."""
    link, row = _open(token)
    if row.state != SignUpState.PENDING:
        return _page("confirmed", row, token, 409)
    form = _form_for(row)()
    if form.validate():
        with saving(form, WHOLE):
            _note(row, form)
            check_texts(row)
            _send_code(link, row)
    if form.errors or form.form_errors:
        page = _page("texts", row, token, 422, form=form)
        return _to("show", token) if keep_correction(form, "sign_up", token) else page
    return _to("show_code", token)


def _note(row: SignUp, form: FlaskForm) -> None:
    if isinstance(form, AgreementForm):
        row.signer_name, row.signer_role = form.signer_name.data, form.signer_role.data
        row.shown = form.shown.data or ""


def _send_code(link: SignedLink, row: SignUp) -> None:
    """Raises Refused, with the minutes to wait, when three were sent within the hour."""
    code = link.sent_code()
    mail = queue_mail(
        Addressee(link.recipient, row.typed["contact"][0]),
        "signups/mail_code.txt",
        about=row,
        owner=row.house,
        language=row.typed["language"],
        urgent=True,
        row=row,
        code=code,
        minutes=CODE_MINUTES,
    )
    link.code_leaves_with(mail)


@bp.get("/code")
@public(_WHY)
def show_code(token: str) -> Response:
    """Step 2: the code."""
    link, row = _open(token)
    if not link.code_expires_at:
        return _to("show", token)
    form = take_correction(CodeForm, "sign_up.code", token) or CodeForm(formdata=None)
    return _code_page(link, row, token, form)


def _code_page(link: SignedLink, row: SignUp, token: str, form: CodeForm, status: int = 200) -> Response:
    address = mask_email(link.recipient)
    return _page("code", row, token, status, form=form, address=address, minutes=CODE_MINUTES)


@bp.post("/code/again")
@public(_WHY)
def send_again(token: str) -> Response:
    link, row = _open(token)
    if row.state != SignUpState.PENDING or not link.code_expires_at:
        return _to("show", token)
    form = CodeForm(formdata=None)
    with saving(form, WHOLE):
        _send_code(link, row)
    if form.form_errors:
        link, row = _open(token)
        return _code_page(link, row, token, form, 429)
    return _to("show_code", token)


@bp.post("/code")
@public(_WHY)
def finish(token: str) -> Response:
    link, row = _open(token)
    if row.state != SignUpState.PENDING or not link.code_expires_at:
        return _to("show", token)
    form = CodeForm()
    if not form.validate() or not form.is_right(link):
        db.session.commit()  # the try counts
        page = _code_page(link, row, token, form, 422)
        return _to("show_code", token) if keep_correction(form, "sign_up.code", token) else page
    with saving(form, WHOLE):
        confirm(row, link, visitor())
    if form.form_errors:
        link, row = _open(token)
        return _code_page(link, row, token, form, 422)
    return _to("show", token)
