"""Margins of a month, by customer and product, of one reseller."""

import re
from datetime import date

from flask import Blueprint, Response, g, make_response, render_template, request, url_for

from portal import clock, htmx
from portal.access import Permission, get_or_404, requires
from portal.db import db
from portal.deadlines import add_months
from portal.margins.sums import lines_of, total_of
from portal.resellers.reseller import Reseller

bp = Blueprint("margins", __name__, url_prefix="/margins")
_SHOWN = 13  # months to choose among


def _reseller() -> Reseller | None:
    """Whom the address names, or one's own house."""
    query = Reseller.visible_to(g.actor)
    if asked := request.args.get("reseller", ""):
        found: Reseller = get_or_404(query, asked)
        return found
    return db.session.scalars(query.where(Reseller.organisation_id == g.actor.organisation_id)).one_or_none()


def _month() -> date:
    """The first day of the month that the address names, or of the present one."""
    asked = request.args.get("month", "")
    if re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", asked):
        return date.fromisoformat(f"{asked}-01")
    return clock.today().replace(day=1)


@bp.get("")
@requires(Permission.MARGIN_READ)
def show() -> Response:
    reseller, month = _reseller(), _month()
    if reseller is None:
        return htmx.go(url_for("resellers.list_resellers"))
    page = render_template(
        "margins/show.html",
        reseller=reseller,
        month=month,
        months=[add_months(clock.today().replace(day=1), -past) for past in range(_SHOWN)],
        lines=lines_of(reseller.organisation, month),
        total=total_of(reseller.organisation, month),
    )
    return make_response(page)
