"""Issues credit notes: of a whole invoice, of some lines, or of an amount that a rule gives back."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from flask_babel import gettext as _
from sqlalchemy import func, select

from portal import clock
from portal.actor import Actor
from portal.billing.balance import SURPLUS_DAYS, settle_up
from portal.billing.chain import Chain, credit_values
from portal.billing.credit_documents import credit_draft
from portal.billing.credit_models import CreditLine, CreditNote, CreditReason
from portal.billing.einvoices import credit_einvoice
from portal.billing.models import Charge, Invoice, InvoiceLine
from portal.customers.models import ContactRole
from portal.db import db
from portal.errors import Refused
from portal.journal import record
from portal.mail import queue_mail
from portal.money import line_net_cents, vat_of
from portal.papers import promise
from portal.resellers.models import next_number


class Part(NamedTuple):
    """What is taken back of one line, in cents above zero."""

    line: InvoiceLine
    net_cents: int
    vat_cents: int


class _Left(NamedTuple):
    """What was not taken back yet, in cents: by line without VAT, and the VAT by rate and category."""

    net: dict[int, int]
    vat: dict[tuple[int, str], int]


def issue_credit_note(
    invoice: Invoice,
    parts: Sequence[Part],
    *,
    origin: str,
    reason: CreditReason,
    by: Actor,
    clause: str = "",
    note: str = "",
    due_by: date | None = None,
) -> CreditNote:
    """Take back parts of an invoice, inside the present transaction, and let everything follow from it.

    Announced debits are cancelled or lowered first; what was paid is owed back until ``due_by``. The same
    ``origin`` again gives the credit note that is there. Raises Refused for more than is left of the invoice.

    Source: CGI art. 272-1, 289; EN 16931 (381).
    """
    known = select(CreditNote).where(CreditNote.origin == origin)
    if (there := db.session.scalars(known).one_or_none()) is not None:
        return there
    _check(invoice, parts)
    net, vat = sum(part.net_cents for part in parts), sum(part.vat_cents for part in parts)
    entity, today = invoice.legal_entity, clock.today()
    row = CreditNote(
        organisation=invoice.customer.organisation,
        legal_entity_id=entity.id,
        customer_id=invoice.customer_id,
        invoice_id=invoice.id,
        invoice=invoice,
        origin=origin,
        issued_on=today,
        reason=reason,
        clause=clause,
        note=note,
        net_cents=net,
        vat_cents=vat,
        gross_cents=net + vat,
        refund_by=due_by or today + timedelta(SURPLUS_DAYS),
        parties=invoice.parties,
    )
    for part in parts:
        line = CreditLine(organisation=invoice.customer.organisation, label=part.line.label, line=part.line)
        line.net_cents, line.vat_cents = part.net_cents, part.vat_cents
        row.lines.append(line)
    row.number = next_number(entity, "AV", today.year)
    chain = Chain(entity, "AV", today.year, on=today)
    row.document = promise(
        credit_draft(row, invoice.customer.language),
        owner=invoice.customer.organisation,
        subject=invoice,
        kind="credit_note",
        filename=f"{row.number}.pdf",
        einvoice=credit_einvoice(row),
    )
    chain.join(row, credit_values(row))
    chain.keep()
    db.session.add(row)
    record(invoice, "credit_note", by=by, number=row.number, cents=row.gross_cents, reason=reason.value)
    settle_up(invoice, on=today, by=by)
    _tell(row)
    return row


def _check(invoice: Invoice, parts: Sequence[Part]) -> None:
    if any(part.net_cents < 0 or part.vat_cents < 0 for part in parts):
        raise Refused(_("Un avoir ne reprend pas moins que rien."), field="lines")
    if not sum(part.net_cents + part.vat_cents for part in parts):
        raise Refused(_("Il ne reste rien à reprendre de cette facture."), field="lines")
    left, vat = _left(invoice), defaultdict[tuple[int, str], int](int)
    for part in parts:
        vat[_rate(part.line)] += part.vat_cents
        if part.net_cents > left.net[part.line.id]:
            raise Refused(
                _("Un avoir ne dépasse pas ce qui reste de la ligne « %(label)s ».", label=part.line.label),
                field="lines",
            )
    if any(cents > left.vat[rate] for rate, cents in vat.items()):
        raise Refused(_("Un avoir ne reprend pas plus de TVA que la facture n'en porte."), field="lines")


def _tell(row: CreditNote) -> None:
    customer = row.invoice.customer
    queue_mail(
        customer.contact(ContactRole.BILLING),
        "billing/mail_credit_note.txt",
        about=row.invoice,
        owner=customer.organisation,
        language=customer.language,
        attach=[row.document] if row.document else [],
        credit_note=row,
        invoice=row.invoice,
    )


def _rate(line: InvoiceLine) -> tuple[int, str]:
    return line.vat_basis_points, line.vat_category


def _left(invoice: Invoice) -> _Left:
    taken = (
        select(CreditLine.invoice_line_id, func.sum(CreditLine.net_cents), func.sum(CreditLine.vat_cents))
        .join(CreditNote, CreditNote.id == CreditLine.credit_note_id)
        .where(CreditNote.invoice_id == invoice.id)
        .group_by(CreditLine.invoice_line_id)
    )
    net = {line.id: line.net_cents for line in invoice.lines}
    vat = {(rate.basis_points, rate.category): rate.vat_cents for rate in invoice.rates}
    lines = {line.id: line for line in invoice.lines}
    for line_id, net_cents, vat_cents in db.session.execute(taken):
        net[line_id] -= int(net_cents)
        vat[_rate(lines[line_id])] -= int(vat_cents)
    return _Left(net, vat)


def rest_of(invoice: Invoice, lines: Iterable[InvoiceLine] | None = None) -> list[Part]:
    """All that is left of these lines, or of the whole invoice.

    The last line of a rate takes what is left of its VAT, so that a whole credit is the exact opposite.
    """
    left, wanted = _left(invoice), list(invoice.lines if lines is None else lines)
    parts = []
    for line in wanted:
        net, rate = left.net[line.id], _rate(line)
        left.net[line.id] = 0
        last = not any(left.net[each.id] for each in invoice.lines if _rate(each) == rate)
        vat = left.vat[rate] if last else min(vat_of(net, rate[0]), left.vat[rate])
        left.vat[rate] -= vat
        if net or vat:
            parts.append(Part(line, net, vat))
    return parts


def share_of(invoice: Invoice, line: InvoiceLine, price_cents: int) -> Part:
    """The part of a line that a part of its price stands for.

    price_cents: as the contract writes the price, with or without VAT. A price with VAT that bore it gives
    back just so much, to the cent. Raises Refused for more than the line's price.
    """
    charge = charge_of(line)
    whole = charge.quantity * charge.unit_cents
    if not 0 <= price_cents <= whole:
        raise Refused(_("Un avoir ne dépasse pas le prix de la ligne."), field="lines")
    if price_cents == whole:
        return next((part for part in rest_of(invoice, [line])), Part(line, 0, 0))
    share = Fraction(price_cents, whole) if whole else Fraction(0)
    net = line_net_cents(_decimal(share * line.net_cents), 1)
    vat = price_cents - net if line.includes_vat else vat_of(net, line.vat_basis_points)
    return Part(line, net, vat)


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


def charge_of(line: InvoiceLine) -> Charge:
    """The charge that became this line: lines stand in the order of their charges."""
    query = select(Charge).where(Charge.invoice_id == line.invoice_id).order_by(Charge.id)
    return db.session.scalars(query).all()[line.position - 1]
