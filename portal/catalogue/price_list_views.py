"""The price list of a reseller: what it pays, what it asks, and what remains."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, abort, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms.validators import InputRequired, NumberRange, Optional

from portal import clock, htmx
from portal.access import Permission, get_or_404, may, requires
from portal.catalogue.models import Product, list_products
from portal.catalogue.price_lists import (
    PriceKind,
    PriceList,
    ResellerPrice,
    price_list,
    price_word,
    set_retail,
    set_wholesale,
)
from portal.db import db
from portal.euro_field import EuroField
from portal.forms import WHOLE, DayField, WholeNumberField, saving
from portal.panels import Panel
from portal.resellers.panels import reseller_panel
from portal.resellers.reseller import Reseller

bp = Blueprint("price_lists", __name__, url_prefix="/price-lists")
_NO_AMOUNT, _NO_DAY = _l("Indiquez un montant."), _l("Indiquez un jour.")


class RetailForm(FlaskForm):
    price = EuroField(_l("Prix de vente"), [InputRequired(_NO_AMOUNT)], low=1)
    effective_on = DayField(_l("À partir du"), [InputRequired(_NO_DAY)], default=clock.today)


class WholesaleForm(FlaskForm):
    price = EuroField(_l("Prix d'achat"), [InputRequired(_NO_AMOUNT)])
    from_quantity = WholeNumberField(
        _l("À partir de combien d'unités"), [Optional(), NumberRange(1, 10_000, _l("Entre 1 et 10 000."))]
    )
    floor = EuroField(_l("Prix de vente minimal"), [Optional()])
    effective_on = DayField(_l("À partir du"), [InputRequired(_NO_DAY)], default=clock.today)


@dataclass(frozen=True, slots=True)
class Line:
    """A product as one reseller sees it today; amounts in cents for one unit."""

    product: Product
    public: int
    bought: int | None
    steps: dict[int, ResellerPrice]
    floor: int | None
    own: ResellerPrice | None

    @property
    def sold(self) -> int:
        return self.own.unit_cents if self.own else self.public

    @property
    def margin(self) -> int | None:
        return None if self.bought is None else self.sold - self.bought


def line_of(prices: PriceList, product: Product) -> Line:
    today = clock.today()
    return Line(
        product,
        product.price_on(today),
        prices.wholesale(product, 1, today),
        prices.steps(product, PriceKind.WHOLESALE, today),
        prices.floor(product, today),
        prices.retail(product, today),
    )


def _reseller(uid: str) -> Reseller:
    found: Reseller = get_or_404(Reseller.visible_to(g.actor), uid)
    return found


@bp.get("/<uid>")
@requires(Permission.PRICE_LIST_READ)
def show(uid: str) -> Response:
    return _list_page(_reseller(uid))


def _list_page(reseller: Reseller) -> Response:
    prices = price_list(reseller.organisation_id)
    lines = [line_of(prices, product) for product in list_products()]
    return make_response(render_template("catalogue/price_list.html", reseller=reseller, lines=lines))


def _product() -> Product:
    """The one that the address or the form names."""
    found: Product = get_or_404(Product.visible_to(g.actor), request.values.get("product", ""))
    return found


@bp.get("/<uid>/product")
@requires(Permission.PRICE_LIST_READ)
def show_product(uid: str) -> Response:
    reseller = _reseller(uid)
    if "product" not in request.args:
        return htmx.go(url_for(".show", uid=uid))
    return _page(reseller, _product(), RetailForm(formdata=None), WholesaleForm(formdata=None))


def _is_own(reseller: Reseller) -> bool:
    return bool(reseller.organisation_id == g.actor.organisation_id)


def _page(
    reseller: Reseller, product: Product, retail: FlaskForm, wholesale: FlaskForm, status: int = 200
) -> Response:
    prices = price_list(reseller.organisation_id)
    page = render_template(
        "catalogue/price_list_product.html",
        reseller=reseller,
        product=product,
        line=line_of(prices, product),
        retail=retail,
        wholesale=wholesale,
        form=retail if retail.errors or retail.form_errors else wholesale,
        bought=prices.history(product, PriceKind.WHOLESALE),
        sold=prices.history(product, PriceKind.RETAIL),
        words_on=price_word.shown,
        sets_retail=may(Permission.RETAIL_WRITE) and _is_own(reseller),
    )
    return make_response(page, status)


def _saved(uid: str, form: FlaskForm, act: Callable[[Reseller, Product], Any]) -> Response:
    """Do what one of the two forms of the page asks for; the other one comes back empty."""
    if form.validate():
        with saving(form, WHOLE):
            act(_reseller(uid), _product())
    if form.errors or form.form_errors:
        retail = form if isinstance(form, RetailForm) else RetailForm(formdata=None)
        wholesale = form if isinstance(form, WholesaleForm) else WholesaleForm(formdata=None)
        return _page(_reseller(uid), _product(), retail, wholesale, 422)
    return htmx.go(url_for(".show_product", uid=uid, product=_product().uid), toast=_("Le prix est décidé."))


@bp.post("/<uid>/retail")
@requires(Permission.RETAIL_WRITE)
def decide_retail(uid: str) -> Response:
    """A reseller decides its own prices alone."""
    if not _is_own(_reseller(uid)):
        abort(404)
    form = RetailForm()
    return _saved(
        uid,
        form,
        lambda reseller, product: set_retail(
            reseller.organisation,
            product,
            unit_cents=form.price.data or 0,
            effective_on=form.effective_on.data,
            by=g.actor,
        ),
    )


@bp.post("/<uid>/wholesale")
@requires(Permission.WHOLESALE_WRITE)
def decide_wholesale(uid: str) -> Response:
    form = WholesaleForm()
    return _saved(
        uid,
        form,
        lambda reseller, product: set_wholesale(
            reseller.organisation,
            product,
            unit_cents=form.price.data or 0,
            effective_on=form.effective_on.data,
            from_quantity=form.from_quantity.data or 1,
            floor_cents=form.floor.data,
            by=g.actor,
        ),
    )


def _withdraw(uid: str, price_uid: str, kind: PriceKind) -> Response:
    query = ResellerPrice.visible_to(g.actor).where(
        ResellerPrice.organisation_id == _reseller(uid).organisation_id, ResellerPrice.kind == kind
    )
    price = get_or_404(query, price_uid)
    price.withdraw(by=g.actor)
    db.session.commit()
    return htmx.go(
        url_for(".show_product", uid=uid, product=price.product.uid), toast=_("Le prix est retiré.")
    )


@bp.post("/<uid>/retail/<price_uid>/withdrawal")
@requires(Permission.RETAIL_WRITE)
def withdraw_retail(uid: str, price_uid: str) -> Response:
    if not _is_own(_reseller(uid)):
        abort(404)
    return _withdraw(uid, price_uid, PriceKind.RETAIL)


@bp.post("/<uid>/wholesale/<price_uid>/withdrawal")
@requires(Permission.WHOLESALE_WRITE)
def withdraw_wholesale(uid: str, price_uid: str) -> Response:
    return _withdraw(uid, price_uid, PriceKind.WHOLESALE)


@reseller_panel(rank=20)
def panel(reseller: Reseller) -> Panel | None:
    if not may(Permission.PRICE_LIST_READ):
        return None
    return Panel("catalogue/_reseller_panel.html", {"reseller": reseller})
