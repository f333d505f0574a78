"""The same e-invoice in UBL 2.1, for whoever asks for that syntax (EN 16931-3-2)."""

from typing import Any

from lxml import etree
from lxml.etree import _Element as Element

from portal.facturx.cii import ADDRESS, PROFILE, SIREN, SIRET
from portal.facturx.values import CREDIT_NOTE, REASON_CODES, EInvoice, Line, Payment, Tax, euros, percent

_OASIS = "urn:oasis:names:specification:ubl:schema:xsd"
_CAC, _CBC = f"{_OASIS}:CommonAggregateComponents-2", f"{_OASIS}:CommonBasicComponents-2"
_ON_PAYMENT = "432"  # BT-8 in UBL: UNTDID 2005


def _is_credit(invoice: EInvoice) -> bool:
    return invoice.type == CREDIT_NOTE


def group(parent: Element, name: str) -> Element:
    """A child of the aggregates."""
    return etree.SubElement(parent, f"{{{_CAC}}}{name}")


def put(parent: Element, name: str, text: str, **attributes: str) -> None:
    """A child of the basic components."""
    etree.SubElement(parent, f"{{{_CBC}}}{name}", attributes).text = text


def _amount(parent: Element, name: str, cents: int, currency: str) -> None:
    put(parent, name, euros(cents), currencyID=currency)


def ubl(invoice: EInvoice) -> bytes:
    """The XML, always the same bytes for the same values. Source: EN 16931-3-2; OASIS UBL 2.1."""
    kind = "CreditNote" if _is_credit(invoice) else "Invoice"
    names: Any = {None: f"{_OASIS}:{kind}-2", "cac": _CAC, "cbc": _CBC}
    root = etree.Element(f"{{{_OASIS}:{kind}-2}}{kind}", nsmap=names)
    put(root, "CustomizationID", PROFILE)
    put(root, "ProfileID", invoice.frame)
    put(root, "ID", invoice.number)
    put(root, "IssueDate", invoice.issued_on)
    if not _is_credit(invoice):
        put(root, "DueDate", invoice.due_on)
    put(root, f"{kind}TypeCode", invoice.type)
    for subject, text in invoice.notes:
        put(root, "Note", f"#{subject}#{text}" if subject else text)
    put(root, "DocumentCurrencyCode", invoice.currency)
    _references(root, invoice)
    creditor = invoice.payment.creditor
    untaxed = any(tax.category == "O" for tax in invoice.taxes)
    _party(group(root, "AccountingSupplierParty"), invoice.seller, creditor, vat_number=not untaxed)
    _party(group(root, "AccountingCustomerParty"), invoice.buyer, vat_number=not untaxed)
    _delivery(root, invoice)
    _means(root, invoice.payment, invoice.number)
    if invoice.terms:
        put(group(root, "PaymentTerms"), "Note", invoice.terms)
    _sums(root, invoice)
    for number, line in enumerate(invoice.lines, 1):
        _line(root, number, line, invoice)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _references(root: Element, invoice: EInvoice) -> None:
    own = invoice.references
    if service := own.get("service_code"):
        put(root, "BuyerReference", service)
    if invoice.period:
        period = group(root, "InvoicePeriod")
        put(period, "StartDate", invoice.period[0])
        put(period, "EndDate", invoice.period[1])
    elif any(tax.category == "S" for tax in invoice.taxes):
        put(group(root, "InvoicePeriod"), "DescriptionCode", _ON_PAYMENT)
    if order := own.get("commitment_number") or own.get("purchase_order"):
        put(group(root, "OrderReference"), "ID", order)
    if invoice.preceding:
        before = group(group(root, "BillingReference"), "InvoiceDocumentReference")
        put(before, "ID", invoice.preceding[0])
        put(before, "IssueDate", invoice.preceding[1])
    if own.get("commitment_number") and own.get("purchase_order"):
        put(group(root, "AdditionalDocumentReference"), "ID", own["purchase_order"])


