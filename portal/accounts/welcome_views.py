"""The page of a first password, behind a link that works once."""

from flask import Response, g, make_response, redirect, render_template, url_for

from portal.access import public
from portal.accounts.forms import FirstPasswordForm
from portal.accounts.models import User
from portal.accounts.views import bp
from portal.accounts.welcome import choose_password, find_invited
from portal.forms import saving
from portal.links import Purpose, open_link


@bp.get("/welcome/<token>")
@public("somebody who has no password yet; the link is the proof")
def welcome(token: str) -> Response:
    user = _user(token)
    if user.joined_at is None and user.password_hash:
        is_hers = g.actor is not None and g.sign_in.user.person_id == user.person_id
        page = render_template("accounts/join.html", user=user, token=token, is_hers=is_hers)
        return make_response(page)
    return _page(token, FirstPasswordForm(), 200)


@bp.post("/welcome/<token>")
@public("somebody who has no password yet; the link is the proof")
def choose_first_password(token: str) -> Response:
    form, user = FirstPasswordForm(), _user(token)
    if user.joined_at is None and user.password_hash:  # an invitation changes nobody's password
        return make_response(redirect(url_for(".welcome", token=token), 303))
    if not form.validate():
        return _page(token, form, 422)
    with saving(form, "password"):
        choose_password(user, form.password.data)
    if form.errors:
        return _page(token, form, 422)
    return make_response(redirect(url_for(".login", welcome=1), 303))


def _user(token: str) -> User:
    return find_invited(open_link(Purpose.WELCOME, token).subject_uid)


def _page(token: str, form: FirstPasswordForm, status: int) -> Response:
    page = render_template("accounts/welcome.html", form=form, user=_user(token), token=token)
    return make_response(page, status)
