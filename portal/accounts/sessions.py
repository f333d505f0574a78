"""From a cookie to the acting person, for every request (Flask-Login over the sign_in table)."""

from datetime import timedelta
from functools import cache
from typing import Any

from flask import Flask, Request, Response, current_app, g, request, url_for
from flask_login import LoginManager, current_user
from sqlalchemy import Select, bindparam, select, update
from sqlalchemy.orm import aliased, joinedload

from portal import clock, htmx
from portal.access import STAFF, Permission, holds
from portal.accounts.factors import must_have_factor
from portal.accounts.looking import refuse_deeds, seen_by
from portal.accounts.models import SignIn, User
from portal.accounts.passkeys import relying_party
from portal.accounts.refusals import note_refusal
from portal.crypto.secrets import token_hash
from portal.db import AWAY, EVERYTHING, commits, db, let_go, scope, set_scope

manager = LoginManager()
_TOUCH_EVERY = timedelta(minutes=1)  # a write a minute per person, not one per page


@manager.request_loader
def load_from_cookie(asked: Request) -> User | None:
    token = asked.cookies.get(current_app.config["SIGN_IN_COOKIE"])
    if not token:
        return None
    with scope(EVERYTHING):
        found = db.session.execute(_of_token(), {"hash": token_hash(token)}).one_or_none()
    config = current_app.config
    row, g.has_others = found or (None, False)
    if row is None or not row.user.is_open:
        return None
    if not row.is_live(_idle_seconds(row.user), config["ABSOLUTE_SECONDS"]):
        return None
    g.sign_in = row
    return row.user


@cache
def _of_token() -> Select[SignIn, bool]:
    """The session with ``:hash``, its person and house; and has she another membership? Built once."""
    query = select(SignIn, _has_others()).where(SignIn.token_hash == bindparam("hash"))
    return query.options(joinedload(SignIn.user).joinedload(User.organisation), joinedload(SignIn.looks_at))


def _has_others() -> Any:
    """SQL: has the person of a session another open membership?"""
    own, other = aliased(User), aliased(User)
    is_open = other.is_enabled, other.joined_at.is_not(None)
    both = own.id == SignIn.user_id, other.person_id == own.person_id, other.id != own.id
    return select(other.id).where(*both, *is_open).correlate(SignIn).exists()


def _idle_seconds(user: User) -> int:
    """How long a desk may be left alone."""
    moves_money = holds(user, Permission.BATCH_WRITE)
    seconds: int = current_app.config["IDLE_SECONDS_MONEY" if moves_money else "IDLE_SECONDS"]
    return seconds


def _set_actor() -> None:
    g.actor, g.has_others = None, False
    set_scope(None)
    if current_user.is_authenticated:
        g.actor = seen_by(g.sign_in)
        set_scope(g.actor.org_path)


@commits
def _touch(response: Response) -> Response:
    """Keep the session alive, outside the request's own transaction."""
    row = g.get("sign_in")
    if row is None:
        return response
    try:
        with scope(EVERYTHING):  # it may lie outside of where this request has acted: a space, a link's house
            if row.ended_at or clock.now() - row.last_seen_at < _TOUCH_EVERY:
                return response
            row_id = row.id
        db.session.rollback()
        with scope(EVERYTHING):
            db.session.execute(update(SignIn).where(SignIn.id == row_id).values(last_seen_at=clock.now()))
            db.session.commit()
    except AWAY:  # the answer is made: that nobody can note it now takes it from no one
        let_go()
    return response


_WITHOUT = {"accounts.ask_password", "accounts.confirm_password"}
_WITHOUT_ROOMS = ("account.", "factors.")


def _ask_for_factor() -> Response | None:
    """Who must have a second factor and showed none finds her account and the way to one, nothing else."""
    row = g.get("sign_in")
    if row is None or g.actor is None or row.factor_at is not None:
        return None
    if not (row.user.role in STAFF or g.has_others) or not must_have_factor(row.user):
        return None
    name = request.endpoint or ""
    view = current_app.view_functions.get(name)
    if view is None or name in _WITHOUT or name.startswith(_WITHOUT_ROOMS):
        return None
    is_open = name == "static" or hasattr(view, "public_because")
    return None if is_open else htmx.go(url_for("factors.show"))


def init_app(app: Flask) -> None:
    manager.init_app(app)
    app.before_request(_set_actor)
    app.before_request(_ask_for_factor)
    app.before_request(refuse_deeds)
    app.after_request(_touch)
    app.after_request(note_refusal)
    app.jinja_env.globals["passkey_origin"] = lambda: relying_party()[1]
