"""The page of figures, its table as CSV, and the few that stand beside the day's work."""

from flask import Blueprint, Response, g, make_response, render_template, request
from flask_babel import gettext as _

from portal.access import Permission, may, requires
from portal.accounts.models import Organisation, OrganisationKind
from portal.csv_file import csv_answer
from portal.db import db
from portal.trends.board import Trend, board

bp = Blueprint("trends", __name__, url_prefix="/trends")


@bp.app_template_global()
def trends_beside() -> list[Trend]:
    """The figures for the home page; none for who may not see them."""
    return board() if may(Permission.TREND_READ) else []


def _resellers() -> list[Organisation]:
    """Among whom the provider may choose; a reseller sees her own figures alone."""
    query = Organisation.visible_to(g.actor).where(Organisation.kind == OrganisationKind.RESELLER)
    found = list(db.session.scalars(query.order_by(Organisation.name, Organisation.id)))
    return found if len(found) > 1 else []


@bp.get("")
@requires(Permission.TREND_READ)
def show() -> Response:
    resellers = _resellers()
    chosen = next((each for each in resellers if each.uid == request.args.get("reseller")), None)
    page = render_template("trends/show.html", trends=board(chosen), resellers=resellers, chosen=chosen)
    return make_response(page)


@bp.get("/file.csv")
@requires(Permission.TREND_READ)
def as_csv() -> Response:
    """Exactly what the page shows, a line a month."""
    chosen = next((each for each in _resellers() if each.uid == request.args.get("reseller")), None)
    trends = board(chosen)
    head = [_("Mois"), *(f"{trend.label} ({each.label})" for trend in trends for each in trend.series)]
    rows = (
        [f"{month:%Y-%m}", *(text for trend in trends for text in dict(trend.rows)[month])]
        for month in reversed(trends[0].months)
    )
    return csv_answer("chiffres.csv", head, rows)
