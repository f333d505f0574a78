"""What a reseller has credited to its customers of what it bought: said beside the annex, no more."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import func, select

from portal.billing.credit_models import CreditLine, CreditNote
from portal.billing.models import Charge, Invoice, InvoiceLine
from portal.db import db
from portal.wholesale.models import WholesaleLine


class Credited(NamedTuple):
    """One line of an annex whose sale was credited, in cents without VAT.

    could_cents: the part of its wholesale price that goes with it.
    """

    line: WholesaleLine
    invoice: Invoice
    credited_cents: int
    could_cents: int


def credited_of(lines: Sequence[WholesaleLine]) -> list[Credited]:
    """The lines of an annex whose customer got a credit note, with the same share of the purchase."""
    bought = {line.charge_id: line for line in lines}
    query = select(Charge).where(Charge.id.in_(bought), Charge.invoice_id.is_not(None))
    sold = {charge.id: charge for charge in db.session.scalars(query)}
    less = _less({charge.invoice_id for charge in sold.values() if charge.invoice_id})
    charges = charges_of_lines({row.invoice_id for row, _cents in less}) if less else {}
    found = []
    for row, cents in less:
        charge = charges.get(row.id)
        if charge is not None and charge.id in sold and row.net_cents > 0:
            line = bought[charge.id]
            found.append(Credited(line, row.invoice, cents, line.net_cents * cents // row.net_cents))
    return found


def _less(invoices: Iterable[int]) -> list[tuple[InvoiceLine, int]]:
    query = (
        select(InvoiceLine, func.sum(CreditLine.net_cents))
        .join(CreditLine, CreditLine.invoice_line_id == InvoiceLine.id)
        .join(CreditNote, CreditNote.id == CreditLine.credit_note_id)
        .where(InvoiceLine.invoice_id.in_(set(invoices)))
        .group_by(InvoiceLine.id)
        .order_by(InvoiceLine.id)
    )
    return [(row, int(cents)) for row, cents in db.session.execute(query)]


def charges_of_lines(invoices: Iterable[int]) -> dict[int, Charge]:
    """The charge of each line of these invoices, by the line: a line says its charge, in the same order."""
    ids = set(invoices)
    if not ids:
        return {}
    waiting: dict[tuple[int | None, str, int], list[Charge]] = defaultdict(list)
    charges = select(Charge).where(Charge.invoice_id.in_(ids)).order_by(Charge.id)
    for charge in db.session.scalars(charges):
        waiting[charge.invoice_id, charge.label, charge.quantity].append(charge)
    lines = select(InvoiceLine).where(InvoiceLine.invoice_id.in_(ids))
    found = {}
    for line in db.session.scalars(lines.order_by(InvoiceLine.invoice_id, InvoiceLine.position)):
        if own := waiting[line.invoice_id, line.label, line.quantity]:
            found[line.id] = own.pop(0)
    return found
