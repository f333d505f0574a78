"""Margins of a month, by customer and product, of one reseller."""

from flask import Blueprint, Response, abort, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from portal import htmx
from portal.access import Permission, requires
from portal.listing.page import list_page
from portal.margins.lists import MARGINS, asked_reseller, first_day, known_month, this_month
from portal.margins.panels import margin_panel
from portal.margins.sums import total_of

bp = Blueprint("margins", __name__, url_prefix="/margins")


@bp.get("")
@requires(Permission.MARGIN_READ)
def show() -> Response:
    """Of the present month, unless the address says of which reseller and month."""
    reseller = asked_reseller()
    if reseller is None:
        if request.args.get("reseller"):
            abort(404)
        return htmx.go(url_for("resellers.list_resellers"))
    wishes = MultiDict(request.args)
    if "reseller" not in wishes:
        wishes["reseller"] = reseller.uid
        wishes.setdefault("month", this_month())
    month = known_month(wishes.get("month", ""))
    total = total_of(reseller.organisation, first_day(month)) if month else None
    page = list_page(
        MARGINS,
        "margins/show.html",
        wishes,
        reseller=reseller,
        total=total,
        panels=margin_panel.shown(reseller),
    )
    if htmx.wants_fragment():
        page.set_data(
            page.get_data() + render_template("margins/_total.html", total=total, oob=True).encode()
        )
    return page
