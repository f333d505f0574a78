"""A month's invoiced periods of one reseller's customers: sold, bought, and what remains, without VAT."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, select

from portal.accounts.models import Organisation
from portal.billing.models import Charge, Invoice
from portal.billing.rules import Priced, totals
from portal.catalogue.models import Product
from portal.catalogue.price_lists import PriceList, price_list
from portal.customers.models import Customer
from portal.db import db
from portal.deadlines import add_months
from portal.paging import Page, page_of
from portal.subscriptions.models import Subscription

_ORIGIN = "subscription:"  # of a charge for a period: then the subscription, and the first day


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


@dataclass(frozen=True, slots=True)
class Line:
    """What one customer was invoiced for one product in a month."""

    customer: Customer
    product: str
    sum: Sum


def _invoiced(reseller: Organisation, month: date) -> Select[Any]:
    """The charges for periods that stand on the month's invoices to the reseller's own customers."""
    return (
        select(Charge)
        .join(Invoice, Invoice.id == Charge.invoice_id)
        .join(Customer, Customer.id == Charge.customer_id)
        .where(
            Customer.reseller_id == reseller.id,
            Invoice.issued_on >= month,
            Invoice.issued_on < add_months(month, 1),
            Charge.origin.startswith(_ORIGIN, autoescape=True),
        )
    )


def lines_of(reseller: Organisation, month: date) -> Page[Line]:
    """By customer and product; month: its first day. A page holds whole customers."""
    ids = _invoiced(reseller, month).with_only_columns(Charge.customer_id)
    customers = page_of(
        select(Customer).where(Customer.id.in_(ids)), Customer.name_folded, Customer.id, name="customers"
    )
    wanted = _invoiced(reseller, month).where(Charge.customer_id.in_([each.id for each in customers]))
    found: dict[int, dict[str, Sum]] = defaultdict(lambda: defaultdict(Sum))
    for customer_id, product, part in _parts(wanted, price_list(reseller.id)):
        found[customer_id][product].add(part)
    rows = [Line(each, name, part) for each in customers for name, part in sorted(found[each.id].items())]
    return Page(rows, customers.link)


def total_of(reseller: Organisation, month: date) -> Sum:
    """Of all customers, whatever the page shows."""
    total = Sum()
    for _customer, _product, part in _parts(_invoiced(reseller, month), price_list(reseller.id)):
        total.add(part)
    return total


def _parts(query: Select[Any], prices: PriceList) -> Iterable[tuple[int, str, Sum]]:
    charges = db.session.scalars(query).all()
    uids = {charge.origin.split(":")[1] for charge in charges}
    sold = db.session.execute(
        select(Subscription.uid, Product)
        .join(Product, Product.id == Subscription.product_id)
        .where(Subscription.uid.in_(uids))
    )
    products: dict[str, Product] = {row[0]: row[1] for row in sold.all()}
    for charge in charges:
        _kind, uid, start = charge.origin.split(":")
        product = products[uid]
        bought = prices.wholesale(product, charge.quantity, date.fromisoformat(start))
        net, paid = _net(charge, charge.unit_cents), None if bought is None else _net(charge, bought)
        yield charge.customer_id, product.name, Sum(charge.quantity, net, paid)


def _net(charge: Charge, unit_cents: int) -> int:
    line = Priced("", charge.quantity, unit_cents, charge.includes_vat, charge.vat_basis_points)
    return totals([line]).net_cents
