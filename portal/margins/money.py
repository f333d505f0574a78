"""A year of a reseller's money: by customer, by product, by month; what is unpaid, and the next month."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from portal import clock
from portal.accounts.models import Organisation
from portal.billing.credit_models import CreditNote
from portal.billing.models import Charge, Invoice, InvoiceState, Payment
from portal.billing.rules import Priced, totals
from portal.catalogue.price_lists import PriceList, price_list
from portal.customers.models import Customer
from portal.db import db
from portal.deadlines import add_months
from portal.margins.sums import Sum, invoiced, month_of, parts_of
from portal.subscriptions.changes import billed_period, sold_on
from portal.subscriptions.models import Subscription, SubscriptionState

MONTHS = 12  # the present one and those before


@dataclass(slots=True)
class Unpaid:
    """Invoices that are not paid, and cents with VAT still to come; late: of those past their day."""

    invoices: int = 0
    cents: int = 0
    late_cents: int = 0


@dataclass(slots=True)
class Money:
    """Cents without VAT, by month (its first day), by customer (uid and name) and by product."""

    by_month: dict[date, Sum] = field(default_factory=lambda: defaultdict(Sum))
    by_customer: dict[tuple[str, str], Sum] = field(default_factory=lambda: defaultdict(Sum))
    by_product: dict[str, Sum] = field(default_factory=lambda: defaultdict(Sum))

    def add(self, month: date, customer: Customer, product: str, part: Sum) -> None:
        self.by_month[month].add(part)
        self.by_customer[customer.uid, customer.name].add(part)
        self.by_product[product].add(part)


def money_of(reseller: Organisation) -> Money:
    """Of what was invoiced in the last months; asks as often for few customers as for many."""
    first = add_months(clock.today().replace(day=1), 1 - MONTHS)
    query = invoiced(reseller).where(Invoice.issued_on >= first).options(joinedload(Charge.customer))
    money = Money()
    for charge, product, part in parts_of(query, price_list(reseller.id)):
        money.add(month_of(charge), charge.customer, product.name, part)
    money.by_month = dict(sorted(money.by_month.items(), reverse=True))
    money.by_customer = dict(sorted(money.by_customer.items(), key=lambda pair: -pair[1].sold))
    money.by_product = dict(sorted(money.by_product.items(), key=lambda pair: -pair[1].sold))
    return money


def unpaid_of(reseller: Organisation) -> Unpaid:
    """What the customers of a reseller still owe, whoever invoices them."""
    open_ = (
        select(Invoice.id, Invoice.gross_cents, Invoice.due_on)
        .join(Customer, Customer.id == Invoice.customer_id)
        .where(Customer.reseller_id == reseller.id, Invoice.state == InvoiceState.ISSUED)
        .where(Invoice.id.not_in(_bought_in_bulk()))
    )
    ids = open_.with_only_columns(Invoice.id)
    came: dict[int, int] = defaultdict(int)
    for column, cents in (
        (Payment.invoice_id, Payment.amount_cents),
        (CreditNote.invoice_id, CreditNote.gross_cents),
    ):
        for key, sum_ in db.session.execute(
            select(column, func.sum(cents)).where(column.in_(ids)).group_by(column)
        ):
            came[key] += int(sum_)
    found, today = Unpaid(), clock.today()
    for key, gross, due_on in db.session.execute(open_):
        rest = gross - came[key]
        found.invoices += 1
        found.cents += rest
        found.late_cents += rest if due_on < today else 0
    return found


def _bought_in_bulk() -> Select[Any]:
    """The invoices of resellers' own purchases: no customer owes them."""
    bulk = Charge.origin.startswith("wholesale:", autoescape=True)
    return select(Charge.invoice_id).where(bulk, Charge.invoice_id.is_not(None))


def forecast_of(reseller: Organisation) -> Sum:
    """The periods that begin next month of what runs today, at the prices of their first days."""
    first = add_months(clock.today().replace(day=1), 1)
    query = (
        select(Subscription)
        .join(Customer, Customer.id == Subscription.customer_id)
        .where(Customer.reseller_id == reseller.id, Subscription.state != SubscriptionState.WITHDRAWN)
        .where(or_(Subscription.ends_on.is_(None), Subscription.ends_on > first))
        .options(
            joinedload(Subscription.product),
            selectinload(Subscription.price_steps),
            selectinload(Subscription.amendments),
            selectinload(Subscription.changes),
        )
    )
    total, prices = Sum(), price_list(reseller.id)
    for row in db.session.scalars(query.order_by(Subscription.id)):
        for start in _starts(row, first):
            total.add(_coming(row, start, prices))
    return total


def _starts(row: Subscription, first: date) -> list[date]:
    """The first days of its periods in the month that begins on ``first``."""
    end, found = add_months(first, 1), []
    start = max(row.billed_before, row.started_on)
    while start < end and (row.ends_on is None or start < row.ends_on):
        if start >= first:
            found.append(start)
        start = billed_period(row, start).ends_on
    return found


def _coming(row: Subscription, start: date, prices: PriceList) -> Sum:
    sold = sold_on(row, start)
    bought = prices.wholesale(row.product, sold.quantity, start)
    net = totals(
        [Priced("", sold.quantity, sold.unit_cents, row.includes_vat, row.vat_basis_points)]
    ).net_cents
    if bought is None:
        return Sum(sold.quantity, net, None)
    one = totals([Priced("", 1, bought, row.includes_vat, row.vat_basis_points)]).net_cents
    return Sum(sold.quantity, net, sold.quantity * one)
