"""One's own account: name, language, password, and where one is signed in."""

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal import htmx
from portal.access import Permission, requires
from portal.accounts.models import SignIn
from portal.db import db
from portal.forms import saving
from portal.journal import record
from portal.paging import page_of
from portal.people import access
from portal.people.forms import AccountForm, NewPasswordForm

bp = Blueprint("account", __name__, url_prefix="/account")


@bp.get("")
@requires(Permission.HOME_READ)
def show() -> Response:
    form = AccountForm(name=g.actor.name, language=g.actor.language or "fr")
    return _page(form, NewPasswordForm(formdata=None))


def _page(form: AccountForm, password: NewPasswordForm, status: int = 200) -> Response:
    live = select(SignIn).where(SignIn.user_id == g.actor.id, SignIn.ended_at.is_(None))
    page = render_template(
        "people/account.html",
        form=form,
        password=password,
        sessions=page_of(live, SignIn.id.desc(), name="sessions"),
        here=g.sign_in,
    )
    return make_response(page, status)


@bp.post("")
@requires(Permission.ACCOUNT_WRITE)
def save() -> Response:
    form = AccountForm()
    if not form.validate():
        return _page(form, NewPasswordForm(formdata=None), 422)
    g.actor.name, g.actor.language = " ".join(form.name.data.split()), form.language.data
    db.session.commit()
    return htmx.go(url_for(".show"), toast=_("C'est enregistré."))


@bp.post("/password")
@requires(Permission.ACCOUNT_WRITE)
def change_password() -> Response:
    form = NewPasswordForm()
    if form.validate():
        with saving(form, "password"):
            access.change_password(g.actor, form.old.data, form.password.data, keep=g.sign_in)
    if form.errors:
        shown = AccountForm(formdata=None, name=g.actor.name, language=g.actor.language or "fr")
        return _page(shown, form, 422)
    return htmx.go(url_for(".show"), toast=_("Mot de passe changé ; vos autres sessions sont fermées."))


@bp.post("/sessions")
@requires(Permission.ACCOUNT_WRITE)
def end_others() -> Response:
    """Signed out everywhere but here."""
    access.end_sign_ins(g.actor, but=g.sign_in)
    record(g.actor, "end_sign_ins", by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show"), toast=_("Vos autres sessions sont fermées."))
