"""The address of a house or a customer that is called each hour, and what it last answered."""

from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import String, Text, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.accounts.models import Organisation
from portal.actor import Actor
from portal.backups.health import MAY_BE_LATE, Health
from portal.backups.models import Machine
from portal.crypto.secrets import Sealed
from portal.db import Tenant, db
from portal.journal import record
from portal.public_places import checked_address

_STANDING = (Health.DAMAGED, Health.FAILED, Health.LOCKED, Health.ANOMALOUS)


class HealthCheck(Tenant, db.Model):
    """One of each organisation. Whoever has the address could say that all is well: it is not shown again."""

    __tablename__ = "health_check"

    address_sealed: Mapped[str | None] = mapped_column(Text)
    address = Sealed()
    host: Mapped[str] = mapped_column(String(255))
    called_at: Mapped[datetime | None]
    was_well: Mapped[bool | None]  # what was said then
    answer: Mapped[str] = mapped_column(String(80))  # the status of HTTP, or the kind of error

    @property
    def label(self) -> str:
        return self.host


def check_of(organisation: Organisation) -> HealthCheck | None:
    query = select(HealthCheck).where(HealthCheck.organisation_id == organisation.id)
    return db.session.scalars(query).one_or_none()


def keep_check(organisation: Organisation, typed: str, *, by: Actor) -> HealthCheck:
    """Raises Refused for what is no https address of the public internet."""
    address = checked_address(typed)
    row = check_of(organisation)
    if row is None:
        row = HealthCheck(organisation=organisation, host="", answer="")
        db.session.add(row)
    row.address, row.host = address, urlsplit(address).hostname or ""
    row.called_at = row.was_well = None
    row.answer = ""
    record(organisation, "keep_health_check", by=by, host=row.host)
    return row


def drop_check(row: HealthCheck, organisation: Organisation, *, by: Actor) -> None:
    record(organisation, "drop_health_check", by=by, host=row.host)
    db.session.delete(row)


def is_well(path: str) -> bool | None:
    """No machine below this path is silent, and no last run failed; None where none is watched.

    path: of an organisation.
    """
    seen = Machine.visible_below(path).where(Machine.is_watched).with_only_columns(Machine.id)
    if db.session.scalar(select(seen.exists())) is not True:
        return None
    late = Machine.standing.in_(MAY_BE_LATE) & (Machine.due_by < clock.now())
    bad = seen.where(or_(Machine.standing.in_(_STANDING), late))
    return db.session.scalar(select(bad.exists())) is not True
