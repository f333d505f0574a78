"""A reseller's money: margins of a month by customer and product; a year of them, unpaid and next month."""

from flask import Blueprint, Response, abort, make_response, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from portal import clock, htmx
from portal.access import Permission, requires
from portal.csv_file import csv_answer, euros
from portal.deadlines import add_months
from portal.listing.page import list_page
from portal.margins.lists import MARGINS, asked_reseller, first_day, known_month, newest_month
from portal.margins.money import forecast_of, money_of, unpaid_of
from portal.margins.panels import margin_panel
from portal.margins.sums import Sum, total_of

bp = Blueprint("margins", __name__, url_prefix="/margins")


@bp.get("")
@requires(Permission.MARGIN_READ)
def show() -> Response:
    """Of the last month with sales, unless the address says of which reseller and month."""
    reseller = asked_reseller()
    if reseller is None:
        return _elsewhere()
    wishes = MultiDict(request.args)
    if "reseller" not in wishes:
        wishes["reseller"] = reseller.uid
        wishes.setdefault("month", newest_month())
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


def _elsewhere() -> Response:
    """Where no reseller is meant, one is chosen; 404 for another's."""
    if request.args.get("reseller"):
        abort(404)
    return htmx.go(url_for("resellers.list_resellers"))


@bp.get("/year")
@requires(Permission.MARGIN_READ)
def show_year() -> Response:
    reseller = asked_reseller()
    if reseller is None:
        return _elsewhere()
    page = render_template(
        "margins/year.html",
        reseller=reseller,
        money=money_of(reseller.organisation),
        unpaid=unpaid_of(reseller.organisation),
        coming=forecast_of(reseller.organisation),
        next_month=add_months(clock.today().replace(day=1), 1),
    )
    return make_response(page)


@bp.get("/year.csv")
@requires(Permission.MARGIN_READ)
def year_csv() -> Response:
    """The three tables in one, each line with what it is of."""
    reseller = asked_reseller()
    if reseller is None:
        return _elsewhere()
    money = money_of(reseller.organisation)
    rows = [(_("Mois"), f"{month:%Y-%m}", *_cells(part)) for month, part in money.by_month.items()]
    rows += [(_("Client"), name, *_cells(part)) for (_uid, name), part in money.by_customer.items()]
    rows += [(_("Offre"), name, *_cells(part)) for name, part in money.by_product.items()]
    head = [_("Par"), _("Nom"), _("Vendu, HT"), _("Acheté, HT"), _("Marge")]
    return csv_answer("marges-12-mois.csv", head, rows)


def _cells(part: Sum) -> list[str]:
    found = (part.sold, part.bought, part.margin)
    return [euros(cents) if cents is not None else "" for cents in found]
