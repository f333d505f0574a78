"""A consumer's paid keys that wait for the end of her delay to withdraw: the record, and what it answers."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from flask_babel import force_locale
from flask_babel import lazy_gettext as _l
from sqlalchemy import ForeignKey, String, Text, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.actor import Actor
from portal.answers.rules.consumers import withdrawal_is_lost
from portal.billing.models import Invoice, InvoiceState
from portal.customers.models import Customer
from portal.db import Tenant, db
from portal.links import Purpose, revoke_links
from portal.stateful import Stateful, step
from portal.subscriptions.models import Order, Subscription

EARLY = _l("Je demande à recevoir ma clé tout de suite, avant la fin de mon délai de rétractation.")
LOSES = _l("Je reconnais qu'en la recevant je perds mon droit de me rétracter.")


class KeyWaitState(StrEnum):
    WAITING = "key_waiting"
    WAIVED = "key_waived"  # she gave up her right, and has her keys
    LEFT = "key_left"  # the delay ended
    DROPPED = "key_dropped"  # she withdrew, or the contract ended before


K = KeyWaitState


class KeyWait(Tenant, Stateful, db.Model):
    """The keys of one order that wait, and the proofs of the waiver that set them free."""

    __tablename__ = "key_wait"

    steps: ClassVar[Any] = {
        "waive": step(K.WAITING, to=K.WAIVED),
        "leave": step(K.WAITING, to=K.LEFT),
        "drop": step(K.WAITING, to=K.DROPPED),
    }

    order_id: Mapped[int] = mapped_column(ForeignKey("customer_order.id"), unique=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"), index=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    state: Mapped[KeyWaitState] = mapped_column(index=True)
    leave_on: Mapped[date]  # the first day after the delay: they leave without a word of hers
    ticked_at: Mapped[datetime | None]
    words: Mapped[str] = mapped_column(Text, default="")  # what she ticked, as she read it
    signer: Mapped[str] = mapped_column(String(254), default="")  # whose code
    address: Mapped[str] = mapped_column(String(45), default="")
    browser: Mapped[str] = mapped_column(String(300), default="")
    confirmed_at: Mapped[datetime | None]  # her code was right
    confirmation_uid: Mapped[str | None] = mapped_column(String(16))  # the mail that she can keep

    order: Mapped[Order] = relationship()
    subscription: Mapped[Subscription] = relationship()
    customer: Mapped[Customer] = relationship()

    @property
    def is_right_lost(self) -> bool:
        """Source: L1 (C. conso L221-28 13°), over 000-36."""
        ticked = self.ticked_at is not None and bool(self.words)
        confirmed = self.confirmed_at is not None and self.confirmation_uid is not None
        return withdrawal_is_lost(consented=ticked, acknowledged=ticked, confirmed=confirmed)

    def tick(self, visitor: dict[str, str]) -> None:
        """Both sentences were ticked; they count once her code has come back."""
        with force_locale(self.customer.language):
            self.words = f"{EARLY}\n{LOSES}"
        self.ticked_at = clock.now()
        self.address, self.browser = visitor["ip"], visitor["user_agent"]

    def drop(self, *, by: Actor) -> None:
        """She withdrew, or the contract has ended."""
        self._take("drop", by=by)
        revoke_links(Purpose.WAIVE, self)


def wait_of(order_uid: str) -> KeyWait | None:
    query = select(KeyWait).join(KeyWait.order).where(Order.uid == order_uid)
    return db.session.scalars(query).one_or_none()


def is_paid(order: Order) -> bool:
    """Is the invoice that the order was delivered on still paid? One by debit has none: its mandate counts.

    Source: 000-10.
    """
    owed = select(Invoice.id).where(Invoice.order_uid == order.uid, Invoice.state == InvoiceState.ISSUED)
    return db.session.scalars(owed).first() is None


def has_lost_right(subscription: Subscription) -> bool:
    """Has she given up her right to withdraw from this contract, with all that the law asks for?

    Source: L1 (C. conso L221-28 13°), over 000-36.
    """
    wait = wait_of(subscription.order_uid)
    return wait is not None and wait.is_right_lost
