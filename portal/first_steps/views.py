"""Putting the first steps away, and showing them again."""

from flask import Blueprint, Response, g, url_for
from flask_babel import gettext as _

from portal import htmx
from portal.access import Permission, requires
from portal.db import db
from portal.first_steps.models import dismiss, show_again

bp = Blueprint("first_steps", __name__, url_prefix="/first-steps")


@bp.post("/dismissal")
@requires(Permission.LIST_WORK)
def put_away() -> Response:
    dismiss(g.actor)
    db.session.commit()
    return htmx.go(url_for("home.dashboard"), toast=_("Les premiers pas se retrouvent dans le guide."))


@bp.post("/return")
@requires(Permission.LIST_WORK)
def bring_back() -> Response:
    show_again(g.actor)
    db.session.commit()
    return htmx.go(url_for("home.dashboard"))
