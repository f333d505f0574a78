"""Orders that are delivered with another vendor's keys: taken from the pool, or waited for in turn."""

from datetime import date
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.actor import Actor
from portal.db import EVERYTHING, Tenant, db, scope
from portal.journal import SYSTEM, record
from portal.licensing.models import ActivationKey
from portal.licensing.pools import KeyPool, PoolKey, free_of, lock_pool
from portal.stateful import Stateful, step
from portal.subscriptions.models import Order, Subscription, SubscriptionState, subscription_moved


class PoolWaitState(StrEnum):
    WAITING = "pool_waiting"
    SERVED = "pool_served"
    DROPPED = "pool_dropped"  # withdrawn from, or ended, before a key came


W = PoolWaitState


class PoolWait(Tenant, Stateful, db.Model):
    """A paid order that waits for keys of a pool; whoever waits longest comes first."""

    __tablename__ = "pool_wait"

    steps: ClassVar[Any] = {"serve": step(W.WAITING, to=W.SERVED), "drop": step(W.WAITING, to=W.DROPPED)}

    pool_id: Mapped[int] = mapped_column(ForeignKey("key_pool.id"), index=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("customer_order.id"), index=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"), index=True)
    quantity: Mapped[int]  # keys
    state: Mapped[PoolWaitState] = mapped_column(index=True)

    order: Mapped[Order] = relationship()
    subscription: Mapped[Subscription] = relationship()

    def serve(self, *, by: Actor) -> None:
        self._take("serve", by=by)

    def drop(self, *, by: Actor) -> None:
        self._take("drop", by=by)


def waiting_in(pool_id: int) -> Any:
    """The orders that wait for a pool, the oldest first."""
    query = select(PoolWait).where(PoolWait.pool_id == pool_id, PoolWait.state == W.WAITING)
    return query.order_by(PoolWait.id)


def pool_wait_of(order_uid: str) -> PoolWait | None:
    """Of an order that waits now."""
    query = select(PoolWait).join(PoolWait.order).where(Order.uid == order_uid)
    return db.session.scalars(query.where(PoolWait.state == W.WAITING)).first()


def keys_or_wait(
    pool: KeyPool, order: Order, subscription: Subscription, count: int, through: date, *, by: Actor
) -> list[ActivationKey]:
    """So many keys of the pool, all of them in the present transaction; none, and a place in the queue, where
    there are fewer or others wait already.

    through: last day of the first paid period (Paris).

    Source: 000-04, 000-10.
    """
    with scope(EVERYTHING):
        locked = lock_pool(pool)
        rows = free_of(locked, count)
        if len(rows) == count and db.session.scalars(waiting_in(pool.id)).first() is None:
            keys = [_give(row, order, through, by=by) for row in rows]
            db.session.flush()
            return keys
        wait = PoolWait(
            organisation=order.customer.organisation,
            pool_id=pool.id,
            order_id=order.id,
            subscription_id=subscription.id,
            quantity=count,
            state=W.WAITING,
        )
        db.session.add(wait)
        db.session.flush()
        record(order, "wait_for_pool", by=by, count=count)
    return []


def _give(row: PoolKey, order: Order, through: date, *, by: Actor) -> ActivationKey:
    key = ActivationKey(
        organisation=order.customer.organisation,
        customer_id=order.customer_id,
        source_uid=order.uid,
        product=order.product_name,
        seats=1,
        seats_used=0,
        valid_through=through,
        origin=f"pool:{row.uid}",
    )
    key.code = row.code
    db.session.add(key)
    record(key, "from_pool", by=by)
    row.give(key, by=by)
    return key


def serve(wait: PoolWait, rows: list[PoolKey], through: date, *, by: Actor) -> list[ActivationKey]:
    """The keys of an order that waited; the caller holds the pool.

    Source: 000-10.
    """
    keys = [_give(row, wait.order, through, by=by) for row in rows]
    wait.serve(by=by)
    return keys


@subscription_moved.connect
def drop_what_is_over(subscription: Subscription, **_more: Any) -> None:
    """Withdrawn from: its keys never come."""
    if subscription.state == SubscriptionState.WITHDRAWN:
        wait = pool_wait_of(subscription.order_uid)
        if wait is not None:
            wait.drop(by=SYSTEM)
