"""Force majeure makes orders of a fixed term longer, by the time without their resources."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from sqlalchemy import ForeignKey, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock, jobs
from portal.accounts.models import Organisation
from portal.answers.rules.periods import period_at
from portal.availability.models import Cause, Outage
from portal.availability.promises import running
from portal.customers.models import ContactRole
from portal.db import Tenant, db
from portal.deadlines import start_of_paris_day
from portal.engine.models import mail_contact
from portal.incidents.liability import extended_end
from portal.journal import SYSTEM
from portal.mail import queue_mail
from portal.panels import Panel
from portal.subscriptions.extending import extend_term
from portal.subscriptions.models import Subscription
from portal.subscriptions.panels import subscription_panel

EXTEND = "availability.extend"
Span = tuple[datetime, datetime]


class TermExtension(Tenant, db.Model):
    """One order that lasts longer through one outage: which hours counted, and its end before and after."""

    __tablename__ = "term_extension"
    __table_args__ = (UniqueConstraint("outage_id", "subscription_id"),)

    outage_id: Mapped[int] = mapped_column(ForeignKey("service_outage.id"), index=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"), index=True)
    minutes: Mapped[int]  # without those that another outage had counted already
    before_on: Mapped[date]
    after_on: Mapped[date]
    clause: Mapped[str] = mapped_column(String(40))

    outage: Mapped[Outage] = relationship()


def ask_to_extend(outage: Outage) -> None:
    """Once force majeure is over; nothing is asked for another cause, or while it lasts.

    Source: 003-37.
    """
    if outage.cause is Cause.FORCE_MAJEURE and outage.ends_at is not None:
        owner = db.session.get_one(Organisation, outage.organisation_id)
        jobs.enqueue(EXTEND, outage.uid, owner, unit="subscriptions")


def touched_by(outage: Outage) -> list[int]:
    """The numbers of the subscriptions that ran meanwhile, in order."""
    if outage.ends_at is None:
        return []
    first, last = clock.paris_day(outage.starts_at), clock.paris_day(outage.ends_at)
    query = running(outage.contract, first, last + timedelta(days=1))
    if outage.customer_id is not None:
        query = query.where(Subscription.customer_id == outage.customer_id)
    return list(db.session.scalars(query.with_only_columns(Subscription.id).order_by(Subscription.id)))


def uncounted(span: Span, counted: Iterable[Span]) -> list[Span]:
    """The parts of a time that no other one covers.

    Source: 003-37.
    """
    parts = [span]
    for first, last in counted:
        cut = [(a, min(b, first)) for a, b in parts] + [(max(a, last), b) for a, b in parts]
        parts = [(a, b) for a, b in cut if a < b]
    return sorted(parts)


def extend_for(subscription: Subscription, outage: Outage) -> TermExtension | None:
    """Extend one order, and write to its signatory; None where nothing is owed.

    A begun day is a whole one, to the customer's good. Nothing is owed on demand, by a contract that does
    not say so, for a contract that is over, and twice for the same outage or the same hour.

    Source: 003-37.
    """
    clause = subscription.present_terms.find("force_majeure.extends_fixed_term")
    on_demand = subscription.gb_month_cents is not None or subscription.plan.value == "on_demand"
    if clause is None or not clause.value or on_demand or subscription.is_over or outage.ends_at is None:
        return None
    known = extensions_of(subscription)
    if any(each.outage_id == outage.id for each in known):
        return None
    day = max(clock.paris_day(outage.starts_at), subscription.started_on)
    period = period_at(subscription.term_anchor(day), subscription.term_months, day)
    span = max(outage.starts_at, start_of_paris_day(period.starts_on)), outage.ends_at
    parts = uncounted(span, [(e.outage.starts_at, e.outage.ends_at) for e in known if e.outage.ends_at])
    end = extended_end(start_of_paris_day(period.ends_on), parts)
    if not parts:
        return None
    after = clock.paris_day(end - timedelta(microseconds=1)) + timedelta(days=1)
    longer = extend_term(subscription, day, after, by=SYSTEM)
    row = TermExtension(
        organisation=subscription.customer.organisation,
        outage_id=outage.id,
        subscription_id=subscription.id,
        minutes=int(sum((b - a for a, b in parts), timedelta()).total_seconds() // 60),
        before_on=longer.before_on,
        after_on=longer.after_on,
        clause=clause.clause,
    )
    db.session.add(row)
    _write(subscription, outage, row)
    return row


def _write(subscription: Subscription, outage: Outage, row: TermExtension) -> None:
    customer = subscription.customer
    queue_mail(
        mail_contact(customer, ContactRole.SIGNATORY),
        "availability/mail_extended.txt",
        about=subscription,
        owner=customer.organisation,
        language=customer.language,
        subscription=subscription,
        outage=outage,
        row=row,
    )


def extensions_of(subscription: Subscription) -> list[TermExtension]:
    """The oldest first."""
    query = select(TermExtension).where(TermExtension.subscription_id == subscription.id)
    return list(db.session.scalars(query.order_by(TermExtension.id)))


def extended_by(outage: Outage) -> int:
    """How many orders last longer through it."""
    query = select(func.count(TermExtension.id)).where(TermExtension.outage_id == outage.id)
    return db.session.scalar(query) or 0


@subscription_panel(rank=42)
def extension_panel(subscription: Subscription) -> Panel | None:
    rows = extensions_of(subscription)
    return Panel("availability/_extensions.html", {"rows": rows}) if rows else None
