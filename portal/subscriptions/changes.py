"""Changes of what a subscription sells (quantity, volume, edition, length), and what a period begins with."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple

from sqlalchemy import JSON, BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.actor import Actor
from portal.answers.rules.periods import Period, period_at
from portal.db import Tenant, db
from portal.stateful import Stateful, step
from portal.subscriptions.price_steps import price_on


class ChangeKind(StrEnum):
    SEATS = "seats"
    VOLUME = "volume"
    PLAN = "plan"  # another offer of the same contract
    LENGTH = "length"  # the same for another length


class ChangeState(StrEnum):
    ASKED = "change_asked"  # the customer's signatory has the link
    AGREED = "change_agreed"  # counts from its day on
    DONE = "change_done"  # its day has come
    REFUSED = "refused"
    CANCELLED = "cancelled"


C = ChangeState


class SubscriptionChange(Tenant, Stateful, db.Model):
    """One change of one subscription, as it was shown, agreed to and carried out."""

    __tablename__ = "subscription_change"

    steps = {
        "ask": step(C.ASKED, to=C.ASKED),
        "agree": step(C.ASKED, to=C.AGREED),
        "carry_out": step(C.AGREED, to=C.DONE),
        "refuse": step(C.ASKED, to=C.REFUSED),
        "cancel": step(C.ASKED, C.AGREED, to=C.CANCELLED),
    }

    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"), index=True)
    kind: Mapped[ChangeKind]
    state: Mapped[ChangeState] = mapped_column(default=C.ASKED, index=True)
    at_once: Mapped[bool]  # from the day of the agreement; else from a period that begins later
    effective_on: Mapped[date] = mapped_column(index=True)  # of one that is asked: if it were agreed today
    before: Mapped[dict[str, Any]] = mapped_column(JSON)  # quantity, volume_gb, unit_cents, product
    after: Mapped[dict[str, Any]] = mapped_column(JSON)
    # What begun periods cost more: [{starts_on, ends_on, days, of, cents}], ends_on and days as they count.
    pieces: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    charge_cents: Mapped[int] = mapped_column(BigInteger, default=0)  # their sum, VAT as the price
    clause: Mapped[str] = mapped_column(String(40), default="")
    committed_until: Mapped[date | None]  # first day after the commitment that it begins, if any
    signed_by: Mapped[str | None] = mapped_column(String(200))
    signed_at: Mapped[datetime | None]
    signed_from: Mapped[str | None] = mapped_column(String(45))
    refusal_reason: Mapped[str | None] = mapped_column(String(300))
    created_by: Mapped[str] = mapped_column(String(200))
    version: Mapped[int] = mapped_column()

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    def resend(self, *, by: Actor) -> None:
        """The signatory is asked again; only while she has not answered."""
        self._take("ask", by=by)

    @property
    def counts(self) -> bool:
        return self.state in (C.AGREED, C.DONE)

    @property
    def is_open(self) -> bool:
        return self.state in (C.ASKED, C.AGREED)

    @property
    def changes_price(self) -> bool:
        return bool(self.before["unit_cents"] != self.after["unit_cents"])


def billed_from(subscription: Any, on: date) -> tuple[date, int]:
    """The day from which the billed periods of a day are counted, and their length in months.

    They are counted from the start of the contract, or from the last change of its length before the day,
    or, later than both, from the day that force majeure has moved them to.

    Source: 000-13, 000-14, 001-11, 001-13, 003-37.
    """
    counting = [row for row in subscription.changes if row.counts and row.kind == ChangeKind.LENGTH]
    begun = [row for row in counting if row.effective_on <= on]
    anchor = begun[-1].effective_on if begun else subscription.started_on
    if begun:
        months = begun[-1].after["billing_months"]
    else:
        months = counting[0].before["billing_months"] if counting else subscription.billing_months
    moved = subscription.extended_on
    return (moved if moved is not None and anchor < moved <= on else anchor), months


def billed_period(subscription: Any, on: date) -> Period:
    """The period that is billed at a time and contains a day."""
    return period_at(*billed_from(subscription, on), on)


def begins_anew(subscription: Any, on: date) -> bool:
    """Does the contract go on with another length from this very day, as agreed?"""
    return any(
        row.state == C.AGREED and row.kind == ChangeKind.LENGTH and row.effective_on == on
        for row in subscription.changes
    )


class SoldThen(NamedTuple):
    """What a period sells: unit price in cents, VAT as the subscription's. is_present: as it stands today."""

    quantity: int
    unit_cents: int
    product_name: str
    is_present: bool


def sold_on(subscription: Any, start: date) -> SoldThen:
    """What the period that begins on ``start`` is billed with.

    A change counts for the periods that begin on its day or later; one that has begun keeps what it began
    with, and the change bills the difference by itself.

    Source: 000-26, 004-35, 004-36.
    """
    counting = [each for each in subscription.changes if each.counts]
    coming = [each for each in counting if each.state == C.AGREED and each.effective_on <= start]
    past = next((each for each in counting if each.state == C.DONE and each.effective_on > start), None)
    if coming:
        return _as_said(coming[-1].after, subscription, start)
    if past is not None:
        return _as_said(past.before, subscription, start)
    price = price_on(subscription, start)
    return SoldThen(subscription.quantity, price, subscription.product_name, True)


def _as_said(said: Mapping[str, Any], subscription: Any, start: date) -> SoldThen:
    kept = said["unit_cents"] == subscription.unit_cents
    price = price_on(subscription, start) if kept else said["unit_cents"]
    return SoldThen(said["quantity"], price, said["product_name"], False)
