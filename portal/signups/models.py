"""What may be asked for on the web, who has asked, and the trials that came of it."""

import json
from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, false, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.accounts.models import Organisation
from portal.catalogue.models import Method, Product
from portal.crypto.secrets import Sealed
from portal.customers.models import Customer, CustomerKind
from portal.db import EVERYTHING, Tenant, db, scope
from portal.licensing.models import ActivationKey
from portal.stateful import Stateful, step
from portal.terms.in_force import pinned_stack
from portal.terms.stack import Stack
from portal.wording import N_

ERASE_DAYS, WARN_DAYS, TRIAL_DAYS = 30, 7, 30


class SignUpSettings(Tenant, db.Model):
    """One row, of the provider: is the page there, and under which rules; days are days of Paris."""

    __tablename__ = "sign_up_settings"
    seen_from_below: ClassVar[bool] = True

    is_open: Mapped[bool] = mapped_column(default=False, server_default=false())
    house_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))  # at the portal's own host
    erase_days: Mapped[int] = mapped_column(default=ERASE_DAYS)  # until what nobody confirmed is erased
    warn_days: Mapped[int] = mapped_column(default=WARN_DAYS)  # before the end of a trial

    house: Mapped[Organisation | None] = relationship(foreign_keys="SignUpSettings.house_id")


class SignUpOffer(Tenant, db.Model):
    """What the operator lets people do with one offer on the web; nothing without a row."""

    __tablename__ = "sign_up_offer"
    __table_args__ = (UniqueConstraint("product_id"),)
    seen_from_below: ClassVar[bool] = True

    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    trial_days: Mapped[int] = mapped_column(default=0)  # 0: no trial
    trial_seats: Mapped[int] = mapped_column(default=1)
    may_order: Mapped[bool] = mapped_column(default=False, server_default=false())
    may_ask: Mapped[bool] = mapped_column(default=False, server_default=false())  # for a quote

    product: Mapped[Product] = relationship()


def settings() -> SignUpSettings | None:
    with scope(EVERYTHING):
        return db.session.scalars(select(SignUpSettings).order_by(SignUpSettings.id)).first()


def offer_for(product: Product) -> SignUpOffer | None:
    return db.session.scalars(select(SignUpOffer).where(SignUpOffer.product_id == product.id)).first()


class SignUpKind(StrEnum):
    """Source: 000-09, 001-08 (DEMO, WEB, QUOTE)."""

    TRIAL = "trial"  # a demonstration account is one
    WEB = "web"  # an order
    QUOTE = "quote"


KINDS: dict[str, Any] = {
    SignUpKind.TRIAL: _l("essai"),
    SignUpKind.WEB: _l("commande"),
    SignUpKind.QUOTE: _l("devis"),
}


class SignUpState(StrEnum):
    PENDING = "sign_up_pending"  # nobody but who has the address sees it
    OPEN = "sign_up_open"  # waits for a person of the house
    DONE = "sign_up_done"
    DISMISSED = "sign_up_dismissed"


S = SignUpState


