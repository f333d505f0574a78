"""Keys that a reseller holds in advance: until they are assigned no machine knows them."""

from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, String, UniqueConstraint, and_, func, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.actor import Actor
from portal.catalogue.models import Product
from portal.crypto.secrets import Sealed
from portal.db import Tenant, db
from portal.licensing.codes import make_code, mask, parse
from portal.licensing.lots import KeyLot
from portal.stateful import Stateful, step


class StockState(StrEnum):
    FREE = "stock_free"
    RESERVED = "stock_reserved"  # for an order that waits for its payment or mandate
    ASSIGNED = "stock_assigned"  # it is a customer's key now


S = StockState


class StockKey(Tenant, Stateful, db.Model):
    """A key of the stock. Its code becomes an activation key's when it is assigned, and is drawn anew when it
    comes back: whom it was assigned to has read it.
    """

    __tablename__ = "stock_key"
    __table_args__ = (UniqueConstraint("lot_id", "place"),)

    steps: ClassVar[Any] = {
        "reserve": step(S.FREE, to=S.RESERVED),
        "let_go": step(S.RESERVED, to=S.FREE),
        "assign": step(S.FREE, S.RESERVED, to=S.ASSIGNED),
        "give_back": step(S.ASSIGNED, to=S.FREE),
    }

    lot_id: Mapped[int] = mapped_column(ForeignKey("key_lot.id"))
    place: Mapped[int]  # in its lot, from 1
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    seats: Mapped[int]
    code_sealed: Mapped[str] = mapped_column(String(200))
    code_index: Mapped[str] = mapped_column(String(32), unique=True)
    code = Sealed(indexed=True)
    state: Mapped[StockState] = mapped_column(index=True)
    order_uid: Mapped[str] = mapped_column(String(16), default="", index=True)  # that it serves
    key_uid: Mapped[str] = mapped_column(
        String(16), default="", index=True
    )  # the activation key that it became

    lot: Mapped[KeyLot] = relationship()
    product: Mapped[Product] = relationship()

    @property
    def masked(self) -> str:
        return mask(parse(self.code))

    def reserve(self, order_uid: str, *, by: Actor) -> None:
        self._take("reserve", by=by)
        self.order_uid = order_uid

    def let_go(self, *, by: Actor) -> None:
        """Its order will not be delivered."""
        self._take("let_go", by=by)
        self.order_uid = ""

    def assign(self, order_uid: str, key_uid: str, *, by: Actor) -> None:
        self._take("assign", by=by)
        self.order_uid, self.key_uid = order_uid, key_uid

    def give_back(self, *, by: Actor) -> None:
        """Free again, with a code that nobody has read."""
        self._take("give_back", by=by)
        self.order_uid = self.key_uid = ""
        self.code = make_code(self.product.key_product).text


class StockLevel(Tenant, db.Model):
    """How few free keys of an offer a reseller wants to be told of."""

    __tablename__ = "stock_level"
    __table_args__ = (UniqueConstraint("organisation_id", "product_id"),)

    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    least: Mapped[int]  # told of below; 0: never

    product: Mapped[Product] = relationship()


def free_keys_of(level: Any = StockLevel) -> Any:
    """SQL: how many free keys there are of the offer and the house of a level."""
    own = and_(
        StockKey.organisation_id == level.organisation_id,
        StockKey.product_id == level.product_id,
        StockKey.state == S.FREE,
    )
    return select(func.count(StockKey.id)).where(own).scalar_subquery()
