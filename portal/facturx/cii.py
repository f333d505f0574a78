"""The XML of an e-invoice in the syntax of Factur-X: UN/CEFACT Cross Industry Invoice, profile EN 16931."""

from typing import Any

from lxml import etree
from lxml.etree import _Element as Element

from portal.facturx.values import BUYER_KIND, REASON_CODES, EInvoice, Line, Tax, euros, percent

_UN = "urn:un:unece:uncefact:data:standard"
NAMES = {
    "rsm": f"{_UN}:CrossIndustryInvoice:100",
    "ram": f"{_UN}:ReusableAggregateBusinessInformationEntity:100",
    "udt": f"{_UN}:UnqualifiedDataType:100",
    "qdt": f"{_UN}:QualifiedDataType:100",
}
PROFILE = "urn:cen.eu:en16931:2017"
SIREN, SIRET, ADDRESS = "0002", "0009", "0225"  # schemes of ISO 6523 and of the French directory
_DAY = "102"  # YYYYMMDD
_ON_PAYMENT = "72"  # BT-8: VAT is due when it is paid, as for services without the option for debits
_OF_THE_BUYER = "916"  # UNTDID 1001: a document that the buyer refers to


def _name(path: str) -> str:
    prefix, _colon, local = path.partition(":")
    return f"{{{NAMES[prefix]}}}{local}" if local else f"{{{NAMES['ram']}}}{prefix}"


def add(parent: Element, name: str, text: str | None = None, **attributes: str) -> Element:
    """A child of the aggregate namespace, or of the prefix that its name has."""
    child = etree.SubElement(parent, _name(name), attributes)
    child.text = text
    return child


def _day(parent: Element, name: str, iso: str, kind: str = "udt") -> None:
    add(add(parent, name), f"{kind}:DateTimeString", iso.replace("-", ""), format=_DAY)


def cii(invoice: EInvoice) -> bytes:
    """The XML, always the same bytes for the same values. Source: EN 16931-3-3; Factur-X 1.0.9, EN 16931."""
    root = etree.Element(_name("rsm:CrossIndustryInvoice"), nsmap=NAMES)
    context = add(root, "rsm:ExchangedDocumentContext")
    add(add(context, "BusinessProcessSpecifiedDocumentContextParameter"), "ID", invoice.frame)
    add(add(context, "GuidelineSpecifiedDocumentContextParameter"), "ID", PROFILE)
    document = add(root, "rsm:ExchangedDocument")
    add(document, "ID", invoice.number)
    add(document, "TypeCode", invoice.type)
    _day(document, "IssueDateTime", invoice.issued_on)
    for subject, text in invoice.notes:
        note = add(document, "IncludedNote")
        add(note, "Content", text)
        if subject:
            add(note, "SubjectCode", subject)
    trade = add(root, "rsm:SupplyChainTradeTransaction")
    for number, line in enumerate(invoice.lines, 1):
        _line(trade, number, line)
    _agreement(trade, invoice)
    delivery = add(trade, "ApplicableHeaderTradeDelivery")
    if any(tax.category == "K" for tax in invoice.taxes):  # BR-IC-12
        _address(add(delivery, "ShipToTradeParty"), invoice.buyer)
    if invoice.delivered_on:
        _day(add(delivery, "ActualDeliverySupplyChainEvent"), "OccurrenceDateTime", invoice.delivered_on)
    _settlement(trade, invoice)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _line(trade: Element, number: int, line: Line) -> None:
    item = add(trade, "IncludedSupplyChainTradeLineItem")
    add(add(item, "AssociatedDocumentLineDocument"), "LineID", str(number))
    add(add(item, "SpecifiedTradeProduct"), "Name", line.label)
    price = add(add(item, "SpecifiedLineTradeAgreement"), "NetPriceProductTradePrice")
    add(price, "ChargeAmount", line.price)
    if line.base != 1:
        add(price, "BasisQuantity", str(line.base), unitCode="C62")
    add(add(item, "SpecifiedLineTradeDelivery"), "BilledQuantity", str(line.quantity), unitCode="C62")
    settlement = add(item, "SpecifiedLineTradeSettlement")
    tax = add(settlement, "ApplicableTradeTax")
    add(tax, "TypeCode", "VAT")
    add(tax, "CategoryCode", line.category)
    if line.category != "O":
        add(tax, "RateApplicablePercent", percent(line.basis_points))
    sums = add(settlement, "SpecifiedTradeSettlementLineMonetarySummation")
    add(sums, "LineTotalAmount", euros(line.net_cents))


def _agreement(trade: Element, invoice: EInvoice) -> None:
    agreement, own = add(trade, "ApplicableHeaderTradeAgreement"), invoice.references
    if service := own.get("service_code"):
        add(agreement, "BuyerReference", service)
    untaxed = any(tax.category == "O" for tax in invoice.taxes)
    _party(agreement, "SellerTradeParty", invoice.seller, vat_number=not untaxed)
    _party(agreement, "BuyerTradeParty", invoice.buyer, vat_number=not untaxed)
    order = own.get("commitment_number") or own.get("purchase_order")
    if order:
        add(add(agreement, "BuyerOrderReferencedDocument"), "IssuerAssignedID", order)
    if own.get("commitment_number") and own.get("purchase_order"):
        paper = add(agreement, "AdditionalReferencedDocument")
        add(paper, "IssuerAssignedID", own["purchase_order"])
        add(paper, "TypeCode", _OF_THE_BUYER)


