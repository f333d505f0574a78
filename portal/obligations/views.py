"""What the provider owes, and whether one's customers are told of a miss."""

from flask import Blueprint, Response, g, request, url_for
from flask_babel import gettext as _

from portal import htmx
from portal.access import Permission, requires
from portal.db import db
from portal.listing.page import list_page
from portal.obligations.lists import OBLIGATIONS
from portal.obligations.models import decide_telling, telling_of

bp = Blueprint("obligations", __name__, url_prefix="/obligations")


@bp.get("")
@requires(Permission.OBLIGATION_READ)
def list_obligations() -> Response:
    telling = telling_of(g.actor.organisation)
    return list_page(OBLIGATIONS, "obligations/list.html", is_telling=bool(telling and telling.tells))


@bp.post("/telling")
@requires(Permission.OBLIGATION_WRITE)
def decide() -> Response:
    tells = request.form.get("tells") == "y"
    decide_telling(g.actor.organisation, tells=tells, by=g.actor)
    db.session.commit()
    said = _("Vos clients liront ce qui est manqué.") if tells else _("Vos clients n'en sont plus prévenus.")
    return htmx.go(url_for(".list_obligations"), toast=said)
