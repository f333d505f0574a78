"""Orders and subscriptions."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from blinker import Namespace
from flask_babel import gettext as _
from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, select, text
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship, selectinload

from portal import clock
from portal.actor import Actor
from portal.answers.rules.periods import last_usable_day, period_at
from portal.billing.models import Proforma, add_charges, charge_row
from portal.billing.rules import Priced, Totals, as_sold, totals
from portal.billing.vat import Vat
from portal.catalogue.models import Product
from portal.customers.models import Acceptance, Customer
from portal.customers.references import own_references
from portal.db import Tenant, db
from portal.errors import Refused
from portal.journal import SYSTEM, record
from portal.resellers.models import LegalEntity
from portal.stateful import Stateful, step
from portal.subscriptions.amendments import SignedAmendment, signed_conditions, with_amendments, with_kept
from portal.subscriptions.changes import SubscriptionChange
from portal.subscriptions.coming_means import ComingMeans
from portal.subscriptions.order_states import WAITING, OrderState
from portal.subscriptions.price_steps import PriceStep
from portal.subscriptions.sold import Sold
from portal.subscriptions.starts import first_day
from portal.subscriptions.stopping import shown_state_of
from portal.terms.rules import membership_accepted_at
from portal.terms.stack import Stack

# Sent by a subscription, in the transaction in which it is suspended, reinstated, ended or withdrawn from.
subscription_moved = Namespace().signal("subscription-moved")
# Sent by an order, in the transaction that delivers it, with subscription=.
order_delivered = Namespace().signal("order-delivered")
# Sent by an order, in the transaction in which nobody waits for its payment any more.
order_dropped = Namespace().signal("order-dropped")


O = OrderState  # noqa: E741


class Order(Tenant, Sold, Stateful, db.Model):
    """A customer's order (commande) of one product."""

    __tablename__ = "customer_order"
    __table_args__ = (
        Index("ix_customer_order_state", "state", "id"),
        Index(
            "uq_customer_order_number",
            "legal_entity_id",
            "number",
            unique=True,
            postgresql_where=text("number <> ''"),
            sqlite_where=text("number <> ''"),
        ),
    )

    steps = {
        "deliver": step(*WAITING, O.LAPSED, O.REFUSED, to=O.DELIVERED),
        "lapse": step(*WAITING, to=O.LAPSED),
        "cancel": step(*WAITING, to=O.CANCELLED),
        "refuse": step(O.PENDING_APPROVAL, to=O.REFUSED),
    }

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"))
    # Of the issuer's series, such as CMD-2026-000123; "" for some hours where the release before placed it.
    number: Mapped[str] = mapped_column(String(35), default="", server_default="")
    state: Mapped[OrderState]
    ordered_on: Mapped[date]
    sale_vat: Mapped[dict[str, Any] | None] = mapped_column(JSON)  # decided when ordered; None: long ago
    # A consumer's express request to begin before the delay to withdraw has ended: when, and its very words.
    begin_early_at: Mapped[datetime | None]
    begin_early_text: Mapped[str] = mapped_column(String(400), default="", server_default="")
    reminded_on: Mapped[date | None]  # that it is not paid yet
    conditions: Mapped[dict[str, Any] | None] = mapped_column(JSON)  # special ones, of its quote
    signed_on: Mapped[date | None]  # the order form; None: with its payment or mandate
    connected_on: Mapped[date | None]  # the service was used before its payment
    version: Mapped[int] = mapped_column()

    customer: Mapped[Customer] = relationship()
    product: Mapped[Product] = relationship()
    legal_entity: Mapped[LegalEntity] = relationship()
    proforma: Mapped[Proforma | None] = relationship(
        primaryjoin=lambda: foreign(Proforma.order_uid) == Order.uid, uselist=False, viewonly=True
    )

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    @property
    def terms(self) -> Stack:
        """The pinned documents, with the special conditions of its quote at their rank."""
        return with_kept(super().terms, self.conditions)

    @property
    def vat(self) -> Vat | None:
        """The VAT that the order was placed, and its pro-forma written, with."""
        return Vat(**self.sale_vat) if self.sale_vat else None

    @property
    def sold(self) -> Priced:
        """Its line, with that VAT."""
        line = self.priced(
            _("%(product)s, %(months)d mois", product=self.product_name, months=self.billing_months)
        )
        return as_sold(line, self.vat) if self.vat else line

    @property
    def sums(self) -> Totals:
        """What its first billing period costs for all units."""
        return totals([self.sold])

    @property
    def gross_cents(self) -> int:
        return self.sums.gross_cents

    @property
    def proofs(self) -> list[Acceptance]:
        """Who accepted the terms of this order before it was placed, when and from where (000-02)."""
        return [row for row in self.customer.proofs_of(self.terms) if row.accepted_at <= self.created_at]

    def cancel(self, *, by: Actor) -> None:
        self._take("cancel", by=by)
        order_dropped.send(self)

    def refuse(self, *, by: Actor) -> None:
        """Its bank did not authorise the card. Source: 000-34."""
        self._take("refuse", by=by)
        order_dropped.send(self)

    def lapse(self, *, by: Actor) -> None:
        """Its price is kept no more. Source: 000-23."""
        self._take("lapse", by=by)
        order_dropped.send(self)

    def deliver(self, *, by: Actor) -> "Subscription":
        """Paid or mandated: the subscription starts on the day that the contract names.

        Source: 000-11, 000-12, 001-09, 001-10, 004-03; A1 (payment validated, confirmation sent).
        """
        accepted = [row.accepted_at for row in self.proofs]
        if membership_accepted_at(self.created_at, max(accepted, default=None), clock.now()) is None:
            raise Refused(_("Le client n'a pas accepté les conditions de cette commande."))
        starts_on = first_day(self)
        self._take("deliver", by=by)
        subscription = Subscription(
            organisation=self.customer.organisation,
            customer_id=self.customer_id,
            product_id=self.product_id,
            legal_entity_id=self.legal_entity_id,
            order_uid=self.uid,
            started_on=starts_on,
            billed_before=starts_on,
            state=SubscriptionState.ACTIVE,
            **self.copied(),
        )
        owner = self.customer.organisation
        subscription.amendments = signed_conditions(
            self.conditions, owner=owner, starts_on=subscription.started_on
        )
        db.session.add(subscription)
        order_delivered.send(self, subscription=subscription)
        return subscription


