"""A month's invoiced periods and changes of a reseller's customers: sold, bought and kept, without VAT."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, case, func, or_, select
from sqlalchemy.orm import joinedload

from portal.accounts.models import Organisation
from portal.answers.rules.consumers import used_share_cents
from portal.billing.models import Charge, Invoice
from portal.billing.rules import Priced, totals
from portal.catalogue.models import Product
from portal.catalogue.price_lists import PriceList, price_list
from portal.customers.models import Customer
from portal.db import db
from portal.deadlines import add_months
from portal.subscriptions.changes import ChangeKind, SubscriptionChange, billed_period, sold_on
from portal.subscriptions.models import Subscription
from portal.subscriptions.periods import consumed_before

_ORIGIN = "subscription:"  # of a charge for a period: then the subscription, and the first day
_CHANGE = "change:"  # of what a change adds to begun periods: the subscription, the change, and the first day
_UID = 16  # characters of a subscription's uid


@dataclass(slots=True)
class Sum:
    """Cents without VAT. bought: None where no buying price was agreed for one of the periods."""

    quantity: int = 0
    sold: int = 0
    bought: int | None = 0

    @property
    def margin(self) -> int | None:
        return None if self.bought is None else self.sold - self.bought

    def add(self, other: "Sum") -> None:
        self.quantity += other.quantity
        self.sold += other.sold
        known = self.bought is not None and other.bought is not None
        self.bought = self.bought + other.bought if known else None  # type: ignore[operator]


def invoiced(reseller: Organisation, month: date | None = None) -> Select[Any]:
    """The charges for periods on the invoices to the reseller's own customers, with customer and invoice.

    month: its first day; None for all of them.
    """
    query = (
        select(Charge)
        .join(Invoice, Invoice.id == Charge.invoice_id)
        .join(Customer, Customer.id == Charge.customer_id)
        .where(Customer.reseller_id == reseller.id, is_counted())
    )
    if month is None:
        return query
    return query.where(Invoice.issued_on >= month, Invoice.issued_on < add_months(month, 1))


def is_counted() -> ColumnElement[bool]:
    """Of a charge: it is for a period, or for a change of one."""
    return or_(*(Charge.origin.startswith(mark, autoescape=True) for mark in (_ORIGIN, _CHANGE)))


def first_of_each(reseller: Organisation) -> Select[Any]:
    """One charge for each customer, product and month: the first; its line stands for all of them."""
    changed = Charge.origin.startswith(_CHANGE, autoescape=True)
    begins = case((changed, len(_CHANGE) + 1), else_=len(_ORIGIN) + 1)
    sold = Subscription.uid == func.substr(Charge.origin, begins, _UID)
    year, month = (func.extract(part, Invoice.issued_on) for part in ("year", "month"))
    query = invoiced(reseller).join(Subscription, sold).with_only_columns(func.min(Charge.id))
    return query.group_by(Charge.customer_id, Subscription.product_id, year, month)


def sums_of(reseller: Organisation, charges: list[Charge]) -> dict[int, tuple[str, Sum]]:
    """Of each of these charges the product's name, and the sum of its customer, product and month."""
    months = {month_of(charge) for charge in charges}
    if not months:
        return {}
    wanted = invoiced(reseller).where(
        Charge.customer_id.in_({charge.customer_id for charge in charges}),
        Invoice.issued_on >= min(months),
        Invoice.issued_on < add_months(max(months), 1),
    )
    found: dict[tuple[int, int, date], Sum] = defaultdict(Sum)
    named: dict[int, tuple[tuple[int, int, date], str]] = {}
    for charge, product, part in parts_of(wanted, price_list(reseller.id)):
        key = (charge.customer_id, product.id, month_of(charge))
        found[key].add(part)
        named[charge.id] = key, product.name
    return {charge.id: (named[charge.id][1], found[named[charge.id][0]]) for charge in charges}


def month_of(charge: Charge) -> date:
    """The first day of the month in which it was invoiced."""
    assert charge.invoice is not None and charge.invoice.issued_on is not None
    return charge.invoice.issued_on.replace(day=1)


def total_of(reseller: Organisation, month: date) -> Sum:
    """Of all customers in a month, whatever the page shows."""
    total = Sum()
    for _charge, _product, part in parts_of(invoiced(reseller, month), price_list(reseller.id)):
        total.add(part)
    return total


