"""The houses of one person: which of them she works for now, and an invitation to another one."""

from flask import Response, abort, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.access import Permission, public, requires
from portal.accounts.by_directory import by_directory
from portal.accounts.elsewhere import elsewhere
from portal.accounts.entering import change_house, safe_next
from portal.accounts.models import User, open_memberships
from portal.accounts.views import bp
from portal.accounts.welcome import find_invited, join
from portal.db import EVERYTHING, scope
from portal.errors import Refused
from portal.links import Purpose, open_link


@bp.app_template_global()
def own_memberships() -> list[User]:
    """Those that the acting person may change to, the present one with them; nothing where there is one."""
    return open_memberships(g.sign_in.user) if g.get("has_others") else []


@bp.get("/memberships")
@requires(Permission.HOME_READ)
def choose_membership() -> Response:
    page = render_template(
        "accounts/memberships.html",
        memberships=open_memberships(g.sign_in.user),
        here=g.sign_in.user_id,
        target=safe_next(request.args.get("next")),
    )
    return make_response(page)


@bp.post("/memberships/<uid>")
@requires(Permission.ACCOUNT_WRITE)
def enter_membership(uid: str) -> Response:
    """She goes on in another house: in a new session, whose scope is that house alone."""
    with scope(EVERYTHING):
        user = next((each for each in open_memberships(g.sign_in.user) if each.uid == uid), None)
        if user is None:
            abort(404)
        for there in elsewhere.shown(user):
            raise Refused(_("Votre espace est à une autre adresse : connectez-vous sur %(url)s.", url=there))
        for there in by_directory.shown(user):
            return make_response(redirect(there, 303))
        return change_house(user, safe_next(request.form.get("next")))


@bp.post("/welcome/<token>/membership")
@public("somebody with a password joins another house; the link and her session are the proof")
def join_house(token: str) -> Response:
    uid = open_link(Purpose.WELCOME, token).subject_uid
    with scope(EVERYTHING):
        user = find_invited(uid)
        if g.actor is None or g.sign_in.user.person_id != user.person_id:
            return make_response(redirect(url_for(".login", next=url_for(".welcome", token=token)), 303))
        join(user)
        return change_house(user, url_for("home.dashboard"))
