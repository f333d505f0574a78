"""What is kept of services: outages, measures, and which days nothing is known of."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import JSON, ForeignKey, Index, Select, String, UniqueConstraint, or_, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.accounts.models import Organisation
from portal.actor import Actor
from portal.customers.models import Customer
from portal.db import Tenant, db
from portal.errors import Refused
from portal.journal import record
from portal.wording import N_


class Cause(StrEnum):
    INCIDENT = "incident"
    EMERGENCY = "emergency"  # critical flaw, mass attack: never counted (003-27)
    FORCE_MAJEURE = "force_majeure"  # not counted either, and orders of a fixed term last longer (003-37)


NEVER_COUNTED = (Cause.EMERGENCY, Cause.FORCE_MAJEURE)


class Outage(Tenant, db.Model):
    """Time without services of a contract: of one customer, and then her house's row, or of all."""

    __tablename__ = "service_outage"
    __table_args__ = (Index("ix_service_outage_contract", "contract", "starts_at", "id"),)
    seen_from_below: ClassVar[bool] = True  # customers read what happened to their services

    contract: Mapped[str] = mapped_column(String(40))  # a name in terms.shipped.CONTRACTS
    services: Mapped[list[str]] = mapped_column(JSON)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"), index=True)  # None: all
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None] = mapped_column(index=True)  # None while it lasts
    cause: Mapped[Cause]
    words: Mapped[str] = mapped_column(String(200))  # what customers and the public read
    withdrawn_at: Mapped[datetime | None]  # entered by mistake
    withdrawn_why: Mapped[str] = mapped_column(String(300), default="")

    customer: Mapped[Customer | None] = relationship()

    def end(self, at: datetime, *, by: Actor) -> None:
        """The services are back. Raises Refused before its start, and when that is known already."""
        if self.ends_at is not None or self.withdrawn_at is not None:
            raise Refused(N_("La fin de cette interruption est déjà connue."))
        check_span(self.starts_at, at)
        self.ends_at = at
        record(self, "end", by=by, at=at.isoformat())

    def withdraw(self, why: str, *, by: Actor) -> None:
        """It was entered by mistake and counts no more. Raises Refused without a reason."""
        if self.withdrawn_at is not None:
            raise Refused(N_("Cette interruption est déjà retirée."))
        if not why.strip():
            raise Refused(N_("Dites pourquoi cette interruption est retirée."), field="why")
        if self.cause is Cause.FORCE_MAJEURE and self.ends_at is not None:
            raise Refused(N_("Des commandes durent plus longtemps par elle : elle ne se retire plus."))
        self.withdrawn_at, self.withdrawn_why = clock.now(), why.strip()
        record(self, "withdraw", by=by, reason=self.withdrawn_why)


def check_span(starts_at: datetime, ends_at: datetime | None) -> None:
    """Raises Refused for an end that is not after the start, or that is still to come."""
    if ends_at is not None and ends_at <= starts_at:
        raise Refused(N_("La fin vient après le début."), field="ends_at")
    if starts_at > clock.now() or (ends_at is not None and ends_at > clock.now()):
        raise Refused(N_("Une interruption se saisit quand elle a eu lieu."), field="starts_at")


def enter_outage(
    owner: Organisation,
    contract: str,
    services: list[str],
    *,
    starts_at: datetime,
    ends_at: datetime | None,
    cause: Cause,
    words: str,
    customer: Customer | None = None,
    by: Actor,
) -> Outage:
    """Write an outage down. Raises Refused for a wrong span and without a service."""
    check_span(starts_at, ends_at)
    if not services:
        raise Refused(N_("Cochez au moins un service."), field="services")
    row = Outage(
        organisation=customer.organisation if customer else owner,
        contract=contract,
        services=services,
        customer_id=customer.id if customer else None,
        starts_at=starts_at,
        ends_at=ends_at,
        cause=cause,
        words=words,
        withdrawn_why="",
    )
    db.session.add(row)
    db.session.flush()
    record(row, "enter", by=by, services=", ".join(services))
    return row


