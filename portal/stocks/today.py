"""What keys in number ask of a person: a stock or a pool that runs low, orders that wait for a pool."""

from typing import Any

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import joinedload

from portal.access import Permission
from portal.db import db
from portal.licensing.pools import KeyPool, PoolKey, PoolState
from portal.licensing.stock import StockLevel, free_keys_of
from portal.subscriptions.pool_waits import PoolWait, PoolWaitState
from portal.today import Cost, Kind, Todo, waits


def _low() -> Select[tuple[StockLevel]]:
    query = StockLevel.visible_to(g.actor).where(StockLevel.organisation_id == g.actor.organisation_id)
    return query.where(StockLevel.least > free_keys_of()).options(joinedload(StockLevel.product))


def _left(count: int) -> str:
    return ngettext("%(num)d clé libre", "%(num)d clés libres", count)


def _tell_low(level: StockLevel) -> Todo:
    free = db.session.scalar(select(free_keys_of(level))) or 0
    return Todo(
        what=_("Stock de clés bas : %(product)s, %(left)s", product=level.product.name, left=_left(free)),
        who=level.product.name,
        url=url_for("key_stock.show"),
        button=_("Voir le stock"),
    )


waits(
    Kind(
        name="stock.low",
        label=_l("Stocks de clés bas"),
        cost=Cost.PEOPLE,
        permission=Permission.KEY_STOCK_READ,
        rows=_low,
        order=(StockLevel.id,),
        tell=_tell_low,
        everything=lambda: url_for("key_stock.show"),
        entry="key_stock.show",
    )
)


def _free_in_pool(pool_id: Any) -> Any:
    own = and_(PoolKey.pool_id == pool_id, PoolKey.state == PoolState.FREE)
    return select(func.count(PoolKey.id)).where(own)


def _low_pools() -> Select[tuple[KeyPool]]:
    free = _free_in_pool(KeyPool.id).correlate(KeyPool).scalar_subquery()
    return KeyPool.visible_to(g.actor).where(KeyPool.least > free).options(joinedload(KeyPool.product))


def _tell_low_pool(pool: KeyPool) -> Todo:
    free = db.session.scalar(_free_in_pool(pool.id)) or 0
    return Todo(
        what=_("Réserve de clés basse : %(product)s, %(left)s", product=pool.product.name, left=_left(free)),
        who=pool.product.name,
        url=url_for("key_pools.show", uid=pool.uid),
        button=_("Déposer des clés"),
    )


waits(
    Kind(
        name="pool.low",
        label=_l("Réserves de clés basses"),
        cost=Cost.PEOPLE,
        permission=Permission.KEY_POOL_READ,
        rows=_low_pools,
        order=(KeyPool.id,),
        tell=_tell_low_pool,
        everything=lambda: url_for("key_pools.list_pools"),
        entry="key_stock.show",
    )
)


def _waiting() -> Select[tuple[PoolWait]]:
    query = PoolWait.visible_to(g.actor).where(PoolWait.state == PoolWaitState.WAITING)
    return query.options(joinedload(PoolWait.order))


def _tell_waiting(wait: PoolWait) -> Todo:
    return Todo(
        what=_(
            "Payée, attend des clés de son éditeur : %(what)s",
            what=f"{wait.quantity} × {wait.order.product_name}",
        ),
        who=wait.order.customer.name,
        url=url_for("subscriptions.show_order", uid=wait.order.uid),
        button=_("Voir la commande"),
    )


waits(
    Kind(
        name="pool.waits",
        label=_l("Commandes payées qui attendent une clé"),
        cost=Cost.RIGHT,
        permission=Permission.KEY_STOCK_READ,
        rows=_waiting,
        order=(PoolWait.id,),
        tell=_tell_waiting,
        everything=lambda: url_for("subscriptions.list_orders"),
        entry="subscriptions.list_orders",
    )
)