class SignUp(Tenant, Stateful, db.Model):
    """Somebody who asks for a trial, an order or a quote; owned by the house that is to serve her.

    What she typed is sealed. Until her address is confirmed nothing else exists, and no line of the journal.
    """

    __tablename__ = "sign_up"
    __table_args__ = (Index("ix_sign_up_state", "state", "id"),)

    steps = {
        "confirm": step(S.PENDING, to=S.OPEN),
        "settle": step(S.OPEN, to=S.DONE),
        "dismiss": step(S.OPEN, to=S.DISMISSED),
    }

    kind: Mapped[SignUpKind]
    state: Mapped[SignUpState] = mapped_column(default=S.PENDING)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    quantity: Mapped[int]
    method: Mapped[Method]
    entry_sealed: Mapped[str] = mapped_column(Text)  # columns of a customer and her contact, as JSON
    entry = Sealed()
    signer_name: Mapped[str] = mapped_column(String(70), default="", server_default="")
    signer_role: Mapped[str] = mapped_column(String(70), default="", server_default="")
    shown: Mapped[str] = mapped_column(Text, default="", server_default="")  # the texts that she accepts
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"), index=True)
    confirmed_at: Mapped[datetime | None]
    held_because: Mapped[str] = mapped_column(String(500), default="", server_default="")
    dismissed_because: Mapped[str] = mapped_column(String(300), default="", server_default="")
    outcome_uid: Mapped[str] = mapped_column(String(16), default="", server_default="")  # trial, order, quote

    product: Mapped[Product] = relationship()
    customer: Mapped[Customer | None] = relationship()
    house: Mapped[Organisation] = relationship(foreign_keys="SignUp.organisation_id")

    label = N_("inscription")

    @property
    def typed(self) -> dict[str, Any]:
        """By the names of the form: columns of a customer, and ``contact`` with name, address, phone."""
        found: dict[str, Any] = json.loads(self.entry)
        return {**found, "kind": CustomerKind(found["kind"])}

    @property
    def name(self) -> str:
        return str(self.customer.name if self.customer else self.typed["name"])

    @property
    def needs_terms(self) -> bool:
        """A quote brings its own terms; a trial and an order are made under those in force."""
        return self.kind != SignUpKind.QUOTE


class TrialState(StrEnum):
    TRIAL = "trial"
    ENDED = "trial_ended"
    PRODUCTION = "trial_produced"


T = TrialState


class Trial(Tenant, Stateful, db.Model):
    """An offer tried for some days without any payment; its days are days of Paris.

    Source: 000-09, 001-08; D (TRIAL -> ACTIVE).
    """

    __tablename__ = "trial"
    __table_args__ = (
        UniqueConstraint("address_index", "product_id"),  # a customer may have two, of doubles put together
        Index("ix_trial_state", "state", "ends_on", "id"),
    )

    steps = {
        "begin": step(T.TRIAL, to=T.TRIAL),
        "extend": step(T.TRIAL, to=T.TRIAL),
        "end": step(T.TRIAL, to=T.ENDED),
        "produce": step(T.TRIAL, T.ENDED, to=T.PRODUCTION),
    }

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    product_name: Mapped[str] = mapped_column(String(140))
    terms_stack: Mapped[str] = mapped_column(String(40))
    terms_versions: Mapped[list[str]] = mapped_column(JSON)
    address_sealed: Mapped[str] = mapped_column(String(500))  # the address that asked
    address_index: Mapped[str] = mapped_column(String(32))
    address = Sealed(indexed=True)
    key_uid: Mapped[str] = mapped_column(String(16), default="", server_default="")  # "": sold without keys
    seats: Mapped[int]
    state: Mapped[TrialState] = mapped_column(default=T.TRIAL)
    started_on: Mapped[date]
    ends_on: Mapped[date]  # last day, included
    warned_on: Mapped[date | None]
    extended_on: Mapped[date | None]
    extended_because: Mapped[str] = mapped_column(String(300), default="", server_default="")
    order_uid: Mapped[str] = mapped_column(String(16), index=True, default="", server_default="")
    produced_on: Mapped[date | None]  # first day of the contract that follows it
    version: Mapped[int] = mapped_column()

    customer: Mapped[Customer] = relationship()
    product: Mapped[Product] = relationship()

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    label = N_("essai")

    @property
    def terms(self) -> Stack:
        return pinned_stack(self.terms_stack, self.terms_versions)

    @property
    def key(self) -> ActivationKey | None:
        query = select(ActivationKey).where(ActivationKey.uid == self.key_uid)
        return db.session.scalars(query).one_or_none() if self.key_uid else None

    def shown_state(self) -> str:
        """Its last day over, it has ended, whenever the duty comes."""
        over = self.state == T.TRIAL and clock.today() > self.ends_on
        return str(T.ENDED if over else self.state)
