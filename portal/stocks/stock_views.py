"""The stock of a reseller: what it holds, lots of keys, and when it wants to be told."""

from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from wtforms import SelectChoice

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.accounts.models import Organisation, OrganisationKind
from portal.catalogue.models import Product, list_products
from portal.db import db
from portal.errors import Refused
from portal.forms import WHOLE, saving
from portal.journal import record
from portal.licensing.lots import KeyLot
from portal.licensing.pools import pool_of
from portal.licensing.stock import StockKey, StockLevel, StockState
from portal.paging import page_of
from portal.resellers.reseller import Reseller
from portal.stocks.forms import LevelForm, LotForm
from portal.subscriptions.key_lots import stock_up

bp = Blueprint("key_stock", __name__, url_prefix="/key-stock")


def own_offers() -> list[Product]:
    """On sale, with keys that are issued here."""
    return [each for each in list_products() if each.has_keys and pool_of(each) is None]


def _with_offers(form: Any) -> Any:
    form.product.choices = [SelectChoice(each.uid, each.name) for each in own_offers()]
    return form


def _held() -> list[dict[str, Any]]:
    """By offer and seats: how many keys are free, reserved and assigned."""
    count = db.func.count(StockKey.id)
    query = (
        StockKey.visible_to(g.actor)
        .join(StockKey.product)
        .with_only_columns(Product.name, StockKey.seats, StockKey.state, count)
        .group_by(Product.name, StockKey.seats, StockKey.state)
        .order_by(Product.name, StockKey.seats)
    )
    rows: dict[tuple[str, int], dict[str, Any]] = {}
    for name, seats, state, number in db.session.execute(query):
        row = rows.setdefault((name, seats), {"product": name, "seats": seats})
        row[str(state)] = number
    return list(rows.values())


def _levels() -> list[StockLevel]:
    query = StockLevel.visible_to(g.actor).where(StockLevel.organisation_id == g.actor.organisation_id)
    return list(db.session.scalars(query.where(StockLevel.least > 0).order_by(StockLevel.id)))


def _is_reseller() -> bool:
    return bool(g.actor.organisation.kind == OrganisationKind.RESELLER)


def _page(form: LevelForm, status: int = 200) -> Response:
    lots = KeyLot.visible_to(g.actor).options(joinedload(KeyLot.product), joinedload(KeyLot.customer))
    page = render_template(
        "stocks/stock.html",
        form=_with_offers(form),
        held=_held(),
        levels=_levels(),
        lots=page_of(lots, KeyLot.id.desc(), name="lots"),
        is_reseller=_is_reseller(),
        states=[str(each) for each in StockState],
    )
    return make_response(page, status)


@bp.get("")
@requires(Permission.KEY_STOCK_READ)
def show() -> Response:
    return _page(LevelForm(formdata=None))


@bp.post("/level")
@requires(Permission.KEY_STOCK_WRITE)
def set_level() -> Response:
    """How few free keys of an offer are told of. Each house chooses its own."""
    form = _with_offers(LevelForm())
    if form.validate():
        with saving(form, "least"):
            _set_level(get_or_404(Product.visible_to(g.actor), form.product.data), form.least.data)
    if form.errors:
        return _page(form, 422)
    return htmx.go(url_for(".show"), toast=_("C'est noté."))


def _set_level(product: Product, least: int) -> None:
    if not _is_reseller():
        raise Refused(_("Chaque revendeur choisit le sien."))
    house = g.actor.organisation
    query = select(StockLevel).where(
        StockLevel.organisation_id == house.id, StockLevel.product_id == product.id
    )
    level = db.session.scalars(query.with_for_update()).one_or_none()
    if level is None:
        level = StockLevel(organisation=house, product_id=product.id, least=0)
        db.session.add(level)
        db.session.flush()
    record(level, "set_level", by=g.actor, before=str(level.least), after=str(least))
    level.least = least


def _lot_form(**values: Any) -> LotForm:
    form: LotForm = _with_offers(LotForm(**values))
    query = Reseller.visible_to(g.actor).options(joinedload(Reseller.organisation))
    form.reseller.choices = [
        SelectChoice(row.uid, row.legal_name)
        for row in db.session.scalars(query.order_by(Reseller.legal_name, Reseller.id))
    ]
    return form


def _form_page(form: LotForm, status: int = 200) -> Response:
    return make_response(render_template("stocks/new_lot.html", form=form), status)


@bp.get("/lots/new")
@requires(Permission.KEY_STOCK_WRITE)
def new_lot() -> Response:
    return _form_page(_lot_form(formdata=None))


@bp.post("/lots")
@requires(Permission.KEY_STOCK_WRITE)
def create_lot() -> Response:
    form, uid = _lot_form(), ""
    if form.validate():
        with saving(form, WHOLE):
            product = get_or_404(Product.visible_to(g.actor), form.product.data)
            house = _house(form.reseller.data)
            number, seats, once = form.number.data, form.seats.data, form.once.data
            uid = stock_up(house, product, number, seats, by=g.actor, uid=once).uid
    if form.errors:
        return _form_page(form, 422)
    return htmx.go(url_for("key_lots.show", uid=uid))


def _house(uid: str) -> Organisation:
    found: Organisation = get_or_404(Reseller.visible_to(g.actor), uid).organisation
    return found
