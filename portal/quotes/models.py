"""A quote and its lines, and who moves it on."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from flask_babel import gettext as _
from sqlalchemy import JSON, ForeignKey, Index, Select, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.billing.rules import Priced, Totals, as_sold, totals
from portal.billing.sale_vat import Sales
from portal.billing.vat import Vat
from portal.blobs import Document
from portal.catalogue.models import Product
from portal.customers.models import Customer
from portal.customers.proofs import WithProof
from portal.customers.references import WithReferences
from portal.db import Tenant, db, new_uid
from portal.resellers.models import LegalEntity
from portal.stateful import Stateful, step
from portal.subscriptions.amendments import Kept, kept_conditions, with_kept
from portal.subscriptions.sold import Sold
from portal.terms.in_force import pinned_stack
from portal.terms.stack import Stack
from portal.wording import N_


class QuoteState(StrEnum):
    DRAFT = "draft"  # its seller writes it; the customer sees nothing
    SENT = "sent"  # the signatory has the link
    ACCEPTED = "quote_accepted"  # waits for its day, or for a person where something refuses its orders
    ORDERED = "quote_ordered"  # its orders are placed
    REFUSED = "refused"  # by the signatory
    WITHDRAWN = "quote_withdrawn"  # by the seller
    EXPIRED = "expired"  # nobody answered until its last day


Q = QuoteState


class Quote(Tenant, WithProof, WithReferences, Stateful, db.Model):
    """What a reseller offers to one customer (devis); a sent one never changes, a copy takes its place."""

    __tablename__ = "quote"
    __table_args__ = (
        Index("ix_quote_state", "state", "id"),
        Index(
            "uq_quote_number",
            "legal_entity_id",
            "number",
            unique=True,
            postgresql_where=text("number <> ''"),
            sqlite_where=text("number <> ''"),
        ),
    )

    steps = {
        "send": step(Q.DRAFT, to=Q.SENT),
        "resend": step(Q.SENT, to=Q.SENT),
        "accept": step(Q.SENT, to=Q.ACCEPTED),
        "refuse": step(Q.SENT, to=Q.REFUSED),
        "expire": step(Q.SENT, to=Q.EXPIRED),
        "withdraw": step(Q.DRAFT, Q.SENT, Q.ACCEPTED, to=Q.WITHDRAWN),
        "order": step(Q.ACCEPTED, to=Q.ORDERED),
    }

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"))
    number: Mapped[str] = mapped_column(String(35), default="")  # such as DEV-2026-000012; "" for a draft
    state: Mapped[QuoteState] = mapped_column(default=Q.DRAFT)
    valid_until: Mapped[date]  # last day (Paris) to accept it
    starts_on: Mapped[date | None]  # its orders are placed that day; None: as soon as it is accepted
    remark: Mapped[str] = mapped_column(String(2000), default="")  # printed
    sale_vat: Mapped[dict[str, Any] | None] = mapped_column(JSON)  # decided when sent
    sent_on: Mapped[date | None]
    accepted_on: Mapped[date | None]
    asked_by_id: Mapped[int | None]  # of user_account: who is told of the answer
    wants_agreement: Mapped[bool] = mapped_column(default=False)  # of the provider, to its conditions
    conditions_agreed_by: Mapped[str] = mapped_column(String(200), default="")  # for the provider
    replaces_uid: Mapped[str | None] = mapped_column(String(16), index=True)  # of the version before
    held_because: Mapped[str] = mapped_column(String(500), default="")  # what refuses its orders
    held_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)  # to place its orders again, each asked by a person
    go_on_because: Mapped[str] = mapped_column(String(300), default="")  # why they are placed all the same
    document_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))
    proof_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))
    version: Mapped[int] = mapped_column()

    customer: Mapped[Customer] = relationship()
    legal_entity: Mapped[LegalEntity] = relationship()
    document: Mapped[Document | None] = relationship(foreign_keys=[document_id])
    proof: Mapped[Document | None] = relationship(foreign_keys=[proof_id])
    lines: Mapped[list["QuoteLine"]] = relationship(
        order_by="QuoteLine.id", back_populates="quote", cascade="all, delete-orphan"
    )

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    label = N_("devis")

    @property
    def title(self) -> str:
        """Its number, as people and papers name it; a draft has none."""
        return self.number or _("Devis en préparation")

    @property
    def vat(self) -> Vat:
        """That of its paper; of a draft, today's. Raises Refused where it cannot be said."""
        if self.sale_vat:
            return Vat(**self.sale_vat)
        sales = Sales(self.legal_entity, clock.today())
        return sales.vat_of(self.customer, [line.priced("") for line in self.lines])

    def sold(self) -> list[Priced]:
        """Its lines, with that VAT."""
        vat = self.vat
        return [as_sold(line.priced(line.words), vat) for line in self.lines]

    @property
    def sums(self) -> Totals:
        """What the first billing period of all lines costs."""
        return totals(self.sold())

    @property
    def has_conditions(self) -> bool:
        return any(line.conditions for line in self.lines)

    @property
    def is_late(self) -> bool:
        """Is its last day over?"""
        return clock.today() > self.valid_until

    def stacks(self) -> list[Stack]:
        """The contracts that its lines are sold under, as their own texts, each once."""
        found = {tuple(line.terms_versions): line.texts for line in self.lines}
        return list(found.values())


class QuoteLine(Tenant, Sold, db.Model):
    """One offer with its quantity; a draft's follows the price of the day until it is sent."""

    __tablename__ = "quote_line"

    quote_id: Mapped[int] = mapped_column(ForeignKey("quote.id"), index=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    conditions: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # {key: {value, clause}}
    order_uid: Mapped[str] = mapped_column(String(16), unique=True, default=new_uid)  # it becomes this order

    quote: Mapped[Quote] = relationship(back_populates="lines")
    product: Mapped[Product] = relationship()

    @property
    def texts(self) -> Stack:
        """The pinned documents alone."""
        return pinned_stack(self.terms_stack, self.terms_versions)

    @property
    def kept(self) -> Kept | None:
        """Its special conditions, as the order keeps them."""
        if not self.conditions:
            return None
        quote = self.quote
        signed_on = quote.accepted_on or clock.today()
        return kept_conditions(_("Devis %(n)s", n=quote.number), signed_on, self.conditions, quote.document)

    @property
    def terms(self) -> Stack:
        """The contract that it would make: the pinned documents with its special conditions."""
        return with_kept(self.texts, self.kept)

    @property
    def words(self) -> str:
        """As papers name it."""
        words = _("%(product)s, %(months)d mois", product=self.product_name, months=self.billing_months)
        return f"{words}, {self.volume_gb} {_('Go')}" if self.volume_gb else words


def shown_to(actor: Any) -> Select[Any]:
    """The quotes in a person's scope; a customer reads those that were sent to her."""
    query = Quote.visible_to(actor)
    return query.where(Quote.number != "") if actor.is_customer else query
