"""Which renewals were announced, to whom, and when the mail left."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.db import Tenant, db
from portal.mail import Mail
from portal.subscriptions.models import Subscription


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


def reminder_of(subscription: Subscription, renews_on: date) -> RenewalReminder | None:
    query = select(RenewalReminder).where(RenewalReminder.subscription_id == subscription.id)
    return db.session.scalars(query.where(RenewalReminder.renews_on == renews_on)).one_or_none()


def reminded_on(subscription: Subscription) -> tuple[date, ...]:
    """The Paris days on which reminders left; one that waits in the outbox has reminded nobody."""
    query = (
        select(Mail.sent_at)
        .join(RenewalReminder, RenewalReminder.mail_uid == Mail.uid)
        .where(RenewalReminder.subscription_id == subscription.id, Mail.sent_at.is_not(None))
    )
    return tuple(sorted(clock.paris_day(sent) for sent in db.session.scalars(query) if sent is not None))