def _party(role: Element, party: dict[str, Any], creditor: str = "", *, vat_number: bool) -> None:
    block, siren = group(role, "Party"), party.get("siren")
    if siren:
        put(block, "EndpointID", party.get("eaddress") or siren, schemeID=ADDRESS)
    elif party.get("email"):
        put(block, "EndpointID", party["email"], schemeID="EM")
    if siret := party.get("siret"):
        put(group(block, "PartyIdentification"), "ID", siret, schemeID=SIRET)
    if creditor:
        put(group(block, "PartyIdentification"), "ID", creditor, schemeID="SEPA")
    put(group(block, "PartyName"), "Name", party["name"])
    address = group(block, "PostalAddress")
    for name, column in (("StreetName", "street"), ("CityName", "town"), ("PostalZone", "postcode")):
        put(address, name, party[column])
    put(group(address, "Country"), "IdentificationCode", party["country"])
    if party.get("vat_number") and vat_number:
        scheme = group(block, "PartyTaxScheme")
        put(scheme, "CompanyID", party["vat_number"])
        put(group(scheme, "TaxScheme"), "ID", "VAT")
    legal = group(block, "PartyLegalEntity")
    put(legal, "RegistrationName", party["name"])
    if siren:
        put(legal, "CompanyID", siren, schemeID=SIREN)


def _delivery(root: Element, invoice: EInvoice) -> None:
    if not invoice.delivered_on:
        return
    delivery = group(root, "Delivery")
    put(delivery, "ActualDeliveryDate", invoice.delivered_on)
    if any(tax.category == "K" for tax in invoice.taxes):  # BR-IC-12
        country = group(group(group(delivery, "DeliveryLocation"), "Address"), "Country")
        put(country, "IdentificationCode", invoice.buyer["country"])


def _means(root: Element, payment: Payment, number: str) -> None:
    means = group(root, "PaymentMeans")
    put(means, "PaymentMeansCode", payment.means)
    put(means, "PaymentID", number)
    if payment.iban:
        account = group(means, "PayeeFinancialAccount")
        put(account, "ID", payment.iban)
        put(account, "Name", payment.account)
    if payment.mandate:
        put(group(means, "PaymentMandate"), "ID", payment.mandate)


def _sums(root: Element, invoice: EInvoice) -> None:
    money, total = invoice.currency, group(root, "TaxTotal")
    _amount(total, "TaxAmount", invoice.vat_cents, money)
    for tax in invoice.taxes:
        part = group(total, "TaxSubtotal")
        _amount(part, "TaxableAmount", tax.net_cents, money)
        _amount(part, "TaxAmount", tax.vat_cents, money)
        _category(group(part, "TaxCategory"), tax.category, tax.basis_points, tax)
    sums = group(root, "LegalMonetaryTotal")
    _amount(sums, "LineExtensionAmount", sum(line.net_cents for line in invoice.lines), money)
    _amount(sums, "TaxExclusiveAmount", invoice.net_cents, money)
    _amount(sums, "TaxInclusiveAmount", invoice.gross_cents, money)
    if invoice.paid_cents:
        _amount(sums, "PrepaidAmount", invoice.paid_cents, money)
    _amount(sums, "PayableAmount", invoice.gross_cents - invoice.paid_cents, money)


def _category(block: Element, category: str, basis_points: int, tax: Tax | None = None) -> None:
    put(block, "ID", category)
    if category != "O":
        put(block, "Percent", percent(basis_points))
    if tax is not None:
        if code := REASON_CODES.get(category):
            put(block, "TaxExemptionReasonCode", code)
        if category != "S" and tax.why:
            put(block, "TaxExemptionReason", tax.why)
    put(group(block, "TaxScheme"), "ID", "VAT")


def _line(root: Element, number: int, line: Line, invoice: EInvoice) -> None:
    name = "CreditNoteLine" if _is_credit(invoice) else "InvoiceLine"
    quantity = "CreditedQuantity" if _is_credit(invoice) else "InvoicedQuantity"
    row = group(root, name)
    put(row, "ID", str(number))
    put(row, quantity, str(line.quantity), unitCode="C62")
    _amount(row, "LineExtensionAmount", line.net_cents, invoice.currency)
    item = group(row, "Item")
    put(item, "Name", line.label)
    _category(group(item, "ClassifiedTaxCategory"), line.category, line.basis_points)
    price = group(row, "Price")
    put(price, "PriceAmount", line.price, currencyID=invoice.currency)
    if line.base != 1:
        put(price, "BaseQuantity", str(line.base), unitCode="C62")