def _party(agreement: Element, role: str, party: dict[str, Any], *, vat_number: bool) -> None:
    """BR-O-02: no VAT number of seller or buyer stands on an invoice outside the scope of VAT."""
    block = add(agreement, role)
    if siret := party.get("siret"):
        add(block, "GlobalID", siret, schemeID=SIRET)
    add(block, "Name", party["name"])
    if party.get("legal_form") and role == "SellerTradeParty":
        add(block, "Description", party["legal_form"])
    if siren := party.get("siren"):
        add(add(block, "SpecifiedLegalOrganization"), "ID", siren, schemeID=SIREN)
    _address(block, party)
    if siren:
        own = party.get("eaddress") or siren
        add(add(block, "URIUniversalCommunication"), "URIID", own, schemeID=ADDRESS)
    elif party.get("email"):
        add(add(block, "URIUniversalCommunication"), "URIID", party["email"], schemeID="EM")
    if party.get("vat_number") and vat_number:
        add(add(block, "SpecifiedTaxRegistration"), "ID", party["vat_number"], schemeID="VA")


def _address(block: Element, party: dict[str, Any]) -> None:
    address = add(block, "PostalTradeAddress")
    for name, column in (("PostcodeCode", "postcode"), ("LineOne", "street"), ("CityName", "town")):
        add(address, name, party[column])
    add(address, "CountryID", party["country"])


def _settlement(trade: Element, invoice: EInvoice) -> None:
    settlement, payment = add(trade, "ApplicableHeaderTradeSettlement"), invoice.payment
    if payment.creditor:
        add(settlement, "CreditorReferenceID", payment.creditor)
    add(settlement, "PaymentReference", invoice.number)
    add(settlement, "InvoiceCurrencyCode", invoice.currency)
    means = add(settlement, "SpecifiedTradeSettlementPaymentMeans")
    add(means, "TypeCode", payment.means)
    if payment.iban:
        account = add(means, "PayeePartyCreditorFinancialAccount")
        add(account, "IBANID", payment.iban)
        add(account, "AccountName", payment.account)
    for tax in invoice.taxes:
        _tax(settlement, tax)
    if invoice.period:
        period = add(settlement, "BillingSpecifiedPeriod")
        _day(period, "StartDateTime", invoice.period[0])
        _day(period, "EndDateTime", invoice.period[1])
    terms = add(settlement, "SpecifiedTradePaymentTerms")
    if invoice.terms:
        add(terms, "Description", invoice.terms)
    _day(terms, "DueDateDateTime", invoice.due_on)
    if payment.mandate:
        add(terms, "DirectDebitMandateID", payment.mandate)
    _sums(settlement, invoice)
    if invoice.preceding:
        before = add(settlement, "InvoiceReferencedDocument")
        add(before, "IssuerAssignedID", invoice.preceding[0])
        _day(before, "FormattedIssueDateTime", invoice.preceding[1], "qdt")


def _tax(settlement: Element, tax: Tax) -> None:
    row = add(settlement, "ApplicableTradeTax")
    add(row, "CalculatedAmount", euros(tax.vat_cents))
    add(row, "TypeCode", "VAT")
    if tax.category != "S" and tax.why:
        add(row, "ExemptionReason", tax.why)
    add(row, "BasisAmount", euros(tax.net_cents))
    add(row, "CategoryCode", tax.category)
    if code := REASON_CODES.get(tax.category):
        add(row, "ExemptionReasonCode", code)
    if tax.category == "S":
        add(row, "DueDateTypeCode", _ON_PAYMENT)
    if tax.category != "O":
        add(row, "RateApplicablePercent", percent(tax.basis_points))


def _sums(settlement: Element, invoice: EInvoice) -> None:
    sums = add(settlement, "SpecifiedTradeSettlementHeaderMonetarySummation")
    add(sums, "LineTotalAmount", euros(sum(line.net_cents for line in invoice.lines)))
    add(sums, "TaxBasisTotalAmount", euros(invoice.net_cents))
    add(sums, "TaxTotalAmount", euros(invoice.vat_cents), currencyID=invoice.currency)
    add(sums, "GrandTotalAmount", euros(invoice.gross_cents))
    if invoice.paid_cents:
        add(sums, "TotalPrepaidAmount", euros(invoice.paid_cents))
    add(sums, "DuePayableAmount", euros(invoice.gross_cents - invoice.paid_cents))


def buyer_kind(invoice: EInvoice) -> str:
    """What the note BAR says; "" without one."""
    return next((text for subject, text in invoice.notes if subject == BUYER_KIND), "")