class SubscriptionState(StrEnum):
    ACTIVE = "active"
    NOTICE_GIVEN = "notice_given"  # ends on ends_on; that it has ended is a matter of the day
    WITHDRAWN = "withdrawn"  # a consumer changed his mind in time
    SUSPENDED = "suspended"  # not paid in spite of a formal notice; one with a notice keeps its state


S = SubscriptionState
GOING_ON = (S.ACTIVE, S.SUSPENDED)  # nobody has given notice


class Subscription(Tenant, Sold, ComingMeans, Stateful, db.Model):
    """A running contract (abonnement); its values come from the documents that it pins."""

    __tablename__ = "subscription"
    __table_args__ = (Index("ix_subscription_product", "product_id", "id"),)  # what was sold, the newest last

    steps = {
        "give_notice": step(S.ACTIVE, S.SUSPENDED, to=S.NOTICE_GIVEN),
        "take_back_notice": step(S.NOTICE_GIVEN, to=S.ACTIVE),
        "take_back_suspended": step(S.NOTICE_GIVEN, to=S.SUSPENDED),
        "withdraw": step(S.ACTIVE, S.SUSPENDED, S.NOTICE_GIVEN, to=S.WITHDRAWN),
        "suspend": step(S.ACTIVE, to=S.SUSPENDED),
        "suspend_leaving": step(S.NOTICE_GIVEN, to=S.NOTICE_GIVEN),
        "reinstate": step(S.SUSPENDED, to=S.ACTIVE),
        "reinstate_leaving": step(S.NOTICE_GIVEN, to=S.NOTICE_GIVEN),
    }

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"))
    order_uid: Mapped[str] = mapped_column(String(16), index=True)
    started_on: Mapped[date]  # anchor of every period
    committed_on: Mapped[date | None]  # first day of a commitment that a larger scope began again (004-36)
    extended_on: Mapped[date | None]  # its periods are counted from that day, since force majeure (003-37)
    follows_id: Mapped[int | None] = mapped_column(ForeignKey("subscription.id"))  # main service (004-04)
    billed_before: Mapped[date]  # first day that no charge covers yet
    state: Mapped[SubscriptionState] = mapped_column(default=S.ACTIVE)
    notified_on: Mapped[date | None]  # the notice was sent that day
    notice_reason: Mapped[str | None] = mapped_column(String(40))
    notice_fields: Mapped[dict[str, Any] | None] = mapped_column(JSON)  # how the notice was given
    ends_on: Mapped[date | None]  # first day without service
    held_since: Mapped[date | None]  # first day of its present customer, where it passed to her (004-44)
    period_ends_on: Mapped[date | None] = mapped_column(index=True)  # échéance of the current period, if any
    last_notice_on: Mapped[date | None] = mapped_column(index=True)  # last day to refuse its renewal
    refund_cents: Mapped[int | None] = mapped_column(BigInteger)  # given back at the end, VAT as its price
    refund_clause: Mapped[str | None] = mapped_column(String(40))
    suspended_on: Mapped[date | None] = mapped_column(index=True)  # orders are refused since; data stay
    suspended_clause: Mapped[str] = mapped_column(String(40), default="", server_default="")
    suspended_cause: Mapped[str] = mapped_column(String(40), default="", server_default="")  # "": unpaid
    unused_since: Mapped[date | None] = mapped_column(index=True)  # last use, where it is long enough ago
    unused_kept: Mapped[date | None]  # the last use after which a person let it be all the same
    version: Mapped[int] = mapped_column()

    customer: Mapped[Customer] = relationship()
    product: Mapped[Product] = relationship()
    legal_entity: Mapped[LegalEntity] = relationship()
    amendments: Mapped[list[SignedAmendment]] = relationship(
        order_by=(SignedAmendment.effective_on, SignedAmendment.id)
    )
    price_steps: Mapped[list[PriceStep]] = relationship(  # the latest first
        order_by=(PriceStep.effective_on.desc(), PriceStep.id.desc()), viewonly=True
    )

    follows: Mapped["Subscription | None"] = relationship(remote_side="Subscription.id")
    changes: Mapped[list[SubscriptionChange]] = relationship(
        order_by=(SubscriptionChange.effective_on, SubscriptionChange.id), viewonly=True
    )

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    @property
    def terms(self) -> Stack:
        """The pinned documents and all that was signed since; a fact of a day reads ``terms.on(day)``."""
        return with_amendments(super().terms, self.amendments)

    @property
    def label(self) -> str:
        return f"{self.quantity} × {self.product_name}"

    @property
    def term_months(self) -> int:
        """Length of the contract's own period, which the notice refers to, in months."""
        return int(self.present_terms.get(f"plan.{self.plan.value}.period_months").value)

    def term_anchor(self, on: date) -> date:
        """From when the contract's own period of a day is counted, or that of its main service."""
        if self.follows is not None:
            return self.follows.term_anchor(on)
        again = self.committed_on
        return again if again is not None and again <= on else self.started_on

    def term_ends_on(self, on: date) -> date:
        """Échéance of the period that contains a day."""
        return period_at(self.term_anchor(on), self.term_months, on).ends_on

    @property
    def last_usable_on(self) -> date:
        return last_usable_day(self.billed_before)

    def shown_state(self) -> str:
        return shown_state_of(self)

    @property
    def is_over(self) -> bool:
        return self.ends_on is not None and self.ends_on <= clock.today()

    @property
    def coming_prices(self) -> list[PriceStep]:
        """Announced prices that no period has begun with yet, the nearest first."""
        coming = (step for step in reversed(self.price_steps) if step.effective_on >= self.billed_before)
        return [step for step in coming if step.recalled_on is None]

    def take_price(self, unit_cents: int, start: date) -> None:
        """The price of the period that begins; earlier periods and their invoices keep theirs."""
        if unit_cents != self.unit_cents:
            before, after = str(self.unit_cents), str(unit_cents)
            record(self, "take_price", by=SYSTEM, before=before, after=after, start=start.isoformat())
            self.unit_cents = unit_cents

    def follow_terms(self, versions: list[str], *, by: Actor) -> None:
        """From now on these document versions count; the journal keeps those that counted before."""
        before = ", ".join(self.terms_versions)
        record(self, "follow_terms", by=by, pinned_before=before, pinned_after=", ".join(versions))
        self.terms_versions = versions

    def give_notice(
        self, *, sent_on: date, ends_on: date, reason: str, fields: dict[str, Any], by: Actor
    ) -> None:
        """fields: how the notice was given, as the engine is asked about it again."""
        self._take("give_notice", by=by, ends_on=ends_on.isoformat(), reason=reason)
        self.notified_on, self.ends_on, self.notice_reason = sent_on, ends_on, reason
        self.notice_fields = fields
        subscription_moved.send(self)

    def take_back_notice(self, why: str, *, by: Actor) -> None:
        """Both have agreed that the contract goes on as if no notice had been given."""
        step_ = "take_back_notice" if self.suspended_on is None else "take_back_suspended"
        self._take(step_, by=by, reason=why, ends_on=str(self.ends_on))
        self.notified_on = self.ends_on = self.notice_reason = self.notice_fields = None
        self.refund_cents = self.refund_clause = None
        subscription_moved.send(self)

    def charge_row(self, *, origin: str, label: str, unit_cents: int, **values: Any) -> dict[str, Any]:
        """The columns of a charge under this contract: its means of payment, and when it says to pay.

        values: where it differs; ``quantity`` is 1, ``includes_vat`` as the contract's own price.
        """
        due = self.present_terms.find("invoice.due")
        own = {
            "quantity": 1,
            "includes_vat": self.includes_vat,
            "vat_basis_points": self.vat_basis_points,
            "method": self.method_on(clock.today()),
            "due_rule": due.value if due else None,
            **own_references(self),
        }
        return charge_row(
            self.customer, origin=origin, label=label, unit_cents=unit_cents, **{**own, **values}
        )

    def owe(self, *, origin: str, label: str, unit_cents: int, **values: Any) -> None:
        """Charge something under this contract, once for each ``origin``."""
        add_charges([self.charge_row(origin=origin, label=label, unit_cents=unit_cents, **values)])

    @property
    def is_billed_in_arrears(self) -> bool:
        """Source: 003-45."""
        plan = "on_demand" if self.gb_month_cents is not None else "fixed_term"
        said = self.present_terms.find(f"billing.{plan}")
        return said is not None and said.value == "arrears"

    def move_end(self, ends_on: date, *, by: Actor) -> None:
        """The contract lasts longer than its notice said (003-23); it is never shortened so."""
        if self.state != S.NOTICE_GIVEN or self.ends_on is None or ends_on <= self.ends_on:
            raise Refused(_("La fin de ce contrat ne peut pas être repoussée."))
        record(self, "move_end", by=by, before=self.ends_on.isoformat(), after=ends_on.isoformat())
        self.ends_on = ends_on
        subscription_moved.send(self)

    def suspend(self, clause: str, *, cause: str = "", by: Actor) -> None:
        """New orders are refused. Vaults and data stay; keys stop where the contract lets the provider
        suspend the service itself (:mod:`.key_ends`).

        cause: "" for what is not paid in spite of a formal notice; another one lasts until a person lifts it.
        Billing goes on, since the contract says so (003-16: a suspension does not extend the term).

        Source: 003-14, 003-15, 003-16, 000-51, 000-54, 001-36, 001-45, 004-40.
        """
        if self.is_over or self.suspended_on is not None:
            raise Refused(_("Cet abonnement est déjà suspendu, ou terminé."))
        self._take("suspend_leaving" if self.state == S.NOTICE_GIVEN else "suspend", by=by, reason=clause)
        self.suspended_on, self.suspended_clause, self.suspended_cause = clock.today(), clause, cause
        subscription_moved.send(self)

    def reinstate(self, why: str = "", *, by: Actor) -> None:
        """What was owed is paid, or a person lets the customer order again, with a reason.

        Source: 003-15.
        """
        if self.suspended_on is None:
            raise Refused(_("Cet abonnement n'est pas suspendu."))
        self._take("reinstate_leaving" if self.state == S.NOTICE_GIVEN else "reinstate", by=by, reason=why)
        self.suspended_on, self.suspended_clause, self.suspended_cause = None, "", ""
        subscription_moved.send(self)

    def withdraw(self, *, on: date, refund_cents: int, by: Actor) -> None:
        self._take("withdraw", by=by, refund_cents=refund_cents)
        self.notified_on = self.ends_on = on
        self.refund_cents = refund_cents
        subscription_moved.send(self)


def subscriptions_of(*customers: Customer) -> list[Subscription]:
    """With what the price of a period asks for, however many they are."""
    wanted = Subscription.customer_id.in_([customer.id for customer in customers])
    query = select(Subscription).where(wanted)
    query = query.options(
        selectinload(Subscription.price_steps),
        selectinload(Subscription.amendments),
        selectinload(Subscription.changes),
    )
    return list(db.session.scalars(query.order_by(Subscription.customer_id, Subscription.id)))
