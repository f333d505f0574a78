"""What a month owes a customer (avoir SLA): proposed before she asks, and decided by a person."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, UniqueConstraint, or_, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.actor import Actor
from portal.availability.claims import is_claimed, reservations_of
from portal.availability.months import ServiceMonth, months_of_subscription
from portal.availability.rules import month_share_cents
from portal.billing.models import Charge, Invoice, InvoiceState
from portal.billing.rules import totals
from portal.customers.models import ContactRole, Customer
from portal.db import Tenant, db
from portal.deadlines import add_months
from portal.errors import Refused
from portal.incidents.credits import Credit, Measured, credit_usable_through, mean_month_cents, service_credit
from portal.journal import SYSTEM, record
from portal.mail import queue_mail
from portal.stateful import Stateful, step
from portal.subscriptions.called_off import is_called_off
from portal.subscriptions.models import Subscription
from portal.wording import N_

_KINDS = ("subscription", "change", "usage")  # of charges that are turnover of a subscription


class CreditState(StrEnum):
    PROPOSED = "sla_proposed"
    GRANTED = "sla_granted"
    USED = "sla_used"
    REFUSED = "sla_refused"
    LAPSED = "sla_lapsed"
    LOST = "sla_lost"  # a payment was late in that month


C = CreditState
OPEN = (C.PROPOSED, C.LOST)


class ServiceCredit(Tenant, Stateful, db.Model):
    """The credit of one month of a subscription; a corrected month has a further part, the difference."""

    __tablename__ = "service_credit"
    __table_args__ = (
        UniqueConstraint("subscription_id", "month", "part"),
        Index("ix_service_credit_state", "state", "month", "id"),
    )

    steps = {
        "accept": step(C.PROPOSED, to=C.GRANTED),
        "refuse": step(C.PROPOSED, to=C.REFUSED),
        "use_up": step(C.GRANTED, to=C.USED),
        "lapse": step(C.PROPOSED, C.GRANTED, to=C.LAPSED),
    }

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"), index=True)
    month: Mapped[date]  # its first day
    part: Mapped[int] = mapped_column(default=1)
    state: Mapped[CreditState] = mapped_column(default=C.PROPOSED)
    raw_cents: Mapped[int] = mapped_column(BigInteger)  # the formula's result for the month, without VAT
    cents: Mapped[int] = mapped_column(BigInteger)  # what this part gives, after the caps, without VAT
    used_cents: Mapped[int] = mapped_column(BigInteger, default=0)
    working: Mapped[dict[str, Any]] = mapped_column(JSON)  # figures, caps and clauses, see :func:`_working`
    proposed_on: Mapped[date]
    granted_on: Mapped[date | None]
    usable_through: Mapped[date | None] = mapped_column(index=True)
    why: Mapped[str] = mapped_column(String(300), default="")  # it was refused
    version: Mapped[int] = mapped_column()

    customer: Mapped[Customer] = relationship()
    subscription: Mapped[Subscription] = relationship()

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    @property
    def left_cents(self) -> int:
        return self.cents - self.used_cents

    def is_current(self) -> bool:
        """Work its month out anew; False where that changes the proposal, or nothing is owed any more."""
        seen = self.cents
        return not self.can("accept") or (
            propose(self.subscription, self.month) is self and self.can("accept") and self.cents == seen
        )

    def accept(self, *, by: Actor) -> None:
        """Granted for as long as the contract says, on the services of the same subscription.

        Source: 003-30.
        """
        self._take("accept", by=by, cents=self.cents)
        months = self.subscription.terms.number("sla.credit_months")
        self.tell(credit_usable_through(clock.today(), months))

    def tell(self, usable_through: date) -> None:
        """It counts from today on, and its customer reads so."""
        self.granted_on, self.usable_through = clock.today(), usable_through
        queue_mail(
            self.customer.contact(ContactRole.BILLING),
            "availability/mail_credit.txt",
            about=self.subscription,
            owner=self.customer.organisation,
            language=self.customer.language,
            credit=self,
        )

    def refuse(self, why: str, *, by: Actor) -> None:
        """Raises Refused without a reason."""
        if not why.strip():
            raise Refused(N_("Dites pourquoi cet avoir est refusé."), field="why")
        self._take("refuse", by=by, reason=why.strip())
        self.why = why.strip()

    def lapse(self, *, by: Actor) -> None:
        """Its year is over. Source: 003-30."""
        self._take("lapse", by=by)

    def use(self, cents: int, *, by: Actor) -> None:
        """So much of it stands on a credit note now."""
        self.used_cents += cents
        if self.left_cents == 0:
            self._take("use_up", by=by)


@dataclass(frozen=True, slots=True)
class Base:
    """What the amounts are reckoned on, in cents without VAT."""

    month_cents: int  # the invoice of the month
    mean_cents: int  # the mean month of the rolling year
    months: int  # how many months the mean has


def turnover(subscription: Subscription, month: date) -> Base:
    """The turnover of a subscription, which is the customer's account under that contract.

    Source: 003-31, 003-75.
    """
    first = max(add_months(month, -11), subscription.started_on.replace(day=1))
    count = (month.year - first.year) * 12 + month.month - first.month + 1
    months = [add_months(first, n) for n in range(max(count, 1))]
    sums = dict.fromkeys(months, 0)
    for charge, starts_on in _charges(subscription):
        net, length = totals([charge.priced]).net_cents, _months_of(charge, subscription)
        for each in months:
            sums[each] += month_share_cents(net, starts_on, length, each)
    return Base(sums[months[-1]], mean_month_cents(list(sums.values())), len(months))


def charge_marks(subscription: Subscription) -> list[str]:
    """How the origins of its charges begin."""
    return [f"{kind}:{subscription.uid}:" for kind in _KINDS]


def _charges(subscription: Subscription) -> list[tuple[Charge, date]]:
    """What was owed under it by its present customer, with the first day that each charge is for."""
    marks = [Charge.origin.startswith(mark, autoescape=True) for mark in charge_marks(subscription)]
    query = select(Charge).where(
        Charge.customer_id == subscription.customer_id, Charge.dropped_on.is_(None), or_(*marks)
    )
    charges = db.session.scalars(query.order_by(Charge.id))
    return [(each, _starts_on(each)) for each in charges if not is_called_off(each.origin)]


def _starts_on(charge: Charge) -> date:
    """Origins end with the day or the month that they are for; what has none is for the day it was owed."""
    text = charge.origin.rpartition(":")[2]
    with suppress(ValueError):
        return date.fromisoformat(text if len(text) > len("2026-11") else f"{text}-01")
    return clock.paris_day(charge.created_at)


def _months_of(charge: Charge, subscription: Subscription) -> int:
    return subscription.billing_months if charge.origin.startswith("subscription:") else 1


def is_overdue(customer: Customer, month: date) -> bool:
    """Was she late in paying on a day of that month?

    Source: 003-33.
    """
    first, last = month, min(add_months(month, 1) - timedelta(days=1), clock.today())
    query = select(Invoice.id).where(
        Invoice.customer_id == customer.id,
        Invoice.due_on < last,
        or_(
            Invoice.state == InvoiceState.ISSUED,
            (Invoice.paid_on > first) & (Invoice.paid_on > Invoice.due_on),
        ),
    )
    return db.session.scalars(query).first() is not None


def propose(subscription: Subscription, month: date) -> ServiceCredit | None:
    """Work a month out, and keep what it owes beyond what was decided before; None where nothing new is owed.

    A proposal that nobody has decided on follows what is known; a decided one stays, and a further part has
    the difference. What was granted is never taken back.

    Source: 003-31, 003-33, 003-75, 003-76.
    """
    stack = subscription.terms.on(month)
    if stack.find("sla.penalty_factor") is None:
        return None
    services = months_of_subscription(subscription, month)
    base, overdue = turnover(subscription, month), is_overdue(subscription.customer, month)
    credit = service_credit(
        _measured(services),
        factor=stack.number("sla.penalty_factor"),
        mean_month_cents=base.mean_cents,
        invoice_cents=base.month_cents,
        invoice_cap_basis_points=stack.number("sla.cap_invoice_basis_points"),
        overdue=overdue and bool(stack.number("sla.suspended_when_late")),
    )
    rows = credits_of(subscription, month)
    before = sum(row.cents for row in rows if row.state not in OPEN)
    working = _working(subscription, month, services, base, credit) | {"before_cents": before}
    return _keep(subscription, month, rows, credit, credit.payable_cents - before, working)


def _measured(services: list[ServiceMonth]) -> list[Measured]:
    return [
        Measured(each.promise.service, each.promise.percent, each.percent)
        for each in services
        if each.promise.percent is not None and each.percent is not None
    ]


def _keep(
    subscription: Subscription,
    month: date,
    rows: list[ServiceCredit],
    credit: Credit,
    cents: int,
    working: dict[str, Any],
) -> ServiceCredit | None:
    open_ = next((row for row in rows if row.state in OPEN), None)
    lost = not credit.payable_cents and credit.raw_cents > 0 and credit.cap == "overdue"
    if open_ is None and cents <= 0 and not (lost and not rows):
        return None
    if open_ is not None and cents <= 0 and not lost:
        db.session.delete(open_)
        record(subscription, "sla_gone", by=SYSTEM, month=f"{month:%Y-%m}")
        return None
    if open_ is None:
        open_ = ServiceCredit(
            organisation=subscription.customer.organisation,
            customer_id=subscription.customer_id,
            subscription_id=subscription.id,
            subscription=subscription,
            month=month,
            part=len(rows) + 1,
            used_cents=0,
            why="",
            proposed_on=clock.today(),
        )
        db.session.add(open_)
        record(subscription, "sla_propose", by=SYSTEM, month=f"{month:%Y-%m}", cents=max(cents, 0))
    values = {
        "raw_cents": credit.raw_cents,
        "cents": max(cents, 0),
        "working": working,
        "state": C.LOST if lost else C.PROPOSED,
    }
    for name, value in values.items():
        if getattr(open_, name, None) != value:
            setattr(open_, name, value)
    db.session.flush()
    return open_


def _working(
    subscription: Subscription, month: date, services: list[ServiceMonth], base: Base, credit: Credit
) -> dict[str, Any]:
    """Every figure of the calculation as it was then: what a person decides on, and the customer reads."""
    parts = dict(credit.parts)
    return {
        "services": [
            {
                "service": each.promise.service,
                "clause": each.promise.clause,
                "promised": str(each.promise.percent),
                "measured": f"{each.percent:.4f}",
                "cents": parts[each.promise.service],
                "missing": each.missing,
                "days": [
                    {
                        "day": day.day.isoformat(),
                        "counted": f"{day.counted:.0f}",
                        "out": f"{day.excluded:.0f}",
                    }
                    for day in each.days
                    if day.counted or day.excluded
                ],
            }
            for each in services
            if each.promise.percent is not None and each.percent is not None and parts[each.promise.service]
        ],
        "mean_cents": base.mean_cents,
        "mean_months": base.months,
        "month_cents": base.month_cents,
        "payable_cents": credit.payable_cents,
        "cap": credit.cap.value if credit.cap else "",
        "reservations": [each.number for each in reservations_of(subscription, month)],
        "claimed": is_claimed(subscription, month),
    }


def has_open_credits(contract: str, month: date) -> bool:
    """Does a proposal of that month wait, of whoever has the contract?"""
    query = select(ServiceCredit.id).join(Subscription, ServiceCredit.subscription_id == Subscription.id)
    found = query.where(
        Subscription.terms_stack == contract, ServiceCredit.month == month, ServiceCredit.state.in_(OPEN)
    )
    return db.session.scalars(found).first() is not None


def credits_of(subscription: Subscription, month: date) -> list[ServiceCredit]:
    query = select(ServiceCredit).where(
        ServiceCredit.subscription_id == subscription.id, ServiceCredit.month == month
    )
    return list(db.session.scalars(query.order_by(ServiceCredit.part)))
