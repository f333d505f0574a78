"""Notices that are taken back: by one side, and only with the other side's consent."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import JSON, ForeignKey, String, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.actor import Actor
from portal.db import Tenant, db
from portal.stateful import Stateful, step
from portal.subscriptions.models import Subscription


class Side(StrEnum):
    PROVIDER = "provider"
    CUSTOMER = "customer"


class ReversalState(StrEnum):
    ASKED = "reversal_asked"  # the other side has to consent
    AGREED = "reversal_agreed"  # the contract goes on as if no notice had been given
    REFUSED = "refused"
    CANCELLED = "cancelled"  # by who asked, or because the contract has ended meanwhile


R = ReversalState


class NoticeReversal(Tenant, Stateful, db.Model):
    """One notice and the agreement to take it back, with everything that the notice had said."""

    __tablename__ = "notice_reversal"

    steps = {
        "ask": step(R.ASKED, to=R.ASKED),
        "agree": step(R.ASKED, to=R.AGREED),
        "refuse": step(R.ASKED, to=R.REFUSED),
        "cancel": step(R.ASKED, to=R.CANCELLED),
    }

    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"), index=True)
    state: Mapped[ReversalState] = mapped_column(default=R.ASKED, index=True)
    asked_by_side: Mapped[Side]
    why: Mapped[str] = mapped_column(String(300))
    notified_on: Mapped[date]  # of the notice
    ends_on: Mapped[date]
    notice: Mapped[dict[str, Any]] = mapped_column(JSON)  # reason, fields, letter: what it had said
    asked_by: Mapped[str] = mapped_column(String(200))
    agreed_by: Mapped[str | None] = mapped_column(String(200))
    agreed_at: Mapped[datetime | None]
    agreed_from: Mapped[str | None] = mapped_column(String(45))
    version: Mapped[int] = mapped_column()

    subscription: Mapped[Subscription] = relationship()

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    @property
    def other_side(self) -> Side:
        return Side.CUSTOMER if self.asked_by_side == Side.PROVIDER else Side.PROVIDER

    def ask_again(self, *, by: Actor) -> None:
        self._take("ask", by=by, reason=self.why)

    def agree(self, *, by: Actor, address: str) -> None:
        self._take("agree", by=by, reason=self.why)
        self.agreed_by, self.agreed_at, self.agreed_from = by.label[:200], clock.now(), address

    def refuse(self, *, by: Actor) -> None:
        self._take("refuse", by=by)

    def cancel(self, *, by: Actor) -> None:
        self._take("cancel", by=by)


def reversals_of(subscription: Subscription) -> list[NoticeReversal]:
    """The newest first."""
    query = select(NoticeReversal).where(NoticeReversal.subscription_id == subscription.id)
    return list(db.session.scalars(query.order_by(NoticeReversal.id.desc())))
