"""A payment by card at the gateway, and the card that a customer has left there."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar, Self

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.actor import Actor
from portal.billing.models import Invoice
from portal.cardpay import Card
from portal.customers.models import Customer
from portal.db import Tenant, db
from portal.resellers.models import LegalEntity
from portal.stateful import Stateful, step
from portal.subscriptions.models import Order


class CardPaymentState(StrEnum):
    OPEN = "card_open"  # the page is open, or the bank has not answered
    PAID = "card_paid"  # it has paid what it is about
    REFUSED = "card_refused"  # no card was authorised
    REVIEW = "card_review"  # money came that fits nothing: a person decides
    RETURNING = "card_returning"  # the gateway is asked to give it back
    RETURNED = "card_returned"


C = CardPaymentState


class CardPayment(Tenant, Stateful, db.Model):
    """One try to pay an order or an invoice by card; no number of a card is ever here."""

    __tablename__ = "card_payment"
    __table_args__ = (Index("ix_card_payment_state", "state", "id"),)

    steps: ClassVar[Any] = {
        "pay": step(C.OPEN, C.REFUSED, to=C.PAID),
        "refuse": step(C.OPEN, to=C.REFUSED),
        "review": step(C.OPEN, C.REFUSED, to=C.REVIEW),
        "give_back": step(C.OPEN, C.REFUSED, C.REVIEW, to=C.RETURNING),
        "returned": step(C.RETURNING, to=C.RETURNED),
    }

    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    order_id: Mapped[int | None] = mapped_column(ForeignKey("customer_order.id"), index=True)
    invoice_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"), index=True)
    card_id: Mapped[int | None] = mapped_column(ForeignKey("kept_card.id"))  # charged without the customer
    state: Mapped[CardPaymentState]
    cents: Mapped[int] = mapped_column(BigInteger)  # asked for, with VAT
    checkout_id: Mapped[str] = mapped_column(String(100), default="", index=True)  # "": not opened yet
    address: Mapped[str] = mapped_column(Text, default="")  # of the gateway's page
    closes_at: Mapped[datetime]  # after which that page takes nothing
    payment_id: Mapped[str] = mapped_column(String(100), default="")  # the gateway's, of what was paid
    received_cents: Mapped[int | None] = mapped_column(BigInteger)
    refund_id: Mapped[str] = mapped_column(String(100), default="")
    note: Mapped[str] = mapped_column(String(300), default="")  # why it is refused, or to be looked at
    version: Mapped[int] = mapped_column()

    customer: Mapped[Customer] = relationship()
    legal_entity: Mapped[LegalEntity] = relationship()
    order: Mapped[Order | None] = relationship()
    invoice: Mapped[Invoice | None] = relationship()

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    @classmethod
    def of(cls, what: Order | Invoice, cents: int, closes_at: datetime) -> Self:
        """A try that begins; cents: with VAT."""
        is_order = isinstance(what, Order)
        return cls(
            organisation=what.customer.organisation,
            legal_entity_id=what.legal_entity_id,
            customer_id=what.customer_id,
            order_id=what.id if is_order else None,
            invoice_id=None if is_order else what.id,
            state=C.OPEN,
            cents=cents,
            checkout_id="",
            address="",
            closes_at=closes_at,
            payment_id="",
            refund_id="",
            note="",
        )

    def pay(self, payment_id: str, cents: int, *, by: Actor) -> None:
        self._take("pay", by=by, reference=payment_id)
        self.payment_id, self.received_cents = payment_id, cents

    def refuse(self, note: str = "", *, by: Actor) -> None:
        """Source: 000-34."""
        self._take("refuse", by=by, reason=note)
        self.note = note[:300]

    def review(self, payment_id: str, cents: int, note: str, *, by: Actor) -> None:
        """Money came, and a person decides; note: why."""
        self._take("review", by=by, reason=note)
        self.payment_id, self.received_cents, self.note = payment_id, cents, note[:300]

    def give_back(self, payment_id: str, cents: int, note: str, *, by: Actor) -> None:
        """What came is not owed: it goes back to the card. Source: C. civ. 1302."""
        self._take("give_back", by=by, reason=note)
        self.payment_id, self.received_cents, self.note = payment_id, cents, note[:300]

    def returned(self, refund_id: str, *, by: Actor) -> None:
        self._take("returned", by=by)
        self.refund_id = refund_id


class KeptCard(Tenant, db.Model):
    """A card that a customer has left at the gateway for what comes next; the newest not removed counts."""

    __tablename__ = "kept_card"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    gateway_customer: Mapped[str] = mapped_column(String(100))
    gateway_card: Mapped[str] = mapped_column(String(100))
    label: Mapped[str] = mapped_column(String(40))  # VISA •••• 4242
    expires: Mapped[str] = mapped_column(String(7))  # the last month in which it pays, 2028-11
    kept_on: Mapped[date]
    removed_on: Mapped[date | None]

    customer: Mapped[Customer] = relationship()

    @property
    def card(self) -> Card:
        return Card(self.gateway_customer, self.gateway_card, self.label, self.expires)


def kept_card_of(customer: Customer) -> KeptCard | None:
    query = select(KeptCard).where(KeptCard.customer_id == customer.id, KeptCard.removed_on.is_(None))
    return db.session.scalars(query.order_by(KeptCard.id.desc()).limit(1)).first()


def keep_card(customer: Customer, card: Card) -> None:
    """The card that she has just paid with replaces the one before."""
    known = kept_card_of(customer)
    if known is not None and (known.gateway_customer, known.gateway_card) == (card.customer, card.id):
        return
    if known is not None:
        known.removed_on = clock.today()
    db.session.add(
        KeptCard(
            organisation=customer.organisation,
            customer_id=customer.id,
            gateway_customer=card.customer,
            gateway_card=card.id,
            label=card.label,
            expires=card.expires,
            kept_on=clock.today(),
        )
    )


def payments_of(what: Order | Invoice) -> list[CardPayment]:
    """Every try, the oldest first."""
    column = CardPayment.order_id if isinstance(what, Order) else CardPayment.invoice_id
    return list(db.session.scalars(select(CardPayment).where(column == what.id).order_by(CardPayment.id)))
