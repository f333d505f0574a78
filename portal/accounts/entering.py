"""From the right password to a session: at once, or behind the second factor."""

from typing import Any
from urllib.parse import urlsplit

from flask import Response, current_app, g, make_response, redirect, request, session, url_for
from sqlalchemy import select

from portal.accounts.devices import known_device, remember_device
from portal.accounts.factors import HalfSignIn, end_half_sign_ins
from portal.accounts.letters import tell_new_device
from portal.accounts.models import SignIn, User, open_memberships, open_sign_in
from portal.accounts.proving import Proof, address
from portal.accounts.throttle import forget_failures
from portal.crypto.secrets import new_token, token_hash
from portal.db import commits, db
from portal.journal import record

_HALF = "half"  # where the form's cookie keeps the token of a sign-in that is half open


def safe_next(target: str | None) -> str:
    """Where to go after signing in: a path of this site, whatever was asked."""
    home = url_for("home.dashboard")
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return home
    if any(ord(c) < 32 or c == "\\" for c in target) or urlsplit(target).netloc:
        return home
    return target


@commits
def enter(user: User, target: str, proof: Proof) -> Response:
    """A session, and the way to where she wanted to go. The form token of before is worth nothing then."""
    browser = request.headers.get("User-Agent", "")
    device = known_device(user)
    forget_failures(user.email, device)
    every = open_memberships(user)
    hers = SignIn.user_id.in_([each.id for each in every])
    is_first = db.session.scalar(select(~select(SignIn.id).where(hers).exists()))
    row, token = open_sign_in(user, address=address(), browser=browser)
    row.confirm(proof.how)
    record(user, "sign_in", by=user, address=address(), how=proof.how)
    if not device and not is_first:
        tell_new_device(user, address=address(), browser=browser)
    end_half_sign_ins(user)
    if len(every) > 1:  # for whom? Until she says so, as the last time
        target = url_for("accounts.choose_membership", next=target)
    db.session.commit()
    return _with_session(user, token, target)


@commits
def change_house(user: User, target: str) -> Response:
    """From one membership to another of the same person: this session ends, the new one lives as long as it.

    What was confirmed is asked again: a grave act is another one elsewhere.
    """
    before = g.sign_in
    row, token = open_sign_in(user, address=address(), browser=before.browser)
    row.created_at, row.factor_at = before.created_at, before.factor_at
    before.end()
    record(before.user, "leave_house", by=before.user, address=address())
    record(user, "enter_house", by=user, address=address())
    db.session.commit()
    return _with_session(user, token, target)


def _with_session(user: User, token: str, target: str) -> Response:
    session.clear()
    response = make_response(redirect(target, 303))
    _set_cookie(response, token)
    remember_device(response, user)
    return response


def _set_cookie(response: Response, token: str) -> None:
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


@commits
def half_open(user: User, target: str) -> Response:
    """The password was right: to the page of the second factor, and no further."""
    end_half_sign_ins(user)
    token = new_token()
    row = HalfSignIn(organisation=user.organisation, token_hash=token_hash(token), user_id=user.id)
    db.session.add(row)
    db.session.commit()
    session.clear()
    session[_HALF] = token
    return make_response(redirect(url_for("accounts.ask_factor", next=target), 303))


def half_signed_in(**lock: Any) -> HalfSignIn | None:
    """The sign-in that this browser has half open; None where there is none any more."""
    query = select(HalfSignIn).where(HalfSignIn.token_hash == token_hash(str(session.get(_HALF, ""))))
    row = db.session.scalars(query.with_for_update(**lock) if lock else query).one_or_none()
    return row if row is not None and row.is_open and row.user.is_open else None
