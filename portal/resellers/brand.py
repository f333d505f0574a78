"""What a reseller's customers see of it: its name and whom they ask. Who has none shows what is above."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from sqlalchemy import String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from portal.accounts.models import Organisation
from portal.actor import Actor
from portal.db import EVERYTHING, Tenant, db, scope
from portal.journal import record
from portal.resellers.models import lineage


class Brand(Tenant, db.Model):
    """What one organisation has chosen; "" is what stands above it."""

    __tablename__ = "brand"
    __table_args__ = (UniqueConstraint("organisation_id"),)
    seen_from_below: ClassVar[bool] = True  # customers see whose portal it is

    support_email: Mapped[str] = mapped_column(String(254), default="")
    support_phone: Mapped[str] = mapped_column(String(30), default="")
    support_hours: Mapped[str] = mapped_column(String(140), default="")  # as the reseller says them

    organisation: Mapped[Organisation] = relationship(foreign_keys="Brand.organisation_id")

    @classmethod
    def of(cls, organisation: Any) -> Self | None:
        query = select(cls).where(cls.organisation_id == organisation.id)
        return db.session.scalars(query.limit(1)).one_or_none()


@dataclass(frozen=True, slots=True)
class Support:
    """Whom a customer asks: the reseller's name, its address, number and hours; "" for what is not known."""

    name: str = ""
    email: str = ""
    phone: str = ""
    hours: str = ""

    @property
    def ways(self) -> str:
        """Address, number and hours in one line."""
        return ", ".join(filter(None, (self.email, self.phone, self.hours)))


SUPPORT = ("support_email", "support_phone", "support_hours")


def brand_of(organisation: Organisation) -> Brand:
    """Its own, made where there is none."""
    found = Brand.of(organisation)
    if found is None:
        found = Brand(organisation=organisation, **dict.fromkeys(SUPPORT, ""))
        db.session.add(found)
        db.session.flush()
    return found


def set_support(organisation: Organisation, values: dict[str, str], *, by: Actor) -> bool:
    """values: of :data:`SUPPORT`. Says whether anything changed."""
    brand = brand_of(organisation)
    changed = [name for name in SUPPORT if getattr(brand, name) != values[name]]
    for name in changed:
        setattr(brand, name, values[name])
    if changed:
        record(brand, "set_support", by=by, changed=changed)
    return bool(changed)


def brands_above(paths: Sequence[str]) -> dict[str, list[Brand]]:
    """For each path: the brands of that node and of all above it, the nearest first, whoever asks."""
    lines = {path: lineage(path) for path in paths}
    with scope(EVERYTHING):
        query = select(Brand).where(
            Brand.org_path.in_(sorted({each for line in lines.values() for each in line}))
        )
        known = {
            row.org_path: row for row in db.session.scalars(query.options(joinedload(Brand.organisation)))
        }
    return {path: [known[each] for each in line if each in known] for path, line in lines.items()}


def support_for(path: str) -> Support:
    """The nearest at or above a node that says where it can be reached; empty where none does."""
    return supports_for([path])[path]


def supports_for(paths: Sequence[str]) -> dict[str, Support]:
    found = dict.fromkeys(paths, Support())
    for path, brands in brands_above(paths).items():
        for brand in brands:
            if brand.support_email or brand.support_phone:
                name = brand.organisation.name
                found[path] = Support(name, brand.support_email, brand.support_phone, brand.support_hours)
                break
    return found
