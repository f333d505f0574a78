"""Invoices, credit notes, payments, refunds, deferrals as balanced entries, in the order of their days."""

import heapq
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import aliased, joinedload, selectinload

from portal import clock
from portal.billing.credit_models import CreditLine, CreditNote, Refund
from portal.billing.models import Invoice, Payment, PaymentKind
from portal.books.accounts import Account, Chart
from portal.books.models import Deferral
from portal.db import db
from portal.deadlines import start_of_paris_day
from portal.resellers.models import LegalEntity

_AT_ONCE = 500  # rows of one table in memory
SALES, BANK, OTHER = "VE", "BQ", "OD"
_FRENCH_STATES = {"", "FR", "GP", "MQ", "RE"}


@dataclass(frozen=True, slots=True)
class Posting:
    """One line: its account, and cents on one of both sides; whose: number and name of the customer."""

    account: Account
    debit: int
    credit: int
    whose: tuple[str, str] = ("", "")


@dataclass(order=True, slots=True)
class Entry:
    """Postings that balance. paper, paper_on: its document (pièce). kept_on: when it was booked for good."""

    on: date
    journal: str
    rank: tuple[str, int]
    paper: str = field(compare=False)
    paper_on: date = field(compare=False)
    kept_on: date = field(compare=False)
    label: str = field(compare=False)
    postings: list[Posting] = field(compare=False)


def entries_of(entity: LegalEntity, first: date, last: date) -> Iterator[Entry]:
    """Every entry of these Paris days, both included; few rows are in memory at once.

    Source: PCG art. 941 and following; LPF art. A47 A-1.
    """
    chart = Chart(entity)
    sources = _invoices, _credit_notes, _payments, _refunds, _commissions, _deferrals
    yield from heapq.merge(*(each(entity, chart, first, last) for each in sources))


def _rows(query: Any) -> Iterator[Any]:
    return iter(db.session.scalars(query.execution_options(yield_per=_AT_ONCE)))


def _side(account: Account, cents: int, whose: tuple[str, str] = ("", "")) -> Posting:
    """cents above zero on the debit side, below on the credit side."""
    return Posting(account, max(cents, 0), max(-cents, 0), whose)


def _whose(row: Any) -> tuple[str, str]:
    return row.customer.uid.upper(), row.parties["buyer"]["name"]


def use_of(category: str, mention: str) -> str:
    """Under which account a line is sold, by its VAT category and why it bears none."""
    if category == "AE":
        return "sales_union"
    if category == "O":
        return "sales_abroad" if mention else "untaxed"
    return "sales"


def _sold(chart: Chart, on: date, parts: list[tuple[Any, int, int]], sign: int) -> list[Posting]:
    """Net and VAT by account; parts: line of the invoice, its net and its VAT in cents."""
    sums: dict[Account, int] = defaultdict(int)
    for line, net, vat in parts:
        sums[chart.at(use_of(line.vat_category, line.vat_mention), on)] -= sign * net
        use = "vat" if line.vat_country in _FRENCH_STATES else "vat_union"
        sums[chart.at(use, on)] -= sign * vat
    return [_side(account, cents) for account, cents in sums.items() if cents]


def _invoices(entity: LegalEntity, chart: Chart, first: date, last: date) -> Iterator[Entry]:
    query = select(Invoice).where(
        Invoice.legal_entity_id == entity.id, Invoice.issued_on.between(first, last)
    )
    query = query.options(selectinload(Invoice.lines), joinedload(Invoice.customer))
    for row in _rows(query.order_by(Invoice.issued_on, Invoice.id)):
        # The VAT of a rate is of the sum of its lines: it stands with the first of them.
        heads = {(line.vat_basis_points, line.vat_category): line for line in reversed(row.lines)}
        parts = [(line, line.net_cents, 0) for line in row.lines]
        parts += [(heads[rate.basis_points, rate.category], 0, rate.vat_cents) for rate in row.rates]
        own = _side(chart.at("customer", row.issued_on), row.gross_cents, _whose(row))
        yield Entry(
            row.issued_on,
            SALES,
            ("FA", row.id),
            row.number,
            row.issued_on,
            clock.paris_day(row.created_at),
            _("Facture %(number)s", number=row.number),
            [own, *_sold(chart, row.issued_on, parts, 1)],
        )


def _credit_notes(entity: LegalEntity, chart: Chart, first: date, last: date) -> Iterator[Entry]:
    query = select(CreditNote).where(
        CreditNote.legal_entity_id == entity.id, CreditNote.issued_on.between(first, last)
    )
    lines = selectinload(CreditNote.lines).joinedload(CreditLine.line)
    query = query.options(lines, joinedload(CreditNote.customer))
    for row in _rows(query.order_by(CreditNote.issued_on, CreditNote.id)):
        parts = [(each.line, each.net_cents, each.vat_cents) for each in row.lines]
        own = _side(chart.at("customer", row.issued_on), -row.gross_cents, _whose(row))
        yield Entry(
            row.issued_on,
            SALES,
            ("AV", row.id),
            row.number,
            row.issued_on,
            clock.paris_day(row.created_at),
            _("Avoir %(number)s", number=row.number),
            [own, *_sold(chart, row.issued_on, parts, -1)],
        )


