"""The XML pieces of pain.008.001.08 and .02, in the order that the ISO schema wants.

Everything given here has passed the checks of :mod:`portal.sepa.formats.epc` or :func:`to_latin`: the SEPA
set holds none of the characters that XML must escape. Names and texts are escaped all the same, so
that a gap in a check can never become a gap in the file. Version .02 names the BIC otherwise and carries no
address: its free lines are refused since 15 November 2026, and not every bank reads its structured ones.
"""

from html import escape

from portal.sepa.formats.latin import to_latin
from portal.sepa.formats.values import Address, BatchHeader, CollectionLine, Creditor, Group, Scheme, Version

NAMESPACES: dict[Version, str] = {
    "08": "urn:iso:std:iso:20022:tech:xsd:pain.008.001.08",
    "02": "urn:iso:std:iso:20022:tech:xsd:pain.008.001.02",
}
CLOSING = b"</CstmrDrctDbtInitn>\n</Document>\n"

_OPENING = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="{namespace}">\n<CstmrDrctDbtInitn>\n'
    "<GrpHdr><MsgId>{msg_id}</MsgId><CreDtTm>{created}</CreDtTm><NbOfTxs>{count}</NbOfTxs>"
    "<CtrlSum>{total}</CtrlSum><InitgPty><Nm>{name}</Nm><Id><OrgId><Othr><Id>{ics}</Id></Othr>"
    "</OrgId></Id></InitgPty></GrpHdr>\n"
)
_GROUP = (
    "<PmtInf><PmtInfId>{group.payment_info_id}</PmtInfId><PmtMtd>DD</PmtMtd>"
    "<BtchBookg>{booking}</BtchBookg><NbOfTxs>{group.count}</NbOfTxs><CtrlSum>{total}</CtrlSum>"
    "<PmtTpInf><SvcLvl><Cd>SEPA</Cd></SvcLvl><LclInstrm><Cd>{scheme}</Cd></LclInstrm>"
    "<SeqTp>{group.sequence_type}</SeqTp></PmtTpInf>"
    "<ReqdColltnDt>{group.collect_on}</ReqdColltnDt>{creditor}</PmtInf>"
).removesuffix("</PmtInf>") + "\n"
_CREDITOR = (
    "<Cdtr><Nm>{name}</Nm>{address}</Cdtr><CdtrAcct><Id><IBAN>{iban}</IBAN></Id></CdtrAcct>"
    "<CdtrAgt>{agent}</CdtrAgt><ChrgBr>SLEV</ChrgBr>"
    "<CdtrSchmeId>{scheme_id}</CdtrSchmeId>"
)
_SCHEME_ID = "<Id><PrvtId><Othr><Id>%s</Id><SchmeNm><Prtry>SEPA</Prtry></SchmeNm></Othr></PrvtId></Id>"
_ROW = (
    "<DrctDbtTxInf><PmtId><EndToEndId>%s</EndToEndId></PmtId>"
    '<InstdAmt Ccy="EUR">%d.%02d</InstdAmt><DrctDbtTx><MndtRltdInf><MndtId>%s</MndtId>'
    "<DtOfSgntr>%s</DtOfSgntr>%s</MndtRltdInf></DrctDbtTx><DbtrAgt>%s</DbtrAgt>"
    "<Dbtr><Nm>%s</Nm>%s</Dbtr><DbtrAcct><Id><IBAN>%s</IBAN></Id></DbtrAcct>"
    "<RmtInf><Ustrd>%s</Ustrd></RmtInf></DrctDbtTxInf>\n"
)
_NO_BIC = "<FinInstnId><Othr><Id>NOTPROVIDED</Id></Othr></FinInstnId>"


def amount(cents: int) -> str:
    """Euros with two decimals, from cents, without any division of floats."""
    return f"{cents // 100}.{cents % 100:02d}"


def opening(header: BatchHeader, creditor: Creditor, created: str) -> bytes:
    """Everything before the first group."""
    return _OPENING.format(
        namespace=NAMESPACES[header.version],
        msg_id=header.msg_id,
        created=created,
        count=header.count,
        total=amount(header.total_cents),
        name=_text(creditor.name),
        ics=creditor.ics,
    ).encode("ascii")


def creditor_block(header: BatchHeader, creditor: Creditor) -> str:
    """The creditor as every group repeats it."""
    return _CREDITOR.format(
        name=_text(creditor.name),
        address=address_block(header, creditor.address),
        iban=creditor.iban,
        agent=_agent(creditor.bic, header.version),
        scheme_id=_SCHEME_ID % creditor.ics,
    )


def group_opening(group: Group, scheme: Scheme, creditor: str) -> bytes:
    """A group up to its first row."""
    return _GROUP.format(
        group=group,
        booking="true" if group.one_booking else "false",
        total=amount(group.total_cents),
        scheme=scheme,
        creditor=creditor,
    ).encode("ascii")


def row(header: BatchHeader, line: CollectionLine, name: str, remittance: str) -> str:
    """One debit; ``name`` and ``remittance`` are already in the SEPA set."""
    return _ROW % (
        line.end_to_end_id,
        line.amount_cents // 100,
        line.amount_cents % 100,
        line.rum,
        line.signed_on.isoformat(),
        _amendment(line),
        _NO_BIC if line.debtor_bic is None else _agent(line.debtor_bic, header.version),
        escape(name, quote=False),
        "" if line.address is None else address_block(header, line.address),
        line.debtor_iban,
        escape(remittance, quote=False),
    )


def _amendment(line: CollectionLine) -> str:
    if not (line.original_rum or line.original_ics or line.original_creditor_name or line.new_account):
        return ""
    details = ""
    if line.original_rum:
        details += f"<OrgnlMndtId>{line.original_rum}</OrgnlMndtId>"
    if line.original_ics or line.original_creditor_name:
        name = line.original_creditor_name
        details += "<OrgnlCdtrSchmeId>"
        details += f"<Nm>{_text(name)}</Nm>" if name else ""
        details += _SCHEME_ID % line.original_ics if line.original_ics else ""
        details += "</OrgnlCdtrSchmeId>"
    if line.new_account:
        details += "<OrgnlDbtrAcct><Id><Othr><Id>SMNDA</Id></Othr></Id></OrgnlDbtrAcct>"
    return f"<AmdmntInd>true</AmdmntInd><AmdmntInfDtls>{details}</AmdmntInfDtls>"


def address_block(header: BatchHeader, address: Address | None) -> str:
    """Structured, or hybrid: town and country apart, the street as a line of its own."""
    if address is None or header.version == "02":
        return ""
    street, free = [("StrtNm", address.street), ("BldgNb", address.building)], ""
    if header.hybrid_addresses:
        street, free = [], " ".join(part for part in (address.building, address.street) if part)
    parts = [
        *street,
        ("PstCd", address.postcode),
        ("TwnNm", address.town),
        ("Ctry", address.country),
        ("AdrLine", free),
    ]
    lines = "".join(f"<{tag}>{_text(value)[:70]}</{tag}>" for tag, value in parts if value)
    return f"<PstlAdr>{lines}</PstlAdr>"


def _agent(bic: str | None, version: Version) -> str:
    tag = "BIC" if version == "02" else "BICFI"
    return f"<FinInstnId><{tag}>{bic}</{tag}></FinInstnId>" if bic else _NO_BIC


def _text(value: str) -> str:
    return escape(to_latin(value), quote=False)
