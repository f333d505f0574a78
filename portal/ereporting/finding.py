"""What is to be told and was not yet: invoices, credit notes, and payments that bear French VAT."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, String, and_, cast, literal, or_, select
from sqlalchemy.orm import joinedload, selectinload

from portal.billing.credit_models import CreditLine, CreditNote
from portal.billing.einvoices import BUYERS
from portal.billing.models import Invoice, InvoiceLine, Payment, PaymentKind
from portal.customers.models import CustomerKind
from portal.db import db
from portal.ereporting.models import EReportLine
from portal.ereporting.rules import FRENCH_VAT, TAXED, ReportKind, operation_of, split_by_rate
from portal.resellers.models import LegalEntity

_HERE = ("FR", "MC", "GP", "MQ", "RE", "GF", "YT")  # whose businesses get e-invoices
_NOT_TAXABLE = (CustomerKind.CONSUMER.value, CustomerKind.NON_PROFESSIONAL.value)


class Entry(NamedTuple):
    """A document or a payment at one rate; cents, below zero for what is taken back."""

    origin: str
    invoice_id: int
    number: str
    on: date
    is_business: bool
    operation: str
    vat_category: str
    basis_points: int
    net_cents: int
    vat_cents: int
    gross_cents: int


def is_told() -> ColumnElement[bool]:
    """Of an invoice: its buyer is no taxable person, or sits abroad; the others get e-invoices.

    Source: CGI art. 290 I.
    """
    kind = Invoice.parties[("buyer", "kind")].as_string()
    country = Invoice.parties[("buyer", "country")].as_string()
    return or_(kind.in_(_NOT_TAXABLE), country.not_in(_HERE))


def _not_yet(prefix: str, column: Any) -> ColumnElement[bool]:
    origin = literal(f"{prefix}:") + cast(column, String)
    return ~select(EReportLine.id).where(EReportLine.origin == origin).exists()


def entries_of(entity: LegalEntity, kind: ReportKind, since: date, until: date) -> Iterator[Entry]:
    """Those of the days from ``since`` to ``until``, both included, that no report has yet."""
    if kind == ReportKind.PAYMENTS:
        yield from _payments(entity, since, until)
    else:
        yield from _invoices(entity, since, until)
        yield from _credit_notes(entity, since, until)


def _is_business(invoice: Invoice) -> bool:
    return invoice.parties["buyer"]["kind"] in BUYERS


def _invoices(entity: LegalEntity, since: date, until: date) -> Iterator[Entry]:
    query = select(Invoice).where(
        Invoice.legal_entity_id == entity.id,
        Invoice.issued_on.between(since, until),
        is_told(),
        _not_yet("invoice", Invoice.id),
    )
    for invoice in db.session.scalars(query.options(selectinload(Invoice.lines)).order_by(Invoice.id)):
        country = invoice.lines[0].vat_country if invoice.lines else ""
        for rate in invoice.rates:
            yield Entry(
                f"invoice:{invoice.id}",
                invoice.id,
                invoice.number,
                invoice.issued_on,
                _is_business(invoice),
                operation_of(rate.category, country),
                rate.category,
                rate.basis_points,
                rate.net_cents,
                rate.vat_cents,
                rate.net_cents + rate.vat_cents,
            )


def _credit_notes(entity: LegalEntity, since: date, until: date) -> Iterator[Entry]:
    query: Select[Any] = (
        select(CreditNote)
        .join(Invoice, Invoice.id == CreditNote.invoice_id)
        .where(
            CreditNote.legal_entity_id == entity.id,
            CreditNote.issued_on.between(since, until),
            is_told(),
            _not_yet("credit_note", CreditNote.id),
        )
    )
    lines = selectinload(CreditNote.lines).joinedload(CreditLine.line)
    for note in db.session.scalars(
        query.options(lines, joinedload(CreditNote.invoice)).order_by(CreditNote.id)
    ):
        sums: dict[tuple[str, str, int], list[int]] = defaultdict(lambda: [0, 0])
        for part in note.lines:
            key = part.line.vat_country, part.line.vat_category, part.line.vat_basis_points
            sums[key][0] -= part.net_cents
            sums[key][1] -= part.vat_cents
        for (country, category, points), (net, vat) in sums.items():
            own = f"credit_note:{note.id}", note.invoice_id, note.number, note.issued_on
            what = operation_of(category, country), category, points
            yield Entry(*own, _is_business(note.invoice), *what, net, vat, net + vat)


def _came_in() -> ColumnElement[bool]:
    """What was only let go is no money, nor is its reversal."""
    let_go = select(Payment.id).where(Payment.kind == PaymentKind.LET_GO).scalar_subquery()
    back = and_(Payment.reverses_id.is_not(None), Payment.reverses_id.in_(let_go))
    return and_(Payment.kind != PaymentKind.LET_GO, ~back)


def _payments(entity: LegalEntity, since: date, until: date) -> Iterator[Entry]:
    """Source: CGI art. 290 A (services whose VAT is due when they are paid)."""
    taxed = select(InvoiceLine.id).where(
        InvoiceLine.invoice_id == Payment.invoice_id,
        InvoiceLine.vat_category == "S",
        InvoiceLine.vat_country.in_(FRENCH_VAT),
    )
    query = (
        select(Payment)
        .join(Invoice, Invoice.id == Payment.invoice_id)
        .where(
            Payment.legal_entity_id == entity.id,
            Payment.received_on.between(since, until),
            is_told(),
            _came_in(),
            taxed.exists(),
            _not_yet("payment", Payment.id),
        )
    )
    load = joinedload(Payment.invoice).selectinload(Invoice.lines)
    for payment in db.session.scalars(query.options(load).order_by(Payment.id)):
        invoice = payment.invoice
        rates = [(rate.basis_points, rate.net_cents + rate.vat_cents) for rate in invoice.rates]
        parts = split_by_rate(payment.amount_cents, rates)
        for rate, (points, cents) in zip(invoice.rates, parts, strict=True):
            if rate.category == "S":
                own = f"payment:{payment.id}", invoice.id, invoice.number, payment.received_on
                yield Entry(*own, _is_business(invoice), TAXED, "S", points, 0, 0, cents)