def _payments(entity: LegalEntity, chart: Chart, first: date, last: date) -> Iterator[Entry]:
    """What was set off moves nothing but the customer's own account; a mistake is undone where it stood."""
    before = aliased(Payment)
    query = select(Payment, before.kind).outerjoin(before, before.id == Payment.reverses_id)
    query = query.where(Payment.legal_entity_id == entity.id, Payment.received_on.between(first, last))
    query = query.options(joinedload(Payment.invoice).joinedload(Invoice.customer))
    ordered = query.order_by(Payment.received_on, _journal_rank(before), Payment.id)
    for row, undone in db.session.execute(ordered.execution_options(yield_per=_AT_ONCE)):
        kind = undone or row.kind
        on, whose = row.received_on, _whose(row.invoice)
        customer, other = chart.at("customer", on), chart.at("bank", on)
        journal, against = BANK, ("", "")
        if kind == PaymentKind.SET_OFF:
            journal, other, against = OTHER, customer, whose
        elif kind == PaymentKind.LET_GO:
            journal, other = OTHER, chart.at("let_go", on)
        yield Entry(
            on,
            journal,
            ("PA", row.id),
            row.reference[:140],
            row.bank_on or on,
            clock.paris_day(row.created_at),
            _("Règlement de %(number)s", number=row.invoice.number),
            [_side(other, row.amount_cents, against), _side(customer, -row.amount_cents, whose)],
        )


def _journal_rank(before: Any) -> Any:
    """The bank's journal comes before the others, as the merge expects it."""
    kind = func.coalesce(before.kind, Payment.kind)
    return kind.in_([PaymentKind.SET_OFF, PaymentKind.LET_GO])


def _refunds(entity: LegalEntity, chart: Chart, first: date, last: date) -> Iterator[Entry]:
    query = select(Refund).where(Refund.legal_entity_id == entity.id, Refund.refunded_on.between(first, last))
    query = query.options(joinedload(Refund.customer), joinedload(Refund.invoice))
    for row in _rows(query.order_by(Refund.refunded_on, Refund.id)):
        if row.refunded_on is None:
            continue
        name = row.invoice.parties["buyer"]["name"] if row.invoice else row.customer.name
        on, whose = row.refunded_on, (row.customer.uid.upper(), name)
        yield Entry(
            on,
            BANK,
            ("RE", row.id),
            row.uid,
            on,
            on,
            _("Remboursement sur %(number)s", number=row.reference),
            [_side(chart.at("customer", on), row.cents, whose), _side(chart.at("bank", on), -row.cents)],
        )


def _commissions(entity: LegalEntity, chart: Chart, first: date, last: date) -> Iterator[Entry]:
    """A commission is a cost on the day of its statement; what pays it is booked as other refunds are."""
    query = select(Refund).where(Refund.legal_entity_id == entity.id, Refund.paper != "")
    query = query.where(Refund.created_at >= start_of_paris_day(first))
    query = query.where(Refund.created_at < start_of_paris_day(last + timedelta(1)))
    for row in _rows(query.options(joinedload(Refund.customer)).order_by(Refund.created_at, Refund.id)):
        on, whose = clock.paris_day(row.created_at), (row.customer.uid.upper(), row.customer.name)
        yield Entry(
            on,
            OTHER,
            ("CO", row.id),
            row.paper,
            on,
            on,
            _("Commission %(number)s", number=row.paper),
            [
                _side(chart.at("commission", on), row.cents),
                _side(chart.at("customer", on), -row.cents, whose),
            ],
        )


def _deferrals(entity: LegalEntity, chart: Chart, first: date, last: date) -> Iterator[Entry]:
    """What a day defers leaves the sales on that day and is back among them on the next one."""
    query = select(Deferral).where(Deferral.legal_entity_id == entity.id)
    query = query.where(Deferral.day.between(first - timedelta(1), last)).order_by(Deferral.day)
    for row in db.session.scalars(query).all():
        if first <= row.day and (entry := _deferral(chart, row, row.day, 1)).postings:
            yield entry
        after = row.day + timedelta(1)
        if after <= last and (entry := _deferral(chart, row, after, -1)).postings:
            yield entry


def _deferral(chart: Chart, row: Deferral, on: date, sign: int) -> Entry:
    """sign: 1 for what is deferred, -1 for what comes back; both on the accounts of the first day."""
    postings = []
    for use, _earned, cents in row.sums:
        if cents:
            postings += [
                _side(chart.at(use, row.day), sign * cents),
                _side(chart.at("deferred", row.day), -sign * cents),
            ]
    day = f"{row.day:%d/%m/%Y}"
    label = _("Produits constatés d'avance au %(day)s", day=day)
    if sign < 0:
        label = _("Extourne des produits constatés d'avance au %(day)s", day=day)
    kept_on = clock.paris_day(row.created_at)
    return Entry(on, OTHER, ("PC", row.id), f"PCA-{row.day}", row.day, kept_on, label, postings)
