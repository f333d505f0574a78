"""What another means of payment would mean, before anything is decided."""

from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock
from portal.billing.models import Proforma
from portal.catalogue.models import Method
from portal.db import db
from portal.errors import Refused
from portal.resellers.models import issuer_for
from portal.sepa.models import Mandate, find_usable_mandate, mandate_at_bank, open_mandate
from portal.subscriptions.changes import ChangeKind, billed_period
from portal.subscriptions.models import Order, OrderState, Subscription
from portal.subscriptions.offers import check_means
from portal.subscriptions.renewals import renewal_of
from portal.terms.stack import Stack


@dataclass(frozen=True, slots=True)
class Way:
    """One means of payment as the contract stands when it would count; clause: what names it, or ""."""

    method: Method
    clause: str
    refusal: Refused | None


@dataclass(frozen=True, slots=True)
class MeansPlan:
    """effective_on: first day of the first period that another means pays.

    asked: the pro-forma that asks for the period before it, if one has left.
    """

    ways: tuple[Way, ...]
    effective_on: date
    asked: Proforma | None
    mandate: Mandate | None
    at_bank: Mandate | None

    @property
    def allowed(self) -> tuple[Way, ...]:
        return tuple(way for way in self.ways if way.refusal is None)

    @property
    def refused(self) -> tuple[Way, ...]:
        return tuple(way for way in self.ways if way.refusal is not None)


def first_free_period(subscription: Subscription) -> date:
    """The first day of the first period that has not begun, is not invoiced, and that no pro-forma asks for.

    What has begun keeps its means however late it is billed, and so does the key that it pays.

    Source: 000-13, 000-14, 001-11, 001-13, 001-14, 000-56.
    """
    start = subscription.billed_before
    while start <= clock.today():
        start = billed_period(subscription, start).ends_on
    if start == subscription.billed_before and renewal_of(subscription) is not None:
        start = billed_period(subscription, start).ends_on
    return start


def check_open(subscription: Subscription, effective_on: date) -> None:
    """Raises Refused for a contract without a period to pay so, and beside another length that is agreed on.

    effective_on: first day that another means would pay.
    """
    ends_on = subscription.ends_on
    if ends_on is not None and ends_on <= effective_on:
        raise Refused(_("Ce contrat finit avant : il n'a plus de période à payer autrement."))
    if any(row.is_open and row.kind == ChangeKind.LENGTH for row in subscription.changes):
        raise Refused(_("Une autre durée est demandée, avec son moyen de paiement : annulez-la d'abord."))


def plan_means(subscription: Subscription) -> MeansPlan:
    """Every means of payment, with its clause or what keeps the contract from it, and from when one counts.

    Source: 000-16, 001-12, 001-14, 003-49.
    """
    customer, entity = subscription.customer, issuer_for(subscription.customer)
    others = (method for method in Method if method != subscription.method)
    effective_on = first_free_period(subscription)
    terms = subscription.terms.on(effective_on)  # an amendment may count from that very period
    return MeansPlan(
        tuple(_way(subscription, method, terms) for method in others),
        effective_on,
        renewal_of(subscription),
        find_usable_mandate(customer, entity, clock.today()),
        mandate_at_bank(customer, entity),
    )


def clause_of(subscription: Subscription) -> str:
    """The clause of the contract, with its amendments, that names its means of payment; "" without one."""
    return _clause(subscription, subscription.present_terms)


def _clause(subscription: Subscription, terms: Stack) -> str:
    said = terms.find(f"plan.{subscription.plan.value}.payment_methods") or terms.find("payment.methods")
    return said.clause if said else ""


def _way(subscription: Subscription, method: Method, terms: Stack) -> Way:
    refusal = None
    try:
        check_means(subscription.product, terms, method, subscription.customer)
    except Refused as found:
        refusal = found
    return Way(method, _clause(subscription, terms), refusal)


def awaited_mandate(subscription: Subscription) -> Mandate | None:
    """The mandate that a wish to be debited waits for: with the signatory, or with her bank."""
    customer, entity = subscription.customer, issuer_for(subscription.customer)
    return open_mandate(customer, entity) or mandate_at_bank(customer, entity)


def idle_mandate(subscription: Subscription) -> Mandate | None:
    """The usable mandate that neither a contract nor an order of this customer uses any more."""
    customer = subscription.customer
    mandate = find_usable_mandate(customer, issuer_for(customer), clock.today())
    return None if mandate is None or _is_debited(customer.id) else mandate


def is_wanted_elsewhere(subscription: Subscription) -> bool:
    """Does something else of this customer than this wish wait for a mandate, or pay by one?"""
    return _is_debited(subscription.customer_id, but=subscription.id)


def _is_debited(customer_id: int, but: int = 0) -> bool:
    running = select(Subscription.id).where(
        Subscription.customer_id == customer_id,
        Subscription.id != but,
        db.or_(Subscription.method == Method.DIRECT_DEBIT, Subscription.coming_method == Method.DIRECT_DEBIT),
        db.or_(Subscription.ends_on.is_(None), Subscription.ends_on > clock.today()),
    )
    waiting = select(Order.id).where(
        Order.customer_id == customer_id, Order.state == OrderState.AWAITING_MANDATE
    )
    return any(db.session.scalars(query).first() is not None for query in (running, waiting))