def parts_of(query: Select[Any], prices: PriceList) -> Iterable[tuple[Charge, Product, Sum]]:
    """Each charge with its product, what it was sold for and what it is bought for.

    A unit is bought at its price without VAT, rounded once: what is invoiced in bulk is the sum of its parts.
    """
    charges = db.session.scalars(query.options(joinedload(Charge.invoice))).all()
    uids = {charge.origin.split(":")[1] for charge in charges}
    sold = db.session.execute(
        select(Subscription, Product)
        .join(Product, Product.id == Subscription.product_id)
        .where(Subscription.uid.in_(uids))
    )
    subscriptions = {row.uid: (row, product) for row, product in sold}
    changes = _changes_of(charges)
    for charge in charges:
        kind, uid, what, *_day = charge.origin.split(":")
        subscription, product = subscriptions[uid]
        if f"{kind}:" == _CHANGE:
            cost = _bought_of_change(changes[what], charge, prices)
            yield charge, product, Sum(0, _net(charge, charge.unit_cents), cost)
            continue
        start, net = date.fromisoformat(what), _net(charge, charge.unit_cents)
        if (share := _share_of(subscription, start)) is not None:
            whole = _for_all(prices, product, share.quantity, start)
            own = None if whole is None else used_share_cents(whole, share.used_days, share.days)
            yield charge, product, Sum(1, net, None if own is None else _net_of_one(charge, own))
            continue
        bought = prices.wholesale(product, charge.quantity, start)
        paid = None if bought is None else charge.quantity * _net_of_one(charge, bought)
        yield charge, product, Sum(charge.quantity, net, paid)


class Share(NamedTuple):
    """Of a period in which a contract ended: its units, and how many of its days were used."""

    quantity: int
    used_days: int
    days: int


def _share_of(subscription: Subscription, start: date) -> Share | None:
    """None for a period that is billed whole; its charge else is one unit, for the days of use.

    Source: 003-45, 003-06, 003-17.
    """
    ends_on = subscription.ends_on
    if ends_on is None or start >= ends_on or not subscription.is_billed_in_arrears:
        return None
    end = billed_period(subscription, start).ends_on
    last = consumed_before(subscription, start, end)
    if last >= end:
        return None
    return Share(sold_on(subscription, start).quantity, (last - start).days, (end - start).days)


Changes = dict[str, tuple[SubscriptionChange, Product, Product]]


def _changes_of(charges: Sequence[Charge]) -> Changes:
    """The changes of these charges by their uid, with the products before and after."""
    uids = {each.origin.split(":")[2] for each in charges if each.origin.startswith(_CHANGE)}
    if not uids:
        return {}
    query = select(SubscriptionChange).where(SubscriptionChange.uid.in_(uids))
    rows = db.session.scalars(query).all()
    sold = {side["product"] for row in rows for side in (row.before, row.after)}
    products = {each.uid: each for each in db.session.scalars(select(Product).where(Product.uid.in_(sold)))}
    return {row.uid: (row, products[row.before["product"]], products[row.after["product"]]) for row in rows}


def _bought_of_change(
    found: tuple[SubscriptionChange, Product, Product], charge: Charge, prices: PriceList
) -> int | None:
    """What the reseller pays for it, by the same days: the units are no further ones, their price is.

    Never below zero: a begun period is not bought back. None where no buying price was agreed, before or
    after.
    """
    row, before, after = found
    old = _for_all(prices, before, row.before["quantity"], row.effective_on)
    new = _for_all(prices, after, row.after["quantity"], row.effective_on)
    if old is None or new is None:
        return None
    if row.kind == ChangeKind.LENGTH:
        cents = new - sum(old * piece["days"] // piece["of"] for piece in row.pieces[1:])
    else:
        day = charge.origin.rpartition(":")[2]
        piece = next(each for each in row.pieces if each["starts_on"] == day)
        cents = (new - old) * piece["days"] // piece["of"]
    return _net_of_one(charge, max(cents, 0))


def _for_all(prices: PriceList, product: Product, quantity: int, day: date) -> int | None:
    unit = prices.wholesale(product, quantity, day)
    return None if unit is None else quantity * unit


def _net(charge: Charge, unit_cents: int) -> int:
    line = Priced("", charge.quantity, unit_cents, charge.includes_vat, charge.vat_basis_points)
    return totals([line]).net_cents


def _net_of_one(charge: Charge, unit_cents: int) -> int:
    return totals([Priced("", 1, unit_cents, charge.includes_vat, charge.vat_basis_points)]).net_cents
