"""Renewal reminders for customers who are not in business, and the exit that a missed one opens."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock, jobs
from portal.customers.models import ContactRole, Customer, CustomerKind
from portal.db import Tenant, db
from portal.mail import Mail, queue_mail
from portal.subscriptions.models import Subscription, SubscriptionState
from portal.subscriptions.rules.notices import (
    ReminderWindow,
    last_notice_day,
    may_leave_freely,
    reminder_window,
)
from portal.subscriptions.rules.periods import Period, period_at
from portal.terms.law import Applied, applied

_REMINDED = (CustomerKind.CONSUMER, CustomerKind.NON_PROFESSIONAL)


class RenewalReminder(Tenant, db.Model):
    """One reminder (avis d'échéance) of one renewal: to whom, in which mail."""

    __tablename__ = "renewal_reminder"
    __table_args__ = (UniqueConstraint("subscription_id", "renews_on"),)

    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"))
    renews_on: Mapped[date]
    recipient: Mapped[str] = mapped_column(String(254))
    mail_uid: Mapped[str] = mapped_column(String(16))

    @property
    def sent_at(self) -> datetime | None:
        """When the reminder left; None as long as it has not."""
        return db.session.scalar(select(Mail.sent_at).where(Mail.uid == self.mail_uid))


def _edges(subscription: Subscription, on: date) -> tuple[Applied, Applied]:
    kind = subscription.customer.kind.value
    keys = ("renewal.reminder_from_months", "renewal.reminder_to_months")
    first, last = (applied(subscription.terms.on(on), key, on=on, customer=kind) for key in keys)
    return first, last


def window_of(subscription: Subscription, period: Period) -> ReminderWindow | None:
    """When the customer must be reminded that this period is about to renew; None where no law says so.

    Source: L2 (C. conso L215-1), over 000-14, 001-13.
    """
    terms, plan = subscription.terms.on(period.starts_on), subscription.plan.value
    first, last = _edges(subscription, period.starts_on)
    if first.law is None or last.law is None or subscription.term_months <= first.value:
        return None
    notice = {
        "months": terms.number(f"plan.{plan}.notice_months"),
        "days": terms.number(f"plan.{plan}.notice_days"),
    }
    if not any(notice.values()):
        return None
    return reminder_window(last_notice_day(period.ends_on, **notice), first.value, last.value)


def missed_reminder(subscription: Subscription, on: date) -> Applied | None:
    """The law that lets the customer go at once, when the last renewal came without its reminder; else None.

    Source: L2 (C. conso L215-1, L215-3).
    """
    current = period_at(subscription.started_on, subscription.term_months, on)
    if current.index == 0:
        return None
    eve = current.starts_on - timedelta(days=1)
    renewed = period_at(subscription.started_on, subscription.term_months, eve)
    window = window_of(subscription, renewed)
    if window is None:
        return None
    reminder = reminder_of(subscription, current.starts_on)
    sent = reminder.sent_at if reminder is not None else None
    told_on = clock.paris_day(sent) if sent is not None else None
    if not may_leave_freely(told_on, window, current.starts_on, on):
        return None
    return _edges(subscription, on)[1]


def reminder_of(subscription: Subscription, renews_on: date) -> RenewalReminder | None:
    query = select(RenewalReminder).where(RenewalReminder.subscription_id == subscription.id)
    return db.session.scalars(query.where(RenewalReminder.renews_on == renews_on)).one_or_none()


def remind(subscription: Subscription, on: date) -> RenewalReminder | None:
    """Send the reminder of the present period when its window is open and it has not been sent."""
    period = period_at(subscription.started_on, subscription.term_months, on)
    window = window_of(subscription, period)
    if window is None or not window.opens_on <= on <= window.closes_on:
        return None
    if reminder_of(subscription, period.ends_on) is not None:
        return None
    customer = subscription.customer
    contact = customer.contact(ContactRole.SIGNATORY)
    last_day = last_notice_day(
        period.ends_on,
        months=subscription.terms.number(f"plan.{subscription.plan.value}.notice_months"),
        days=subscription.terms.number(f"plan.{subscription.plan.value}.notice_days"),
    )
    mail = queue_mail(
        contact.email,
        "subscriptions/mail_renewal.txt",
        about=subscription,
        owner=customer.organisation,
        language=customer.language,
        subscription=subscription,
        renews_on=period.ends_on,
        last_day=last_day,
    )
    reminder = RenewalReminder(
        organisation=customer.organisation,
        subscription_id=subscription.id,
        renews_on=period.ends_on,
        recipient=contact.email,
        mail_uid=mail.uid,
    )
    db.session.add(reminder)
    return reminder


@jobs.periodic("subscriptions.reminders", lambda: clock.today().isoformat())
def send_reminders() -> None:
    """Every day: remind whoever's window is open."""
    query: Any = select(Subscription).join(Customer, Customer.id == Subscription.customer_id)
    query = query.where(Customer.kind.in_(_REMINDED), Subscription.state == SubscriptionState.ACTIVE)
    for subscription in db.session.scalars(query.order_by(Subscription.id)):
        remind(subscription, clock.today())
