"""Renewal reminders for customers who are not in business, on the days that the engine gives."""

from datetime import date
from typing import Any

from sqlalchemy import select

from portal import clock, jobs
from portal.answers.run import answer
from portal.customers.models import ContactRole, Customer, CustomerKind
from portal.db import db
from portal.mail import queue_mail
from portal.subscriptions.case import bare_case
from portal.subscriptions.models import GOING_ON, Subscription
from portal.subscriptions.reminded import RenewalReminder, reminder_of

_REMINDED = (CustomerKind.CONSUMER, CustomerKind.NON_PROFESSIONAL)


def remind(subscription: Subscription, on: date) -> RenewalReminder | None:
    """Send the reminder of the present period when its window is open and it has not been sent.

    Source: L2 (C. conso L215-1), over 000-14, 001-13.
    """
    told = answer(bare_case(subscription, as_of=on))
    opens, closes = told.find("reminder_opens"), told.find("reminder_closes")
    renewal, last_day = told.find("renewal"), told.find("last_notice_day")
    if opens is None or closes is None or renewal is None or last_day is None:
        return None
    if not opens.on <= on <= closes.on or reminder_of(subscription, renewal.on) is not None:
        return None
    customer = subscription.customer
    contact = customer.contact(ContactRole.SIGNATORY)
    mail = queue_mail(
        contact,
        "subscriptions/mail_renewal.txt",
        about=subscription,
        owner=customer.organisation,
        language=customer.language,
        subscription=subscription,
        renews_on=renewal.on,
        last_day=last_day.on,
    )
    reminder = RenewalReminder(
        organisation=customer.organisation,
        subscription_id=subscription.id,
        renews_on=renewal.on,
        recipient=contact.email,
        mail_uid=mail.uid,
    )
    db.session.add(reminder)
    return reminder


@jobs.periodic("subscriptions.reminders", lambda: clock.today().isoformat())
def send_reminders() -> None:
    """Every day: remind whoever's window is open. It has closed once the last day to give notice is over."""
    query: Any = select(Subscription).join(Customer, Customer.id == Subscription.customer_id)
    query = query.where(
        Customer.kind.in_(_REMINDED),
        Subscription.state.in_(GOING_ON),
        Subscription.last_notice_on.is_(None) | (Subscription.last_notice_on >= clock.today()),
    )
    for subscription in db.session.scalars(query.order_by(Subscription.id)):
        remind(subscription, clock.today())
