"""Signing in and out, and the choice of language."""

from urllib.parse import urlsplit

from flask import (
    Blueprint,
    Response,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import gettext as _

from portal import htmx
from portal.access import Permission, public, requires
from portal.accounts.forms import LoginForm, PasswordForm
from portal.accounts.models import (
    check_password,
    find_user,
    forget_failures,
    note_failure,
    open_sign_in,
    seconds_blocked,
)
from portal.db import EVERYTHING, db, scope
from portal.i18n import LANGUAGE_COOKIE, LANGUAGES
from portal.journal import SYSTEM, record

bp = Blueprint("accounts", __name__)


def safe_next(target: str | None) -> str:
    """Where to go after signing in: a path of this site, whatever was asked."""
    home = url_for("home.dashboard")
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return home
    if any(ord(c) < 32 or c == "\\" for c in target) or urlsplit(target).netloc:
        return home
    return target


@bp.get("/login")
@public("people sign in here")
def login() -> Response:
    if g.actor:
        return make_response(redirect(safe_next(request.args.get("next")), 303))
    form = LoginForm(next=request.args.get("next"))
    expired = "expired" in request.args
    page = render_template(
        "accounts/login.html", form=form, expired=expired, welcome="welcome" in request.args
    )
    return make_response(page)


@bp.post("/login")
@public("people sign in here")
def sign_in() -> Response:
    form = LoginForm()
    if not form.validate():
        return _again(form, 422)
    with scope(EVERYTHING):
        wait = seconds_blocked(form.email.data, request.remote_addr or "")
        if wait:
            form.form_errors.append(_("Trop d'essais. Réessayez dans %(seconds)d secondes.", seconds=wait))
            return _again(form, 429)
        return _enter(form)


def _enter(form: LoginForm) -> Response:
    user = find_user(form.email.data)
    if not check_password(user, form.password.data) or user is None:
        note_failure(form.email.data, request.remote_addr or "")
        if user is not None:
            record(user, "fail_sign_in", by=SYSTEM, address=request.remote_addr or "")
        db.session.commit()
        form.form_errors.append(_("Adresse ou mot de passe incorrect."))
        return _again(form, 422)
    forget_failures(form.email.data)
    _row, token = open_sign_in(
        user, address=request.remote_addr or "", browser=request.headers.get("User-Agent", "")
    )
    record(user, "sign_in", by=user, address=request.remote_addr or "")
    db.session.commit()
    session.clear()  # the form token of before signing in is worth nothing now
    response = make_response(redirect(safe_next(form.next.data), 303))
    config = current_app.config
    response.set_cookie(
        config["SIGN_IN_COOKIE"],
        token,
        max_age=config["ABSOLUTE_SECONDS"],
        secure=config["SECURE_COOKIES"],
        httponly=True,
        samesite="Lax",
        path="/",
    )
    return response


def _again(form: LoginForm, status: int) -> Response:
    return make_response(render_template("accounts/login.html", form=form, expired=False), status)


@bp.get("/password")
@requires(Permission.HOME_READ)
def ask_password() -> Response:
    """Before what moves money: the same person, still there."""
    form = PasswordForm(next=request.args.get("next"))
    return make_response(render_template("accounts/password.html", form=form))


@bp.post("/password")
@requires(Permission.HOME_READ)
def confirm_password() -> Response:
    form, email, address = PasswordForm(), g.actor.email, request.remote_addr or ""
    if not form.validate():
        return _ask_again(form, 422)
    with scope(EVERYTHING):
        if wait := seconds_blocked(email, address):
            form.form_errors.append(_("Trop d'essais. Réessayez dans %(seconds)d secondes.", seconds=wait))
            return _ask_again(form, 429)
        if not check_password(g.actor, form.password.data):
            note_failure(email, address)
            record(g.actor, "fail_confirm", by=g.actor, address=address)
            db.session.commit()
            form.password.errors = [_("Mot de passe incorrect.")]
            return _ask_again(form, 422)
        forget_failures(email)
        g.sign_in.confirm()
        record(g.actor, "confirm_password", by=g.actor, address=address)
        db.session.commit()
    return htmx.go(safe_next(form.next.data), toast=_("Mot de passe confirmé, pour cinq minutes."))


def _ask_again(form: PasswordForm, status: int) -> Response:
    return make_response(render_template("accounts/password.html", form=form), status)


@bp.post("/logout")
@public("signing out must work in every state")
def logout() -> Response:
    row = g.get("sign_in")
    if row is not None:
        with scope(EVERYTHING):
            row.end()
            record(row.user, "sign_out", by=g.actor, address=request.remote_addr or "")
            db.session.commit()
    session.clear()
    response = make_response(redirect(url_for("accounts.login"), 303))
    response.delete_cookie(
        current_app.config["SIGN_IN_COOKIE"], path="/", secure=current_app.config["SECURE_COOKIES"]
    )
    return response


@bp.post("/language")
@public("the language of the sign-in page, too, is a choice")
def choose_language() -> Response:
    wish = request.form.get("language", "")
    back = safe_next(request.form.get("next"))
    response = make_response(redirect(back, 303))
    if wish in LANGUAGES:
        response.set_cookie(
            LANGUAGE_COOKIE,
            wish,
            max_age=31_536_000,
            samesite="Lax",
            secure=current_app.config["SECURE_COOKIES"],
        )
        if g.actor:
            with scope(EVERYTHING):
                g.sign_in.user.language = wish
                db.session.commit()
    return response
