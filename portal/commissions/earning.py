"""What a reseller has earned on invoices of the provider's up to a day, less what statements said before."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import aliased

from portal.accounts.models import Organisation
from portal.billing.credit_models import CreditLine, CreditNote, Refund, RefundState
from portal.billing.models import Charge, Invoice, InvoiceLine, Payment, PaymentKind
from portal.catalogue.models import Product
from portal.catalogue.price_lists import price_list
from portal.commissions.models import CommissionLine, CommissionStatement
from portal.commissions.rules import earned
from portal.customers.models import Customer
from portal.db import db
from portal.deadlines import end_of_month
from portal.margins.sums import is_counted, parts_of
from portal.resellers.models import LegalEntity
from portal.wholesale.credited import charges_of_lines

Ids = Select[Any]


class Gain(NamedTuple):
    """Of one invoice and product since the last statement, cents without VAT."""

    invoice: Invoice
    product: Product
    sold: int
    bought: int


def gains_of(
    reseller: Organisation, entity: LegalEntity, until: date, last: CommissionStatement | None
) -> list[Gain]:
    """What changed since the last statement: money that came or went, credit notes, up to a Paris day.

    An invoice stays with the reseller whose statement first had it, wherever its customer is now.
    """
    invoices = _touched(reseller, entity, until, last)
    sums: dict[tuple[Invoice, Product], list[int]] = defaultdict(lambda: [0, 0])
    money, credited = _money(invoices, until), _credited(invoices, until)
    wanted = select(Charge).where(Charge.invoice_id.in_(invoices), is_counted()).order_by(Charge.id)
    for charge, product, part in parts_of(wanted, price_list(reseller.id)):
        if part.bought is None or charge.invoice is None:
            continue  # bought in another way
        received, payable = money[charge.invoice.id]
        own = credited.get(charge.id, 0)
        both = earned(part.sold, part.bought, credited=own, received=received, payable=payable)
        pair = sums[charge.invoice, product]
        pair[0], pair[1] = pair[0] + both[0], pair[1] + both[1]
    said = _said(invoices)
    found = (
        Gain(invoice, product, sold - before[0], bought - before[1])
        for (invoice, product), (sold, bought) in sums.items()
        for before in [said.get((invoice.id, product.id), (0, 0))]
    )
    return [each for each in found if each.sold or each.bought]


def _touched(
    reseller: Organisation, entity: LegalEntity, until: date, last: CommissionStatement | None
) -> Ids:
    paid = select(Payment.invoice_id).where(Payment.received_on <= until)
    credited = select(CreditNote.invoice_id).where(CreditNote.issued_on <= until)
    if last is not None:  # it had everything of its days that was known when it was made
        said = end_of_month(last.month)
        paid = paid.where(or_(Payment.received_on > said, Payment.created_at >= last.created_at))
        credited = credited.where(or_(CreditNote.issued_on > said, CreditNote.created_at >= last.created_at))
    own = select(CommissionLine.invoice_id).where(CommissionLine.organisation_id == reseller.id)
    every = select(CommissionLine.invoice_id)
    now = and_(Customer.reseller_id == reseller.id, Invoice.id.not_in(every))
    query = select(Invoice.id).join(Customer, Customer.id == Invoice.customer_id)
    query = query.where(Invoice.legal_entity_id == entity.id, or_(Invoice.id.in_(own), now))
    return query.where(or_(Invoice.id.in_(paid), Invoice.id.in_(credited)))


def _money(invoices: Ids, until: date) -> dict[int, tuple[int, int]]:
    """By invoice what is in hand, and what is to pay; what was only let go did not come in."""
    before = aliased(Payment)
    came = select(Payment.invoice_id, func.sum(Payment.amount_cents))
    came = came.outerjoin(before, before.id == Payment.reverses_id)
    came = came.where(func.coalesce(before.kind, Payment.kind) != PaymentKind.LET_GO)
    came = came.where(Payment.invoice_id.in_(invoices), Payment.received_on <= until)
    went = select(Refund.invoice_id, func.sum(Refund.cents)).where(Refund.invoice_id.in_(invoices))
    went = went.where(
        or_(Refund.state == RefundState.SET_OFF, Refund.refunded_on <= until),
        Refund.state.in_([RefundState.SET_OFF, RefundState.REFUNDED]),
    )
    credited = select(CreditNote.invoice_id, func.sum(CreditNote.gross_cents))
    credited = credited.where(CreditNote.invoice_id.in_(invoices), CreditNote.issued_on <= until)
    received, back, less = (
        _by_id(db.session.execute(query.group_by(column)))
        for query, column in (
            (came, Payment.invoice_id),
            (went, Refund.invoice_id),
            (credited, CreditNote.invoice_id),
        )
    )
    every = db.session.execute(select(Invoice.id, Invoice.gross_cents).where(Invoice.id.in_(invoices)))
    return {key: (received.get(key, 0) - back.get(key, 0), gross - less.get(key, 0)) for key, gross in every}


def _by_id(rows: Iterable[Any]) -> dict[int, int]:
    return {row[0]: int(row[1]) for row in rows}


def _credited(invoices: Ids, until: date) -> dict[int, int]:
    """By charge what credit notes took back of its line, without VAT."""
    query = (
        select(InvoiceLine, func.sum(CreditLine.net_cents))
        .join(CreditLine, CreditLine.invoice_line_id == InvoiceLine.id)
        .join(CreditNote, CreditNote.id == CreditLine.credit_note_id)
        .where(CreditNote.invoice_id.in_(invoices), CreditNote.issued_on <= until)
        .group_by(InvoiceLine.id)
    )
    less = {line: int(cents) for line, cents in db.session.execute(query)}
    charges = charges_of_lines({line.invoice_id for line in less})
    return {charges[line.id].id: cents for line, cents in less.items() if line.id in charges}


def _said(invoices: Ids) -> dict[tuple[int, int], tuple[int, int]]:
    query = select(
        CommissionLine.invoice_id,
        CommissionLine.product_id,
        func.sum(CommissionLine.sold_cents),
        func.sum(CommissionLine.bought_cents),
    ).where(CommissionLine.invoice_id.in_(invoices))
    rows = db.session.execute(query.group_by(CommissionLine.invoice_id, CommissionLine.product_id))
    return {(row[0], row[1]): (int(row[2]), int(row[3])) for row in rows}
