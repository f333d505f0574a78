"""The page of the search, and its hits alone for the palette."""

from flask import Blueprint, Response, request

from portal import htmx
from portal.access import Permission, requires
from portal.search.registry import Sought, groups

bp = Blueprint("search", __name__)


@bp.get("/search")
@requires(Permission.HOME_READ)
def show() -> Response:
    sought = Sought(request.args.get("q", ""))
    return htmx.render("search/page.html", "search/_hits.html", sought=sought, groups=groups(sought))
