"""What the tax administration asks for: services to businesses of the Union (DES), to its consumers (OSS)."""

from calendar import monthrange
from collections import defaultdict
from datetime import date
from typing import NamedTuple

from sqlalchemy import ColumnElement, select

from portal.billing.credit_models import CreditLine, CreditNote
from portal.billing.models import Invoice, InvoiceLine
from portal.billing.rules import totals
from portal.db import db
from portal.resellers.models import LegalEntity

REVERSED = "AE"


class Service(NamedTuple):
    """What one business has bought in a month, under reverse charge; cents without VAT."""

    vat_number: str
    name: str
    net_cents: int


class UnionSale(NamedTuple):
    """What consumers of one state have bought in a quarter at one rate; cents."""

    country: str
    basis_points: int
    net_cents: int
    vat_cents: int


def services_of(entity: LegalEntity, month: date) -> list[Service]:
    """The statement of services of a month, by buyer (CGI art. 289 B III).

    month: any of its days. A buyer whose number was not kept has an empty one: the list is never shorter.
    """
    last = month.replace(day=monthrange(month.year, month.month)[1])
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for invoice in _invoices(entity, month.replace(day=1), last, InvoiceLine.vat_category == REVERSED):
        buyer = invoice.parties["buyer"]
        sums[buyer.get("vat_number") or "", buyer["name"]] += sum(
            line.net_cents for line in invoice.lines if line.vat_category == REVERSED
        )
    for note in _credit_notes(entity, month.replace(day=1), last, InvoiceLine.vat_category == REVERSED):
        buyer = note.parties["buyer"]
        sums[buyer.get("vat_number") or "", buyer["name"]] -= sum(
            each.net_cents for each in note.lines if each.line.vat_category == REVERSED
        )
    return [Service(*key, cents) for key, cents in sorted(sums.items())]


def union_sales_of(entity: LegalEntity, quarter: date) -> list[UnionSale]:
    """What the quarter's OSS return declares, by state and rate (CGI art. 298 sexdecies G).

    quarter: any of its days. VAT of France under the threshold is not declared there.
    """
    first = quarter.replace(month=(quarter.month - 1) // 3 * 3 + 1, day=1)
    end = first.replace(month=first.month + 2)
    last = end.replace(day=monthrange(end.year, end.month)[1])
    abroad = InvoiceLine.vat_country.not_in(("", "FR", "GP", "MQ", "RE"))
    sums: dict[tuple[str, int], list[int]] = defaultdict(lambda: [0, 0])
    for invoice in _invoices(entity, first, last, abroad):
        for rate in totals([line.priced for line in invoice.lines]).rates:
            both = sums[invoice.lines[0].vat_country, rate.basis_points]
            both[0] += rate.net_cents
            both[1] += rate.vat_cents
    for note in _credit_notes(entity, first, last, abroad):
        for each in note.lines:
            both = sums[each.line.vat_country, each.line.vat_basis_points]
            both[0] -= each.net_cents
            both[1] -= each.vat_cents
    return [UnionSale(*key, *both) for key, both in sorted(sums.items())]


def _credit_notes(
    entity: LegalEntity, first: date, last: date, wanted: ColumnElement[bool]
) -> list[CreditNote]:
    """What was taken back of such lines in a period is deducted in that period."""
    lines = select(CreditLine.credit_note_id).join(InvoiceLine, InvoiceLine.id == CreditLine.invoice_line_id)
    query = select(CreditNote).where(
        CreditNote.legal_entity_id == entity.id,
        CreditNote.issued_on.between(first, last),
        CreditNote.id.in_(lines.where(wanted)),
    )
    return list(db.session.scalars(query.order_by(CreditNote.id)))


def _invoices(entity: LegalEntity, first: date, last: date, wanted: ColumnElement[bool]) -> list[Invoice]:
    query = select(Invoice).where(
        Invoice.legal_entity_id == entity.id,
        Invoice.issued_on.between(first, last),
        Invoice.id.in_(select(InvoiceLine.invoice_id).where(wanted)),
    )
    return list(db.session.scalars(query.order_by(Invoice.id)))
