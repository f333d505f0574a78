"""What a customer says of a month herself: reservations (réserves) and claims, in time or late."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, String, Text, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.actor import Actor
from portal.customers.models import Customer
from portal.db import Tenant, db
from portal.deadlines import end_of_month
from portal.errors import Refused
from portal.incidents.claims import (
    check_credit_claim,
    check_reservation,
    credit_claim_until,
    reservation_until,
)
from portal.journal import record
from portal.subscriptions.models import Subscription
from portal.terms.stack import Stack
from portal.wording import N_

LATE_RESERVATION = N_("La réserve arrive après le délai : le service est accepté définitivement.")
LATE_CLAIM = N_("Le délai pour réclamer les pénalités est passé.")


class ClaimKind(StrEnum):
    RESERVATION = "reservation"
    CLAIM = "claim"


class ServiceClaim(Tenant, db.Model):
    """One notification of a customer about her services. late: why it came too late, "" where in time."""

    __tablename__ = "service_claim"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"), index=True)
    kind: Mapped[ClaimKind]
    services: Mapped[list[str]] = mapped_column(JSON)
    month: Mapped[date] = mapped_column(index=True)  # its first day
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    words: Mapped[str] = mapped_column(Text)  # the evidence of a reservation, the calculation of a claim
    told_at: Mapped[datetime]
    told_by: Mapped[str] = mapped_column(String(254))
    late: Mapped[str] = mapped_column(String(300), default="")
    clause: Mapped[str] = mapped_column(String(40), default="")
    seen_at: Mapped[datetime | None]  # somebody of the provider has looked at it

    customer: Mapped[Customer] = relationship()
    subscription: Mapped[Subscription] = relationship()

    @property
    def number(self) -> str:
        """The reference that a claim of penalties names."""
        return f"R-{self.uid[:8].upper()}"


@dataclass(frozen=True, slots=True)
class Told:
    """What was typed. told_at: when it reached the provider, for what came on paper or by mail before."""

    kind: ClaimKind
    services: list[str]
    starts_at: datetime | None
    ends_at: datetime | None
    month: date
    words: str
    told_at: datetime


def notify(subscription: Subscription, told: Told, *, by: Actor) -> ServiceClaim:
    """Keep what a customer says, in time or late; what is not documented is refused.

    Raises Refused for a contract without penalties, an instant to come, and what is not documented.

    Source: 003-13, 003-28, 003-29.
    """
    stack = subscription.terms
    key = "reception.reservation_hours" if told.kind is ClaimKind.RESERVATION else "sla.claim_days"
    value = stack.find(key)
    if value is None:
        raise Refused(N_("Ce contrat ne prévoit ni réserve ni pénalité."))
    if told.told_at > clock.now():
        raise Refused(N_("Ce jour n'est pas encore venu."), field="told_at")
    late = _late(subscription, stack, told)
    row = ServiceClaim(
        organisation=subscription.customer.organisation,
        customer_id=subscription.customer_id,
        subscription_id=subscription.id,
        kind=told.kind,
        services=told.services,
        month=told.month,
        starts_at=told.starts_at,
        ends_at=told.ends_at,
        words=told.words,
        told_at=told.told_at,
        told_by=by.label,
        late=late,
        clause=value.clause,
    )
    db.session.add(row)
    db.session.flush()
    record(subscription, told.kind.value, by=by, number=row.number, late=bool(late))
    return row


def _late(subscription: Subscription, stack: Stack, told: Told) -> str:
    """The rule's own sentence where it came too late; "" in time. What lacks something raises Refused."""
    if told.kind is ClaimKind.RESERVATION:
        hours = stack.number("reception.reservation_hours")
        ends_at = told.ends_at
        in_time = ends_at is not None and told.told_at <= reservation_until(ends_at, hours)
        at = told.told_at if in_time or ends_at is None else ends_at
        check_reservation(told.starts_at, ends_at, told.words, at, hours)  # complete?
        if ends_at is not None and ends_at > clock.now():
            raise Refused(N_("La période n'est pas finie."), field="ends_at")
        return (
            "" if in_time else N_("La réserve arrive après le délai : le service est accepté définitivement.")
        )
    last, days = end_of_month(told.month), stack.number("sla.claim_days")
    in_time = clock.paris_day(told.told_at) <= credit_claim_until(last, days)
    numbers = [each.number for each in reservations_of(subscription, told.month)]
    check_credit_claim(last, last, days, calculation=told.words, reservations=numbers)  # complete?
    return "" if in_time else LATE_CLAIM


def see_claims(subscription: Subscription, month: date, *, by: Actor) -> None:
    """Somebody has looked at what the customer said of a month. Raises Refused where nothing is new."""
    new = [each for each in claims_of(subscription, month) if each.seen_at is None]
    if not new:
        raise Refused(N_("Tout a déjà été vu."))
    for each in new:
        each.seen_at = clock.now()
    record(subscription, "see_claims", by=by, month=f"{month:%Y-%m}")


def claims_of(subscription: Subscription, month: date) -> list[ServiceClaim]:
    query = select(ServiceClaim).where(
        ServiceClaim.subscription_id == subscription.id, ServiceClaim.month == month
    )
    return list(db.session.scalars(query.order_by(ServiceClaim.id)))


def reservations_of(subscription: Subscription, month: date) -> list[ServiceClaim]:
    """Those that came in time; late ones count as withdrawn.

    Source: 003-13.
    """
    found = claims_of(subscription, month)
    return [each for each in found if each.kind is ClaimKind.RESERVATION and not each.late]


def is_claimed(subscription: Subscription, month: date) -> bool:
    """Has she claimed the penalties of a month herself, in time?

    Source: 003-29.
    """
    found = claims_of(subscription, month)
    return any(each.kind is ClaimKind.CLAIM and not each.late for each in found)
