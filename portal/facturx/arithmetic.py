"""The sums of an e-invoice to the cent, read from its XML: the official rules leave room that ours does not.

The schematron accepts a VAT that is wrong by up to a euro, and a quantity times a price that is no line.
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from lxml import etree
from lxml.etree import _Element as Element

from portal.facturx.cii import NAMES
from portal.facturx.values import EInvoice

_CENT = Decimal("0.01")


class Finding(NamedTuple):
    """A rule that does not hold: its name, and its sentence as the rule's author wrote it."""

    rule: str
    said: str


def wrong_sums(xml: bytes, invoice: EInvoice) -> list[Finding]:
    """What does not add up; empty when all does. The values say by how much a split VAT may differ.

    Source: EN 16931-1, BR-CO-10 to BR-CO-17; BT-131 = BT-129 x BT-146 / BT-149.
    """
    root = etree.fromstring(xml)
    found = [
        each
        for line in root.iterfind(".//ram:IncludedSupplyChainTradeLineItem", NAMES)
        for each in _line(line)
    ]
    head = root.find(".//ram:ApplicableHeaderTradeSettlement", NAMES)
    assert head is not None  # written by cii, and the XSD asks for it
    slack = {(tax.category, tax.basis_points): tax.slack_cents for tax in invoice.taxes}
    for tax in head.iterfind("ram:ApplicableTradeTax", NAMES):
        found += _tax(tax, slack)
    sums = head.find("ram:SpecifiedTradeSettlementHeaderMonetarySummation", NAMES)
    assert sums is not None
    net = sum(
        (
            _of(line, ".//ram:LineTotalAmount")
            for line in root.iterfind(".//ram:IncludedSupplyChainTradeLineItem", NAMES)
        ),
        Decimal(0),
    )
    vat = sum(
        (_of(tax, "ram:CalculatedAmount") for tax in head.iterfind("ram:ApplicableTradeTax", NAMES)),
        Decimal(0),
    )
    gross, paid = _of(sums, "ram:GrandTotalAmount"), _of(sums, "ram:TotalPrepaidAmount")
    wanted = {
        "BR-CO-10": (_of(sums, "ram:LineTotalAmount"), net, "somme des lignes"),
        "BR-CO-13": (_of(sums, "ram:TaxBasisTotalAmount"), net, "total hors TVA"),
        "BR-CO-14": (_of(sums, "ram:TaxTotalAmount"), vat, "total de la TVA"),
        "BR-CO-15": (gross, net + vat, "total TTC"),
        "BR-CO-16": (_of(sums, "ram:DuePayableAmount"), gross - paid, "reste à payer"),
    }
    return found + [
        Finding(rule, f"[{rule}] {what} : {said} au lieu de {right}.")
        for rule, (said, right, what) in wanted.items()
        if said != right
    ]


def _of(element: Element, path: str) -> Decimal:
    text = element.findtext(path, namespaces=NAMES)
    return Decimal(text) if text else Decimal(0)


def _line(line: Element) -> list[Finding]:
    net = _of(line, ".//ram:LineTotalAmount")
    right = _of(line, ".//ram:BilledQuantity") * _of(line, ".//ram:ChargeAmount")
    right = (right / (_of(line, ".//ram:BasisQuantity") or 1)).quantize(_CENT, ROUND_HALF_UP)
    number = line.findtext(".//ram:LineID", namespaces=NAMES)
    if net == right:
        return []
    return [Finding("BT-131", f"[BT-131] Ligne {number} : {net} au lieu de {right} (quantité × prix).")]


def _tax(tax: Element, slack: dict[tuple[str, int], int]) -> list[Finding]:
    category = tax.findtext("ram:CategoryCode", namespaces=NAMES) or ""
    rate, vat = _of(tax, "ram:RateApplicablePercent"), _of(tax, "ram:CalculatedAmount")
    right = (_of(tax, "ram:BasisAmount") * rate / 100).quantize(_CENT, ROUND_HALF_UP)
    room = slack.get((category, int(rate * 100)), 0) * _CENT
    if abs(vat - right) <= room:
        return []
    return [Finding("BR-CO-17", f"[BR-CO-17] TVA à {rate} % : {vat} au lieu de {right}.")]
