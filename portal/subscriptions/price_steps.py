"""Announced prices of running subscriptions, and which one a period begins with."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.billing.rules import earliest_price_change
from portal.catalogue.models import PriceRevision
from portal.clock import paris_day
from portal.db import Tenant, db
from portal.mail import Mail

NOTICE = "price.revision_notice_months"


class PriceStep(Tenant, db.Model):
    """The new price of one subscription, its first day, and the e-mail that announced it."""

    __tablename__ = "price_step"
    __table_args__ = (
        UniqueConstraint("subscription_id", "revision_id"),
        UniqueConstraint("subscription_id", "reseller_price_id"),
    )

    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"))
    # one of the two: the provider's public price, or its reseller's own
    revision_id: Mapped[int | None] = mapped_column(ForeignKey("price_revision.id"), index=True)
    reseller_price_id: Mapped[int | None] = mapped_column(ForeignKey("reseller_price.id"), index=True)
    effective_on: Mapped[date]  # first day of the first period at this price
    unit_cents: Mapped[int] = mapped_column(BigInteger)
    recipient: Mapped[str] = mapped_column(String(254))
    mail_uid: Mapped[str] = mapped_column(String(16), index=True)
    recalled_on: Mapped[date | None]  # announced, and withdrawn before a period began with it

    revision: Mapped[PriceRevision | None] = relationship()

    @property
    def told_at(self) -> datetime | None:
        """When the announcement left; None as long as it has not."""
        query = select(Mail.sent_at).where(Mail.uid == self.mail_uid)
        return db.session.scalar(query) if self.mail_uid else None

    def may_begin(self, start: date, notice_months: int) -> bool:
        """May a period that begins that day be owed at this price? Not before the notice has run."""
        told_at = self.told_at
        if self.recalled_on is not None or told_at is None or start < self.effective_on:
            return False
        return start >= earliest_price_change(paris_day(told_at), notice_months)


def price_on(subscription: Any, start: date) -> int:
    """Unit price in cents of a period that begins on ``start``.

    A price that was not announced, or not early enough, waits for a later period; one that was announced for
    before a price that both have agreed on counts no more.

    Source: 000-26.
    """
    agreed = [each.effective_on for each in subscription.changes if each.counts and each.changes_price]
    since = max((day for day in agreed if day <= start), default=date.min)
    steps = [step for step in subscription.price_steps if step.effective_on > since]
    if not steps:
        return int(subscription.unit_cents)
    months = subscription.terms.number(NOTICE)
    told = (step.unit_cents for step in steps if step.may_begin(start, months))
    return int(next(told, subscription.unit_cents))
