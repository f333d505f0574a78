"""What an invoice or a credit note says as an e-invoice, frozen with its paper and never looked up again."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from portal.billing.panels import Paper, einvoice_note
from portal.billing.vat import FRANCE, OVERSEAS_WITH_VAT, OVERSEAS_WITHOUT_VAT
from portal.catalogue.models import Method
from portal.customers.models import ContactRole, Customer, CustomerKind
from portal.eaddresses.queries import written_address
from portal.facturx.values import (
    BUYER_KIND,
    CARD,
    CHEQUE,
    CREDIT_NOTE,
    FOREIGN_BUSINESS,
    FRENCH_BUSINESS,
    INVOICE,
    PAID,
    SEPA_DEBIT,
    TO_PAY,
    WIRE,
    EInvoice,
    Line,
    Payment,
    Tax,
    euros,
)
from portal.papers import values_of
from portal.resellers.models import LegalEntity
from portal.sepa.models import Mandate

if TYPE_CHECKING:
    from portal.billing.credit_models import CreditNote
    from portal.billing.models import Invoice, InvoiceLine

BUYERS = {CustomerKind.BUSINESS.value, CustomerKind.PUBLIC_BODY.value}
_HERE = FRANCE | OVERSEAS_WITH_VAT | OVERSEAS_WITHOUT_VAT
_DECIMALS, _CENT = Decimal("1e-6"), Decimal("0.01")  # of a price (BR-FR-DEC-03); of an amount


# Who has chosen nothing begins when the law asks it of companies of any size (loi 2023-1322 art. 91).
EVERYBODY_FROM = date(2027, 9, 1)


def first_day(entity: LegalEntity) -> date | None:
    """From which Paris day on this entity issues e-invoices: the chosen one, else the law's; None: not yet.

    Source: CGI art. 289 bis, of who is established in France.
    """
    own = getattr(entity, "einvoicing", None)
    if own is not None:
        return own.issue_from
    return EVERYBODY_FROM if entity.country == "FR" else None


def is_einvoicing(entity: LegalEntity, on: date) -> bool:
    """Are what this entity issues on a Paris day e-invoices?"""
    first = first_day(entity)
    return first is not None and on >= first


def einvoice_of(
    paper: Paper, customer: Customer, payee: LegalEntity, *, by_wire: bool, mandate: Mandate | None
) -> EInvoice | None:
    """An invoice that is about to be frozen; None where it is none: too early, or the buyer is no business.

    mandate: that pays it. The language of the notes is the one that is set.

    Source: CGI art. 289 bis (between taxable persons), 290 (other sales are reported, not sent).
    """
    invoice = paper.invoice
    if not is_einvoicing(payee, invoice.issued_on) or invoice.parties["buyer"]["kind"] not in BUYERS:
        return None
    here = invoice.parties["buyer"]["country"] in _HERE
    is_paid = invoice.paid_on is not None
    notes = [note for some in einvoice_note.shown(paper) for note in some]
    return EInvoice(
        type=INVOICE,
        frame=PAID if is_paid else TO_PAY,
        number=invoice.number,
        issued_on=invoice.issued_on.isoformat(),
        due_on=(invoice.paid_on or invoice.due_on).isoformat(),
        seller=invoice.parties["issuer"],
        buyer=_buyer(invoice, customer),
        lines=[_line(line) for line in invoice.lines],
        taxes=_taxes(invoice),
        notes=[*notes, (BUYER_KIND, FRENCH_BUSINESS if here else FOREIGN_BUSINESS)],
        payment=_payment(invoice.method, payee, by_wire or is_paid, mandate),
        paid_cents=invoice.gross_cents if is_paid else 0,
        delivered_on=invoice.issued_on.isoformat(),
        references=invoice.parties.get("references", {}),
    )


def _buyer(invoice: "Invoice", customer: Customer) -> dict[str, Any]:
    """The electronic address (BT-49) is the one that is chosen for her, without a SIREN that of her mails."""
    own = {"siret": customer.siret, "email": customer.contact(ContactRole.BILLING).email}
    return own | invoice.parties["buyer"] | {"eaddress": written_address(customer)}


def _line(line: "InvoiceLine") -> Line:
    """A price is never below zero (BR-27): what takes something off has a quantity below zero.

    Where six decimals are too few for the quantity, the price is that of all of it (BT-149).
    """
    quantity, base = -line.quantity if line.net_cents < 0 else line.quantity, 1
    net = Decimal(line.net_cents) / 100
    price = net / quantity if quantity else Decimal(abs(line.unit_cents)) / 100
    if (price.quantize(_DECIMALS) * quantity).quantize(_CENT, ROUND_HALF_UP) != net:
        price, base = abs(net), abs(quantity)
    return Line(line.label, quantity, _price(price), line.net_cents, *_rate(line), base)


def _rate(line: "InvoiceLine") -> tuple[str, int]:
    return line.vat_category, line.vat_basis_points


def _price(price: Decimal) -> str:
    exact = price.quantize(_DECIMALS)
    short = exact.quantize(_CENT)
    return str(short if short == exact else exact.normalize())


def _taxes(invoice: "Invoice") -> list[Tax]:
    """By rate; a price with VAT is split by difference, which may be a cent beside its rate."""
    split = Counter((line.vat_category, line.vat_basis_points) for line in invoice.lines if line.includes_vat)
    why = {(line.vat_category, line.vat_basis_points): line.vat_mention for line in invoice.lines}
    return [
        Tax(rate.category, rate.basis_points, rate.net_cents, rate.vat_cents, why.get(key, ""), split[key])
        for rate in invoice.rates
        for key in [(rate.category, rate.basis_points)]
    ]


def _payment(method: Method, payee: LegalEntity, by_wire: bool, mandate: Mandate | None) -> Payment:
    if mandate is not None and not by_wire:
        return Payment(SEPA_DEBIT, mandate=mandate.rum, creditor=payee.ics)
    if method is Method.CHEQUE:
        return Payment(CHEQUE)
    if method is Method.CARD:
        return Payment(CARD)
    return Payment(WIRE, iban=payee.iban, account=payee.name)


def credit_einvoice(row: "CreditNote") -> EInvoice | None:
    """A credit note of an invoice that was frozen as an e-invoice, from what was frozen; else None.

    Source: EN 16931 (381), BR-FR-CO-05.
    """
    document = row.invoice.document
    if document is None or getattr(document, "paper", None) is None:
        return None
    frozen = values_of(document).get("einvoice")
    if frozen is None:
        return None
    before = EInvoice.of(frozen)
    return replace(
        before,
        type=CREDIT_NOTE,
        frame=TO_PAY,
        number=row.number,
        issued_on=row.issued_on.isoformat(),
        due_on=row.refund_by.isoformat(),
        buyer=_buyer_now(before.buyer, row.invoice.customer),
        lines=[
            Line(part.label, 1, euros(part.net_cents), part.net_cents, *_rate(part.line))
            for part in row.lines
        ],
        taxes=_credited(row, before.taxes),
        paid_cents=0,
        delivered_on=row.issued_on.isoformat(),
        preceding=(before.number, before.issued_on),
    )


def _buyer_now(buyer: dict[str, Any], customer: Customer) -> dict[str, Any]:
    """As she was; her address may have become another one of the same company."""
    now = written_address(customer) if buyer.get("siren") == customer.siren else ""
    return buyer | ({"eaddress": now} if now else {})


def _credited(row: "CreditNote", before: Sequence[Tax]) -> list[Tax]:
    """The VAT that is taken back is rounded by line: each may be a cent beside the rate of their sum."""
    why = {(tax.category, tax.basis_points): tax.why for tax in before}
    sums: dict[tuple[str, int], list[int]] = defaultdict(lambda: [0, 0, 0])
    for part in row.lines:
        all_three = sums[part.line.vat_category, part.line.vat_basis_points]
        all_three[0] += part.net_cents
        all_three[1] += part.vat_cents
        all_three[2] += 1
    return [
        Tax(*key, net, vat, why.get(key, ""), parts if key[1] else 0)
        for key, (net, vat, parts) in sorted(sums.items())
    ]