def outages_of(contract: str, since: datetime, until: datetime, customer_id: int | None) -> list[Outage]:
    """Those of a contract that touch a time, of all customers and of that one; the oldest first."""
    mine = Outage.customer_id.is_(None)
    whose = mine if customer_id is None else or_(mine, Outage.customer_id == customer_id)
    query = outage_query(contract, since, until).where(whose)
    return list(db.session.scalars(query.order_by(Outage.starts_at, Outage.id)))


def outage_query(contract: str, since: datetime, until: datetime) -> Select[tuple[Outage]]:
    """Those of a contract that touch a time, whomever they are about."""
    return select(Outage).where(
        Outage.contract == contract,
        Outage.withdrawn_at.is_(None),
        Outage.starts_at < until,
        or_(Outage.ends_at.is_(None), Outage.ends_at > since),
    )


class Measure(Tenant, db.Model):
    """What a probe saw of one service in one Paris day, for all its customers."""

    __tablename__ = "service_measure"
    __table_args__ = (UniqueConstraint("contract", "service", "day"),)
    seen_from_below: ClassVar[bool] = True

    contract: Mapped[str] = mapped_column(String(40))
    service: Mapped[str] = mapped_column(String(40))
    day: Mapped[date]
    minutes_up: Mapped[int]
    minutes_measured: Mapped[int]


def measures_of(contract: str, first: date, before: date) -> list[Measure]:
    query = select(Measure).where(Measure.contract == contract, Measure.day >= first, Measure.day < before)
    return list(db.session.scalars(query.order_by(Measure.day)))


class Watched(Tenant, db.Model):
    """A service that a probe measures, with the first day of the last 62 of which nothing came."""

    __tablename__ = "watched_service"
    __table_args__ = (UniqueConstraint("contract", "service"),)

    contract: Mapped[str] = mapped_column(String(40))
    service: Mapped[str] = mapped_column(String(40))
    since: Mapped[date]  # its first measure
    missing_on: Mapped[date | None] = mapped_column(index=True)
    missing_days: Mapped[int] = mapped_column(default=0)


LOOKED_BACK = 62  # days


def look_for_gaps(owner: Organisation | None = None, services: Iterable[tuple[str, str]] = ()) -> None:
    """Keep for each measured service which days are missing; ``services``: those measured just now."""
    known = {(row.contract, row.service): row for row in db.session.scalars(select(Watched))}
    for contract, service in services:
        if (contract, service) not in known and owner is not None:
            row = Watched(organisation=owner, contract=contract, service=service, missing_days=0)
            row.since = clock.today()
            db.session.add(row)
            known[contract, service] = row
    today = clock.today()
    from_ = today - timedelta(days=LOOKED_BACK)
    for (contract, service), row in known.items():
        seen = {each.day for each in measures_of(contract, from_, today) if each.service == service}
        row.since = min([row.since, *seen])
        days = [from_ + timedelta(days=n) for n in range(LOOKED_BACK)]
        missing = [day for day in days if day >= row.since and day not in seen]
        row.missing_on, row.missing_days = (missing[0] if missing else None), len(missing)


class StatusPage(Tenant, db.Model):
    """Whether a house shows a public page of its services."""

    __tablename__ = "status_page"
    __table_args__ = (UniqueConstraint("organisation_id"),)
    seen_from_below: ClassVar[bool] = True

    is_on: Mapped[bool]
    contracts: Mapped[list[str]] = mapped_column(JSON)  # whose services it shows

    @classmethod
    def of(cls, organisation: Any) -> "StatusPage | None":
        query = select(cls).where(cls.organisation_id == organisation.id)
        return db.session.scalars(query).one_or_none()


def set_status_page(organisation: Organisation, *, is_on: bool, contracts: list[str], by: Actor) -> None:
    """Raises Refused for a page that would show nothing."""
    if is_on and not contracts:
        raise Refused(N_("Cochez au moins un contrat à montrer."), field="contracts")
    row = StatusPage.of(organisation)
    if row is None:
        row = StatusPage(organisation=organisation, is_on=False, contracts=[])
        db.session.add(row)
    row.is_on, row.contracts = is_on, contracts
    db.session.flush()
    record(row, "set", by=by, shown=str(is_on))
