"""Prices of the products, for the operator: a new one, from which day for whom, and the proof of telling."""

from flask import Blueprint, Response, g, request, url_for
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict

from portal import clock, htmx
from portal.access import Permission, get_or_404, may, requires
from portal.catalogue.models import Product
from portal.contracts.forms import GridForm, PriceForm, VolumeForm
from portal.contracts.lists import PRICES, PRICES_TOLD
from portal.contracts.revisions import check_revision, earliest_day, notice_of, preview, revise_price
from portal.db import db
from portal.forms import refusals_in
from portal.journal import timeline
from portal.listing.asked import Asked
from portal.listing.files import as_csv
from portal.listing.page import list_page
from portal.paging import Page
from portal.resellers.reseller import Reseller

bp = Blueprint("prices", __name__, url_prefix="/prices")


@bp.get("")
@requires(Permission.PRICE_LIST_READ)
def list_prices() -> Response:
    """The public prices; a reseller's people are led to its own list, finance to those of the resellers."""
    if not may(Permission.PRICE_READ):
        own = Reseller.visible_to(g.actor).where(Reseller.organisation_id == g.actor.organisation_id)
        reseller = db.session.scalars(own).one_or_none()
        there = (
            url_for("price_lists.show", uid=reseller.uid) if reseller else url_for("resellers.list_resellers")
        )
        return htmx.go(there)
    return list_page(PRICES, "listing/page.html")


def _refusals(product: Product, form: PriceForm) -> bool:
    """Say beside its field what forbids the price that was typed; True when something does."""
    if form.validate():
        with refusals_in(form, "effective_on"):
            check_revision(product, form.cents, form.effective_on.data)
    return bool(form.errors)


@bp.get("/<product_uid>")
@requires(Permission.PRICE_READ)
def show_price(product_uid: str) -> Response:
    """What a new price would mean for each subscription, before anything is decided."""
    product = get_or_404(Product.visible_to(g.actor), product_uid)
    asked = "effective_on" in request.args
    form = PriceForm(request.args, meta={"csrf": False}) if asked else PriceForm(formdata=None)
    return price_page(product, form, asked and not _refusals(product, form))


def price_page(
    product: Product, form: PriceForm, is_ready: bool = False, status: int = 200, **others: FlaskForm
) -> Response:
    """others: the forms of the page's volume and grid, when they come back with errors."""
    if not form.effective_on.data and not form.errors:
        form.effective_on.data = earliest_day(product)
    day = form.effective_on.data
    page = list_page(
        PRICES_TOLD,
        "contracts/price.html",
        _wishes(product),
        product=product,
        form=form,
        is_ready=is_ready,
        today=clock.today(),
        confirm=PriceForm(formdata=None),
        notice=notice_of(product),
        earliest=earliest_day(product),
        running=preview(product, day) if day else Page([]),
        events=timeline(product),
        volume=others.get("volume") or VolumeForm(formdata=None, obj=product),
        grid=others.get("grid") or GridForm(formdata=None),
    )
    page.status_code = status
    return page


@bp.post("/<product_uid>")
@requires(Permission.PRICE_WRITE)
def revise(product_uid: str) -> Response:
    product, form = get_or_404(Product.visible_to(g.actor).with_for_update(), product_uid), PriceForm()
    if _refusals(product, form):
        return price_page(product, form, status=422)
    revise_price(product, unit_cents=form.cents, effective_on=form.effective_on.data, by=g.actor)
    db.session.commit()
    text = _("Le nouveau prix est décidé ; les clients en sont prévenus.")
    return htmx.go(url_for(".show_price", product_uid=product_uid), toast=text)


@bp.get("/<product_uid>/told.csv")
@requires(Permission.PRICE_READ)
def download_told(product_uid: str) -> Response:
    product = get_or_404(Product.visible_to(g.actor), product_uid)
    return as_csv(Asked(PRICES_TOLD, _wishes(product)))


def _wishes(product: Product) -> MultiDict[str, str]:
    return MultiDict({**request.args, "product_uid": product.uid})
