"""Signing in and out, and the choice of language."""

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

from portal.access import public
from portal.accounts.by_directory import by_directory
from portal.accounts.devices import known_device
from portal.accounts.elsewhere import elsewhere
from portal.accounts.entering import enter, half_open, safe_next
from portal.accounts.factors import has_factor
from portal.accounts.forms import LoginForm
from portal.accounts.models import User, check_password, find_user, memberships_of, open_memberships
from portal.accounts.proving import Proof, address, must_wait
from portal.accounts.throttle import note_failure
from portal.db import EVERYTHING, db, scope
from portal.i18n import LANGUAGE_COOKIE, LANGUAGES
from portal.journal import SYSTEM, record

bp = Blueprint("accounts", __name__)


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
        user = find_user(form.email.data)
        if must_wait(user, form.email.data, form):
            return _again(form, 429)
        return _enter(form, user)


def _enter(form: LoginForm, user: User | None) -> Response:
    if not check_password(user, form.password.data) or user is None:
        note_failure(form.email.data, address(), known_device(user))
        if user is not None:
            record(user, "fail_sign_in", by=SYSTEM, address=address())
        db.session.commit()
        form.form_errors.append(_("Adresse ou mot de passe incorrect."))
        return _again(form, 422)
    if user.must_choose:
        form.form_errors.append(
            _("Un nouveau mot de passe vous a été demandé : choisissez-le avec le lien reçu par e-mail.")
        )
        return _again(form, 422)
    here = [each for each in open_memberships(user) if not elsewhere.shown(each)]
    if not here:
        there = elsewhere.shown(user)[0]
        form.form_errors.append(
            _("Votre espace est à une autre adresse : connectez-vous sur %(url)s.", url=there)
        )
        return _again(form, 422)
    target = safe_next(form.next.data)
    here = [each for each in here if not by_directory.shown(each)]
    if not here:  # the password was right: that its house asks for more tells nothing
        return make_response(redirect(url_for("single_sign_on.ask", next=target, only=1), 303))
    user = here[0]
    return half_open(user, target) if has_factor(user) else enter(user, target, Proof("password"))


def _again(form: LoginForm, status: int) -> Response:
    return make_response(render_template("accounts/login.html", form=form, expired=False), status)


@bp.post("/logout")
@public("signing out must work in every state")
def logout() -> Response:
    row = g.get("sign_in")
    if row is not None:
        with scope(EVERYTHING):
            row.end()
            record(row.user, "sign_out", by=g.actor, address=address())
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
                for each in memberships_of(g.sign_in.user):
                    each.language = wish
                db.session.commit()
    return response
