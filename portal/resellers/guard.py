"""Whoever works for a reseller that is stopped is shown out; customers never are."""

from flask import Blueprint, Response, current_app, g, make_response, render_template, request

from portal.access import RESELLER
from portal.accounts.models import Organisation
from portal.db import EVERYTHING, commits, db, scope, writing
from portal.resellers.brand import support_for
from portal.resellers.reseller import Reseller, barred

bp = Blueprint("reseller_guard", __name__)
_OPEN = {"static", "accounts.logout", "accounts.choose_language"}


@bp.before_app_request
def show_out() -> Response | None:
    """In the place of every page: the session ends, and says why."""
    actor = g.get("actor")
    if actor is None or request.endpoint in _OPEN or actor.organisation_id is None:
        return None
    if actor.role not in RESELLER:
        return None
    stopped = barred(actor.org_path)
    return None if stopped is None else _out(stopped)


@commits
def _out(stopped: Reseller) -> Response:
    with scope(EVERYTHING), writing():
        name = stopped.name
        above = stopped.organisation.parent
        support = support_for(above.org_path) if isinstance(above, Organisation) else None
        provider = above.name if above else ""
        db.session.rollback()
        if g.get("sign_in") is not None:
            g.sign_in.end()
            db.session.commit()
    g.actor = None
    page = render_template("resellers/stopped.html", name=name, support=support, above=provider)
    answer = make_response(page, 403)
    config = current_app.config
    answer.delete_cookie(config["SIGN_IN_COOKIE"], path="/", secure=config["SECURE_COOKIES"])
    return answer
