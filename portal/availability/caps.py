"""The caps on the provider's liability under one contract, each with what it is counted on and its clause."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, or_, select

from portal import clock
from portal.availability.credits import charge_marks, turnover
from portal.billing.models import Charge, Invoice, Payment
from portal.billing.rules import totals
from portal.customers.models import CustomerKind
from portal.db import db
from portal.deadlines import add_months
from portal.incidents.liability import Basis, LiabilityCap, annual_fee_cap, general_cap, hosting_caps
from portal.panels import Panel
from portal.subscriptions.models import Subscription
from portal.subscriptions.panels import subscription_panel
from portal.terms.stack import Stack

_UNKNOWN = 10**15  # cents: a loss that nobody has told yet lowers no cap
WORDS = {
    Basis.ANNUAL_FEE: _l("une année d'abonnement"),
    Basis.HALF_CASHED: _l("la part du contrat dans ce qui a été encaissé HT en douze mois"),
    Basis.LAST_MONTH: _l("douze fois le dernier mois HT du service"),
    Basis.HOSTING_MONTH: _l("la redevance mensuelle d'hébergement"),
    Basis.PAID_MONTHS: _l("ce qui a été payé HT dans les mois qui précèdent"),
    Basis.LOSS: _l("le préjudice direct"),
    Basis.BELOW_THRESHOLD: _l("préjudice sous le seuil"),
    Basis.NONE: "",
}


@dataclass(frozen=True, slots=True)
class ShownCap:
    """One cap and its clauses. threshold_cents: below which loss nothing is owed, 0 where nothing says so."""

    cap: LiabilityCap
    clauses: str
    threshold_cents: int = 0

    @property
    def counted_on(self) -> str:
        return str(WORDS[self.cap.basis])


def caps_of(subscription: Subscription, on: date) -> list[ShownCap]:
    """What the contract prints, for an event of that day; where it prints two, both: a person decides.

    Never against a consumer; gross fault and harm to persons lift them, which the page says.

    Source: 000-50, 001-35, 003-35, 003-36, 004-22, 004-26; L9, A3.
    """
    stack = subscription.terms.on(on)
    consumer = subscription.customer.kind == CustomerKind.CONSUMER
    return [
        *_annual(subscription, stack, consumer),
        *_general(subscription, stack, on, consumer),
        *_hosting(subscription, stack, on, consumer),
    ]


def _annual(subscription: Subscription, stack: Stack, consumer: bool) -> Iterator[ShownCap]:
    said = stack.find("liability.cap_annual_fees")
    if said is not None:
        cents = int(said.value) * 12 * subscription.net_cents // subscription.billing_months
        yield ShownCap(annual_fee_cap(cents, consumer=consumer, gross_fault=False), said.clause)


def _general(subscription: Subscription, stack: Stack, on: date, consumer: bool) -> Iterator[ShownCap]:
    share, months = (
        stack.find("liability.cap_share_of_cashed_basis_points"),
        stack.find("liability.cap_last_months"),
    )
    counted, least = stack.find("liability.cap_cashed_months"), stack.find("liability.threshold_cents")
    if share is None or months is None or counted is None or least is None:
        return
    cap = general_cap(
        cashed_cents=cashed_cents(subscription, add_months(on, -int(counted.value)), on),
        cashed_share_basis_points=int(share.value),
        last_month_cents=turnover(subscription, add_months(on.replace(day=1), -1)).month_cents,
        months=int(months.value),
        loss_cents=_UNKNOWN,
        threshold_cents=int(least.value),
        consumer=consumer,
        gross_fault=False,
    )
    yield ShownCap(cap, f"{share.clause}, {least.clause}", int(least.value))


def _hosting(subscription: Subscription, stack: Stack, on: date, consumer: bool) -> Iterator[ShownCap]:
    months, paid = stack.find("liability.cap_hosting_months"), stack.find("liability.cap_paid_months")
    if months is None or paid is None:
        return
    caps = hosting_caps(
        monthly_hosting_cents=subscription.net_cents // subscription.billing_months,
        months=int(months.value),
        paid_cents=cashed_cents(subscription, add_months(on, -int(paid.value)), on),
        consumer=consumer,
        gross_fault=False,
    )
    yield from (ShownCap(cap, each.clause) for cap, each in zip(caps, (months, paid), strict=True))


def cashed_cents(subscription: Subscription, first: date, before: date) -> int:
    """What was cashed without VAT for one contract, from the first day to the day before the event.

    Of an invoice with other things on it, the contract's part of each payment.

    Source: 003-35, 004-26.
    """
    marks = [Charge.origin.startswith(mark, autoescape=True) for mark in charge_marks(subscription)]
    mine = Charge.customer_id == subscription.customer_id
    charges = db.session.scalars(select(Charge).where(mine, Charge.invoice_id.is_not(None), or_(*marks)))
    nets: dict[int, int] = {}
    for charge in charges:
        if charge.invoice_id is not None:
            nets[charge.invoice_id] = nets.get(charge.invoice_id, 0) + totals([charge.priced]).net_cents
    sums = (
        select(Payment.invoice_id, Invoice.gross_cents, func.sum(Payment.amount_cents))
        .join(Invoice, Invoice.id == Payment.invoice_id)
        .where(Payment.invoice_id.in_(nets), Payment.received_on >= first, Payment.received_on < before)
        .group_by(Payment.invoice_id, Invoice.gross_cents)
    )
    rows = db.session.execute(sums).all()
    return sum(nets[invoice] * int(paid) // gross for invoice, gross, paid in rows if gross)


@subscription_panel(rank=85)
def caps_panel(subscription: Subscription) -> Panel | None:
    caps = caps_of(subscription, clock.today())
    return Panel("availability/_caps.html", {"caps": caps}) if caps else None
