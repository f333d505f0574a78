"""The price grid of a house for work beside the plan: each price from a day on."""

from datetime import date
from enum import StrEnum
from typing import ClassVar

from flask_babel import gettext as _
from sqlalchemy import BigInteger, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.accounts.models import Organisation
from portal.actor import Actor
from portal.customers.models import Customer
from portal.db import Tenant, db
from portal.errors import Refused


class Item(StrEnum):
    SIMPLE = "simple_restore"  # one file, whatever it takes
    LABOUR = "labour"  # an hour
    RELOAD = "reload"  # an hour, on a new system
    PARTS = "parts"
    MEDIUM = "medium"  # a physical one, with its sending
    TRAVEL = "travel"
    DRILLS = "drills"  # the yearly tests of a vault, a year


BY_THE_HOUR = (Item.LABOUR, Item.RELOAD)


class WorkPrice(Tenant, db.Model):
    """A price of one house, net of VAT, from a day on."""

    __tablename__ = "work_price"
    __table_args__ = (UniqueConstraint("organisation_id", "item", "effective_on"),)
    seen_from_below: ClassVar[bool] = True

    item: Mapped[Item]
    cents: Mapped[int] = mapped_column(BigInteger)
    effective_on: Mapped[date]
    decided_by: Mapped[str] = mapped_column(String(200))


def set_price(house: Organisation, item: Item, cents: int, effective_on: date, *, by: Actor) -> WorkPrice:
    """Raises Refused for a day that is over: work may have been billed at its price, and for one twice."""
    if effective_on < clock.today():
        raise Refused(_("Un prix ne change pas pour un jour passé."), field="effective_on")
    known = select(WorkPrice).where(WorkPrice.organisation_id == house.id, WorkPrice.item == item)
    if db.session.scalars(known.where(WorkPrice.effective_on == effective_on)).one_or_none():
        raise Refused(_("Ce prix a déjà une valeur à partir de ce jour."), field="effective_on")
    row = WorkPrice(
        organisation=house, item=item, cents=cents, effective_on=effective_on, decided_by=by.label
    )
    db.session.add(row)
    return row


def price_of(item: Item, customer: Customer, day: date) -> int | None:
    """The price, in cents net of VAT, of the house nearest to the customer that has one on that day (Paris).

    Source: 002-12, 004-11.
    """
    query = select(WorkPrice).where(WorkPrice.item == item, WorkPrice.effective_on <= day)
    above = [row for row in db.session.scalars(query) if customer.org_path.startswith(row.org_path)]
    nearest = max(above, key=lambda row: (len(row.org_path), row.effective_on), default=None)
    return nearest.cents if nearest else None
