"""Pools of another vendor's keys: opened for an offer, filled by file, and what became of each key."""

from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from wtforms import SelectChoice

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.catalogue.models import Product, list_products
from portal.db import db
from portal.errors import Refused
from portal.forms import WHOLE, saving
from portal.journal import record, timeline
from portal.licensing.pools import KeyPool, PoolKey, pool_of
from portal.licensing.stock import StockKey, StockState
from portal.paging import first_of, page_of
from portal.stocks.forms import PoolFileForm, PoolForm, PoolLevelForm
from portal.stocks.pool_file import LARGEST, take_file
from portal.subscriptions.pool_waits import PoolWait, waiting_in

bp = Blueprint("key_pools", __name__, url_prefix="/key-pools")


@bp.url_value_preprocessor
def allow_a_file(endpoint: str | None, values: Any) -> None:
    """Before anything reads the form: this one carries a file."""
    if endpoint == "key_pools.fill":
        request.max_content_length = LARGEST + 65_536


def _pool(uid: str) -> KeyPool:
    query = KeyPool.visible_to(g.actor).options(joinedload(KeyPool.product))
    found: KeyPool = get_or_404(query, uid)
    return found


def counts_of(pools: list[KeyPool]) -> dict[int, dict[str, int]]:
    """By pool: how many of its keys are free, given and withdrawn."""
    query = (
        select(PoolKey.pool_id, PoolKey.state, db.func.count(PoolKey.id))
        .where(PoolKey.pool_id.in_([pool.id for pool in pools]))
        .group_by(PoolKey.pool_id, PoolKey.state)
    )
    found: dict[int, dict[str, int]] = {pool.id: {} for pool in pools}
    for pool_id, state, number in db.session.execute(query):
        found[pool_id][str(state)] = number
    return found


def _list_page(form: PoolForm, status: int = 200) -> Response:
    query = KeyPool.visible_to(g.actor).options(joinedload(KeyPool.product))
    pools = page_of(query, KeyPool.id.desc(), name="pools")
    form.product.choices = [SelectChoice(each.uid, each.name) for each in list_products() if each.has_keys]
    page = render_template("stocks/pools.html", pools=pools, form=form, counts=counts_of(pools))
    return make_response(page, status)


@bp.get("")
@requires(Permission.KEY_POOL_READ)
def list_pools() -> Response:
    return _list_page(PoolForm(formdata=None))


@bp.post("")
@requires(Permission.KEY_POOL_WRITE)
def create() -> Response:
    """From now on this offer is delivered with keys of its pool."""
    form, uid = PoolForm(), ""
    form.product.choices = [SelectChoice(each.uid, each.name) for each in list_products()]
    if form.validate():
        with saving(form, "product"):
            uid = _open(get_or_404(Product.visible_to(g.actor), form.product.data)).uid
    if form.errors:
        return _list_page(form, 422)
    return htmx.go(url_for(".show", uid=uid))


def _open(product: Product) -> KeyPool:
    if not product.has_keys:
        raise Refused(_("Cette offre n'a pas de clé."))
    if pool_of(product) is not None:
        raise Refused(_("Cette offre a déjà sa réserve."))
    held = StockKey.visible_to(g.actor).where(StockKey.product_id == product.id)
    if first_of(held.where(StockKey.state != StockState.ASSIGNED), 1):
        raise Refused(
            _("Des revendeurs tiennent en stock des clés de cette offre, émises ici."), field="product"
        )
    pool = KeyPool(organisation=g.actor.organisation, product_id=product.id, least=0)
    db.session.add(pool)
    db.session.flush()
    record(pool, "open", by=g.actor)
    return pool


def _page(
    pool: KeyPool, file: PoolFileForm | None = None, level: PoolLevelForm | None = None, status: int = 200
) -> Response:
    waits = waiting_in(pool.id).options(joinedload(PoolWait.order))
    page = render_template(
        "stocks/pool.html",
        pool=pool,
        counts=counts_of([pool])[pool.id],
        keys=page_of(PoolKey.visible_to(g.actor).where(PoolKey.pool_id == pool.id), PoolKey.id, name="keys"),
        waits=page_of(waits, PoolWait.id, name="waits"),
        file_form=file or PoolFileForm(formdata=None),
        level_form=level or PoolLevelForm(formdata=None, least=pool.least),
        events=timeline(pool),
    )
    return make_response(page, status)


@bp.get("/<uid>")
@requires(Permission.KEY_POOL_READ)
def show(uid: str) -> Response:
    return _page(_pool(uid))


@bp.post("/<uid>/keys")
@requires(Permission.KEY_POOL_WRITE)
def fill(uid: str) -> Response:
    form, count = PoolFileForm(), 0
    if form.validate():
        with saving(form, "file"):
            count = len(take_file(_pool(uid), form.file.data.read(), by=g.actor).keys)
    if form.errors:
        return _page(_pool(uid), file=form, status=422)
    text = ngettext("%(num)d clé est dans la réserve.", "%(num)d clés sont dans la réserve.", count)
    return htmx.go(url_for(".show", uid=uid), toast=text)


@bp.post("/<uid>/level")
@requires(Permission.KEY_POOL_WRITE)
def set_level(uid: str) -> Response:
    form = PoolLevelForm()
    if form.validate():
        with saving(form, WHOLE):
            pool = _pool(uid)
            record(pool, "set_level", by=g.actor, before=str(pool.least), after=str(form.least.data))
            pool.least = form.least.data
    if form.errors:
        return _page(_pool(uid), level=form, status=422)
    return htmx.go(url_for(".show", uid=uid), toast=_("C'est noté."))
