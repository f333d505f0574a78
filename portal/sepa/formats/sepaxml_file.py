"""Small bank files through the sepaxml library, for a creditor that prefers a second, independent writer.

The rules of the scheme are checked by the portal's own writer, whose file is thrown away. Identifiers
and the instant are put in afterwards, so that the same rows give the same bytes here too.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from io import BytesIO
from typing import Any, BinaryIO

from lxml import etree
from sepaxml import SepaDD

from portal.deadlines import PARIS
from portal.sepa.formats import pain008
from portal.sepa.formats.latin import to_latin
from portal.sepa.formats.values import Address, BatchHeader, CollectionLine, Creditor, Group

MAX_ROWS = 1_000  # the library holds the whole file in memory
_SCHEMA = "pain.008.001.08"
_NAMESPACE = f"{{urn:iso:std:iso:20022:tech:xsd:{_SCHEMA}}}"


def can_write(header: BatchHeader, *, one_booking: bool, has_amendments: bool) -> bool:
    """Does the library know everything that this file needs?

    It knows neither amendments nor hybrid addresses, and books a group as a whole.
    """
    plain = header.version == "08" and not header.hybrid_addresses
    return plain and one_booking and not has_amendments and header.count <= MAX_ROWS


def write(
    out: BinaryIO, header: BatchHeader, creditor: Creditor, groups: Iterable[Group], *, as_of: date
) -> None:
    """See :func:`portal.sepa.formats.pain008.write`."""
    groups = [replace(group, lines=list(group.lines)) for group in groups]
    pain008.write(BytesIO(), header, creditor, groups, as_of=as_of)
    config = {
        "name": to_latin(creditor.name),
        "IBAN": creditor.iban,
        "batch": True,
        "creditor_id": creditor.ics,
        "currency": "EUR",
        "instrument": header.scheme,
    }
    if creditor.bic:
        config["BIC"] = creditor.bic
    library = SepaDD(config, schema=_SCHEMA, clean=False)
    for group in groups:
        for line in group.lines:
            library.add_payment(_payment(line, group, creditor))
    out.write(_identified(library.export(validate=False), header, groups))


def _payment(line: CollectionLine, group: Group, creditor: Creditor) -> dict[str, Any]:
    name, remittance = pain008.check_line(line, creditor, group.collect_on)
    payment: dict[str, Any] = {
        "name": name,
        "IBAN": line.debtor_iban,
        "amount": line.amount_cents,
        "type": group.sequence_type,
        "collection_date": group.collect_on,
        "mandate_id": line.rum,
        "mandate_date": line.signed_on,
        "description": remittance,
        "endtoend_id": line.end_to_end_id,
    }
    if line.debtor_bic:
        payment["BIC"] = line.debtor_bic
    if line.address is not None:
        payment["address"] = _place(line.address)
    return payment


def _place(address: Address) -> dict[str, str]:
    place = {
        "street_name": address.street,
        "building_number": address.building,
        "postcode": address.postcode,
        "town": address.town,
    }
    latin = {name: to_latin(text) for name, text in place.items() if text}
    return latin | {"country": address.country}


def _identified(content: bytes, header: BatchHeader, groups: list[Group]) -> bytes:
    """The file under the identifiers and the instant of its batch; groups stand in their order."""
    root = etree.fromstring(content)
    created = header.created_at.astimezone(PARIS).strftime("%Y-%m-%dT%H:%M:%S")
    for name, text in (("MsgId", header.msg_id), ("CreDtTm", created)):
        for element in root.iter(f"{_NAMESPACE}{name}"):
            element.text = text
    lots = list(root.iter(f"{_NAMESPACE}PmtInfId"))
    for element, group in zip(lots, groups, strict=True):
        element.text = group.payment_info_id
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))
