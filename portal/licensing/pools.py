"""Pools of another vendor's keys (réserve): brought in by file, given one by one, never twice."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.accounts.models import Organisation
from portal.actor import Actor
from portal.catalogue.models import Product
from portal.crypto.secrets import Sealed
from portal.db import EVERYTHING, Tenant, db, scope
from portal.journal import record
from portal.licensing.codes import mask_foreign
from portal.licensing.models import ActivationKey, key_revoked
from portal.paging import chunk_of


class PoolState(StrEnum):
    FREE = "pool_free"
    GIVEN = "pool_given"
    WITHDRAWN = "pool_withdrawn"  # refunded or ended: never given again


P = PoolState


class KeyPool(Tenant, db.Model):
    """An offer that is delivered with another vendor's keys. Whoever takes some locks this row."""

    __tablename__ = "key_pool"

    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), unique=True)
    least: Mapped[int] = mapped_column(default=0)  # told of below so many free keys; 0: never

    organisation: Mapped[Organisation] = relationship()
    product: Mapped[Product] = relationship()


class PoolKey(Tenant, db.Model):
    """Another vendor's key: sealed like ours, with the mark of its pool."""

    __tablename__ = "pool_key"
    __table_args__ = (Index("ix_pool_key_free", "pool_id", "state", "id"),)

    pool_id: Mapped[int] = mapped_column(ForeignKey("key_pool.id"))
    code_sealed: Mapped[str] = mapped_column(String(200))
    code_index: Mapped[str] = mapped_column(String(32), unique=True)
    code = Sealed(indexed=True)
    state: Mapped[PoolState] = mapped_column()
    key_uid: Mapped[str] = mapped_column(String(16), default="", index=True)  # the key of its customer
    given_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]

    @property
    def masked(self) -> str:
        return mask_foreign(self.code)

    def give(self, key: ActivationKey, *, by: Actor) -> None:
        """It is a customer's from now on."""
        self.state, self.key_uid, self.given_at = P.GIVEN, key.uid, clock.now()
        record(self, "give", by=by)

    def withdraw(self, *, by: Actor) -> None:
        self.state, self.withdrawn_at = P.WITHDRAWN, clock.now()
        record(self, "withdraw", by=by)


def pool_of(product: Product) -> KeyPool | None:
    """The pool that an offer is delivered from, if it has one; whoever asks."""
    with scope(EVERYTHING):
        return db.session.scalars(select(KeyPool).where(KeyPool.product_id == product.id)).one_or_none()


def lock_pool(pool: KeyPool) -> KeyPool:
    """From here to the commit nobody else takes a key of this pool, or waits for one."""
    query = select(KeyPool).where(KeyPool.id == pool.id).with_for_update()
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


def free_of(pool: KeyPool, count: int) -> list[PoolKey]:
    """The oldest free keys, so many at most; the caller holds the pool."""
    query = select(PoolKey).where(PoolKey.pool_id == pool.id, PoolKey.state == P.FREE)
    return chunk_of(query.order_by(PoolKey.id).with_for_update(), count)


@key_revoked.connect
def withdraw_given(key: ActivationKey, *, by: Actor) -> None:
    """The customer's key stops for good: it is marked, and never given again."""
    if key.is_foreign:
        with scope(EVERYTHING):
            query = select(PoolKey).where(PoolKey.key_uid == key.uid, PoolKey.state == P.GIVEN)
            for row in db.session.scalars(query):
                row.withdraw(by=by)
            db.session.flush()
