"""The page of a first password, behind a link that works once."""

from flask import Response, make_response, redirect, render_template, url_for

from portal.access import public
from portal.accounts.forms import FirstPasswordForm
from portal.accounts.models import User
from portal.accounts.views import bp
from portal.accounts.welcome import choose_password
from portal.db import db
from portal.forms import saving
from portal.links import Purpose, open_link


@bp.get("/welcome/<token>")
@public("somebody who has no password yet; the link is the proof")
def welcome(token: str) -> Response:
    return _page(token, FirstPasswordForm(), 200)


@bp.post("/welcome/<token>")
@public("somebody who has no password yet; the link is the proof")
def choose_first_password(token: str) -> Response:
    form, user = FirstPasswordForm(), _user(token)
    if not form.validate():
        return _page(token, form, 422)
    with saving(form, "password"):
        choose_password(user, form.password.data)
    if form.errors:
        return _page(token, form, 422)
    return make_response(redirect(url_for(".login", welcome=1), 303))


def _user(token: str) -> User:
    uid = open_link(Purpose.WELCOME, token).subject_uid
    return db.session.scalars(db.select(User).where(User.uid == uid, User.is_enabled)).one()


def _page(token: str, form: FirstPasswordForm, status: int) -> Response:
    page = render_template("accounts/welcome.html", form=form, user=_user(token), token=token)
    return make_response(page, status)
