"""What an issuer has sold elsewhere to consumers of other member states: the yearly threshold counts it."""

from flask_babel import gettext as _
from sqlalchemy import BigInteger, ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.actor import Actor
from portal.db import Tenant, db
from portal.errors import Refused
from portal.journal import record
from portal.resellers.models import LegalEntity

FIRST_YEAR = 2021  # the threshold is common to all states since 1 July 2021


class SalesElsewhere(Tenant, db.Model):
    """Of one legal entity in one calendar year, in cents without VAT, as finance has entered it."""

    __tablename__ = "sales_elsewhere"
    __table_args__ = (UniqueConstraint("legal_entity_id", "year"),)

    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"))
    year: Mapped[int]
    net_cents: Mapped[int] = mapped_column(BigInteger)


def sales_elsewhere(entity: LegalEntity) -> list[SalesElsewhere]:
    """The latest year first."""
    query = select(SalesElsewhere).where(SalesElsewhere.legal_entity_id == entity.id)
    return list(db.session.scalars(query.order_by(SalesElsewhere.year.desc())))


def sold_elsewhere_cents(entity: LegalEntity, year: int) -> int:
    """Cents without VAT; 0 where nothing was entered.

    Source: 000-31; L3, CGI art. 259 D.
    """
    own = SalesElsewhere.legal_entity_id == entity.id, SalesElsewhere.year == year
    return db.session.scalar(select(SalesElsewhere.net_cents).where(*own)) or 0


def enter_sales_elsewhere(entity: LegalEntity, year: int, net_cents: int, *, by: Actor) -> bool:
    """Keep what was sold elsewhere in a calendar year, in place of what stood there; says whether it differs.

    Raises Refused for a year to come or before the threshold was common. What was invoiced stays as it is.

    Source: 000-31; L3, CGI art. 259 D.
    """
    if not FIRST_YEAR <= year <= clock.today().year:
        raise Refused(_("Une année entre %(first)d et celle en cours.", first=FIRST_YEAR), field="year")
    own = SalesElsewhere.legal_entity_id == entity.id, SalesElsewhere.year == year
    row = db.session.scalars(select(SalesElsewhere).where(*own).with_for_update()).one_or_none()
    before = row.net_cents if row else 0
    if row is None:
        row = SalesElsewhere(organisation=entity.organisation, legal_entity_id=entity.id, year=year)
        db.session.add(row)
    row.net_cents = net_cents
    if before != net_cents:
        record(entity, "sales_elsewhere", by=by, year=year, changed=[before, net_cents])
    return before != net_cents
