"""Keys issued in number (lot): for a reseller's stock, or as so many keys of one contract."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from flask_babel import gettext as _
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.actor import Actor
from portal.catalogue.models import Product
from portal.customers.models import Customer
from portal.db import Tenant, db
from portal.errors import Refused
from portal.stateful import Stateful, step

MOST = 10_000  # keys of one lot
MOST_SEATS = 1_000  # of one key


class LotState(StrEnum):
    WORKING = "lot_working"
    DONE = "lot_done"
    STOPPED = "lot_stopped"  # the rest may not be issued any more, ``problem`` says why


L = LotState


class KeyLot(Tenant, Stateful, db.Model):
    """So many keys of one offer, issued in steps. Without a contract they go into a reseller's stock."""

    __tablename__ = "key_lot"

    steps: ClassVar[Any] = {"finish": step(L.WORKING, to=L.DONE), "stop": step(L.WORKING, to=L.STOPPED)}

    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"), index=True)
    subscription_uid: Mapped[str] = mapped_column(String(16), default="", index=True)  # "": a stock
    number: Mapped[int]  # keys that were asked for
    seats: Mapped[int]  # of each
    issued: Mapped[int] = mapped_column(default=0)
    state: Mapped[LotState] = mapped_column(index=True)
    problem: Mapped[str] = mapped_column(String(300), default="")
    finished_at: Mapped[datetime | None]

    product: Mapped[Product] = relationship()
    customer: Mapped[Customer | None] = relationship()

    @property
    def origin(self) -> str:
        """What its keys say of where they come from."""
        return f"lot:{self.uid}"

    def finish(self, *, by: Actor) -> None:
        self._take("finish", by=by, count=self.issued)
        self.finished_at = clock.now()

    def stop(self, problem: str, *, by: Actor) -> None:
        """What is issued stays; the rest never comes."""
        self._take("stop", by=by, count=self.issued, reason=problem)
        self.finished_at, self.problem = clock.now(), problem[:300]


def check_number(number: int, seats: int) -> None:
    """Raises Refused beside the field for a lot beyond the limits."""
    if not 1 <= number <= MOST:
        raise Refused(_("Entre 1 et %(most)d clés à la fois.", most=MOST), field="number")
    if not 1 <= seats <= MOST_SEATS:
        raise Refused(_("Entre 1 et %(most)d postes par clé.", most=MOST_SEATS), field="seats")
