"""A breach is told by mail and by phone: what is owed to each customer, what was done, what is missing."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import select

from portal import clock, jobs
from portal.accounts.models import Organisation
from portal.actor import Actor
from portal.customers.models import Contact, ContactRole, Customer
from portal.customers.rules import late_channels
from portal.db import db
from portal.engine.models import mail_contact
from portal.errors import Refused
from portal.mail import Mail, queue_mail
from portal.privacy.choosing import customers_of
from portal.privacy.models import Breach, BreachCall, BreachNotice, BreachUpdate
from portal.privacy.rules import Duty, Promised, clock_look, duty_under, missing_channels
from portal.subscriptions.models import Subscription, SubscriptionState
from portal.terms.stack import Stack
from portal.wording import N_

TELL = "privacy.tell_breach"


@dataclass(slots=True)
class Told:
    """One customer: what is owed, and what was done. mails: with the number of their notice."""

    customer: Customer
    contact: Contact
    duty: Duty
    mails: list[tuple[int, Mail]] = field(default_factory=list)
    calls: list[BreachCall] = field(default_factory=list)

    @property
    def told_at(self) -> dict[str, datetime]:
        """The first time by channel, in UTC; a mail counts once the relay took it."""
        sent = [mail.sent_at for _number, mail in self.mails if mail.sent_at]
        spoken = [call.called_at for call in self.calls if call.is_reached]
        found = {"email": min(sent, default=None), "phone": min(spoken, default=None)}
        return {name: at for name, at in found.items() if at is not None}

    @property
    def missing(self) -> list[str]:
        return missing_channels(self.duty, self.told_at)

    @property
    def late(self) -> list[str]:
        """The channels of her contract by which she was not told in time, once that time is over.

        Source: 001-40, 003-58.
        """
        due, asked = self.duty.due_at, self.duty
        if due is None or asked.hours is None or clock.now() <= due:
            return []
        return late_channels(asked.channels, self.told_at, due - timedelta(hours=asked.hours), asked.hours)

    @property
    def look(self) -> str:
        """How her clock stands, "" where no contract gives one."""
        if self.duty.due_at is None:
            return ""
        done_at = None if self.missing else max(self.told_at[name] for name in self.duty.channels)
        return clock_look(self.duty.due_at, done_at, clock.now())


def notify(breach: Breach, *, by: Actor) -> BreachUpdate:
    """Send what is written to everybody whom it touches; the mails leave with the commit.

    The same words again reach only who was added since. Raises Refused without the four parts, without
    customers, once it is closed, and where everybody has read just that.

    Source: 001-40, 003-58, regulation (EU) 2016/679, art. 33 (2) to (4).
    """
    breach.check_live()
    for name in breach.missing_parts:
        raise Refused(N_("Complétez les quatre parties avant de notifier (RGPD, art. 33)."), field=name)
    touched = customers_of(breach)
    if not touched:
        raise Refused(N_("Dites d'abord quels clients sont touchés."))
    update = breach.updates[-1] if breach.updates else None
    if update is None or update.parts != breach.parts:
        update = BreachUpdate(
            organisation=db.session.get_one(Organisation, breach.organisation_id),
            number=len(breach.updates) + 1,
            by_label=by.label,
            **breach.parts,
        )
        breach.updates.append(update)
        db.session.flush()
    elif len(_written_to(update)) >= len(touched):
        raise Refused(N_("Tous ont déjà reçu exactement ces mots : écrivez d'abord ce qui est nouveau."))
    breach._take("tell", by=by, number=update.number, customers=len(touched))
    owner = db.session.get_one(Organisation, breach.organisation_id)
    mark = len(touched)  # the same update for more customers is another task
    jobs.enqueue(TELL, f"{update.uid}:{mark}", owner, unit="customers")
    return update


def _written_to(update: BreachUpdate) -> set[int]:
    return set(db.session.scalars(select(BreachNotice.customer_id).filter_by(update_id=update.id)))


def write_to(customer: Customer, update: BreachUpdate) -> None:
    """Once for each customer and notice; asked again, nothing more leaves.

    Source: 001-40, 003-58.
    """
    values = {"update_id": update.id, "customer_id": customer.id}
    if db.session.scalar(select(BreachNotice.id).filter_by(**values)) is not None:
        return
    mail = queue_mail(
        contact_of(customer),
        "privacy/mail_breach.txt",
        about=update.breach,
        owner=customer.organisation,
        language=customer.language,
        urgent=True,
        update=update,
        known_at=update.breach.known_at,
        parts={name: " ".join(text.split()) for name, text in update.parts.items()},
    )
    db.session.add(BreachNotice(organisation=customer.organisation, mail_uid=mail.uid, **values))


def contact_of(customer: Customer) -> Contact:
    """Who is told of incidents; without an address, the contact who has one."""
    return mail_contact(customer, ContactRole.INCIDENT)


def told_of(breach: Breach) -> list[Told]:
    """Everybody whom it touches, the one who must be told first first."""
    touched = customers_of(breach)
    duties = _duties(touched, breach.known_at)
    rows = {each.id: Told(each, contact_of(each), duties[each.id]) for each in touched}
    notices = (
        select(BreachNotice.customer_id, BreachUpdate.number, Mail)
        .join(BreachUpdate, BreachUpdate.id == BreachNotice.update_id)
        .join(Mail, Mail.uid == BreachNotice.mail_uid)
        .where(BreachUpdate.breach_id == breach.id)
        .order_by(BreachNotice.id)
    )
    for customer_id, number, mail in db.session.execute(notices):
        if customer_id in rows:
            rows[customer_id].mails.append((number, mail))
    calls = select(BreachCall).where(BreachCall.breach_id == breach.id)
    for call in db.session.scalars(calls.order_by(BreachCall.called_at, BreachCall.id)):
        if call.customer_id in rows:
            rows[call.customer_id].calls.append(call)
    return sorted(rows.values(), key=_urgency)


def _urgency(row: Told) -> tuple[bool, bool, datetime, int]:
    due_at = row.duty.due_at
    return (not row.missing, due_at is None, due_at or clock.now(), row.customer.id)


def _duties(customers: Iterable[Customer], known_at: datetime) -> dict[int, Duty]:
    """By customer, under the contracts that ran on the day of the discovery, or else her former ones."""
    ids, day = [each.id for each in customers], clock.paris_day(known_at)
    query = select(Subscription).where(
        Subscription.customer_id.in_(ids), Subscription.state != SubscriptionState.WITHDRAWN
    )
    mine: dict[int, list[Subscription]] = {each: [] for each in ids}
    for row in db.session.scalars(query.order_by(Subscription.id)):
        mine[row.customer_id].append(row)
    return {
        each: duty_under([promised(row.terms.on(day)) for row in _running(rows, day)], known_at)
        for each, rows in mine.items()
    }


def _running(rows: list[Subscription], day: date) -> list[Subscription]:
    runs = [row for row in rows if row.started_on <= day and (row.ends_on is None or row.ends_on > day)]
    return runs or rows


def promised(stack: Stack) -> Promised:
    """What a contract says of a breach.

    Source: 001-40, 003-58.
    """
    hours = stack.find("personal_data.breach_notice_hours")
    channels = stack.find("personal_data.breach_channels")
    clauses = tuple(each.clause for each in (hours, channels) if each is not None)
    named = tuple(channels.value) if channels else ()
    return Promised(int(hours.value) if hours else None, named, clauses)


def next_due(breach: Breach) -> datetime:
    """The clock that ends first among those that wait; once all are kept, that of the authority."""
    waiting = [row.duty.due_at for row in told_of(breach) if row.missing and row.duty.due_at]
    if breach.authority_at is None and not breach.authority_why:
        waiting.append(breach.authority_due_at)
    return min(waiting, default=breach.authority_due_at)
