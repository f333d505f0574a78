"""Asking a customer on which account she is to be paid back: what was asked when, and what she has typed."""

from datetime import date
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.actor import Actor
from portal.crypto.secrets import Sealed
from portal.customers.models import Contact, ContactRole, Customer, CustomerKind
from portal.db import Tenant, db
from portal.sepa.formats.iban import mask
from portal.stateful import Stateful, step


class AskState(StrEnum):
    ASKED = "refund_account_asked"
    GIVEN = "refund_account_given"
    OVER = "refund_account_over"  # nothing is left to be paid back to an account


K = AskState


class AccountAsk(Tenant, Stateful, db.Model):
    """One for a customer, asked anew when the bank refuses her account; the record of her link."""

    __tablename__ = "refund_account_ask"

    steps = {
        "ask_again": step(K.ASKED, K.GIVEN, K.OVER, to=K.ASKED),
        "remind": step(K.ASKED, to=K.ASKED),
        "give": step(K.ASKED, K.GIVEN, K.OVER, to=K.GIVEN),
        "close": step(K.ASKED, K.GIVEN, to=K.OVER),
    }

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    state: Mapped[AskState] = mapped_column(index=True)
    asked_on: Mapped[date]
    reminded_on: Mapped[date | None]
    refusal: Mapped[str] = mapped_column(String(200))  # the bank's code, or what finance noted; "" for none
    iban_sealed: Mapped[str | None] = mapped_column(String(300))  # typed, and not confirmed by a code yet
    iban = Sealed()
    holder: Mapped[str] = mapped_column(String(70))
    version: Mapped[int] = mapped_column()

    customer: Mapped[Customer] = relationship()

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    @property
    def masked(self) -> str:
        """Of the account that was typed."""
        return mask(self.iban) if self.iban else ""

    def ask_again(self, refusal: str, *, by: Actor) -> None:
        self._take("ask_again", by=by, reason=refusal)
        self.asked_on, self.reminded_on, self.refusal = clock.today(), None, refusal
        self.iban, self.holder = None, ""

    def remind(self, *, by: Actor) -> None:
        self._take("remind", by=by)
        self.reminded_on = clock.today()

    def give(self, *, by: Actor) -> None:
        self._take("give", by=by)
        self.iban, self.holder = None, ""

    def close(self, *, by: Actor) -> None:
        self._take("close", by=by)
        self.iban, self.holder = None, ""


def ask_of(customer: Customer) -> AccountAsk | None:
    """The last one of a customer; two files of one customer that became one may have brought two."""
    query = select(AccountAsk).where(AccountAsk.customer_id == customer.id)
    return db.session.scalars(query.order_by(AccountAsk.id.desc())).first()


def asked_of(customer: Customer) -> Contact:
    """Who says where the money goes: who gets the invoices, for a consumer who signed."""
    is_consumer = customer.kind == CustomerKind.CONSUMER
    return customer.contact(ContactRole.SIGNATORY if is_consumer else ContactRole.BILLING)
