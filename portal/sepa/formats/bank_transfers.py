"""Transfers that came in: which credits of an account are some, and what the bank tells of them."""

from lxml import etree

from portal.sepa.formats.bank_elements import Fields, account_of, given
from portal.sepa.formats.bank_values import CreditTransfer

_FAMILY, _SUB_FAMILY = "BkTxCd/Domn/Fmly/Cd", "BkTxCd/Domn/Fmly/SubFmlyCd"
# Received transfers, at once or not, and what a bank does not sort: a code of its own says nothing to us.
_RECEIVED = {"", "RCDT", "RRCT", "MCOP", "NTAV", "OTHR"}
# What the bank itself gives, gives back, or corrects.
_NO_TRANSFER = {
    "CHRG",
    "FEES",
    "COMM",
    "COME",
    "COMI",
    "COMT",
    "TAXE",
    "LBCA",
    "INTR",
    "RRTN",
    "RPCR",
    "ADJT",
}
_NAMES = (
    "RltdPties/Dbtr/Pty/Nm",
    "RltdPties/Dbtr/Nm",
    "RltdPties/UltmtDbtr/Pty/Nm",
    "RltdPties/UltmtDbtr/Nm",
)
_TEXTS = ("{*}RmtInf/{*}Ustrd", "{*}RmtInf/{*}Strd/{*}CdtrRefInf/{*}Ref", "{*}RmtInf/{*}Strd/{*}AddtlRmtInf")
_DOCUMENTS = "{*}RmtInf/{*}Strd/{*}RfrdDocInf/{*}Nb"
_MORE = ("AddtlTxInf", "AddtlNtryInf")  # where a bank writes it that has no details


def transfer_of(entry: Fields, fields: Fields, element: etree._Element) -> CreditTransfer | None:
    """Who paid and what for; None for what is no transfer that came in.

    entry, fields: of the entry and of its transaction. element: the one of the two that is read.
    """
    side = fields.get("CdtDbtInd") or entry.get("CdtDbtInd", "")
    family = fields.get(_FAMILY) or entry.get(_FAMILY, "")
    kind = fields.get(_SUB_FAMILY) or entry.get(_SUB_FAMILY, "")
    came_back = entry.get("RvslInd", "") in ("true", "1") or any(n.startswith("RtrInf") for n in fields)
    if side != "CRDT" or came_back or family not in _RECEIVED or kind in _NO_TRANSFER:
        return None
    texts = [found.text or "" for path in (*_TEXTS, _DOCUMENTS) for found in element.iterfind(path)]
    text = " ".join(" ".join(texts).split())
    more = next((each[name] for each in (fields, entry) for name in _MORE if name in each), "")
    iban = account_of(fields.get("RltdPties/DbtrAcct/Id/IBAN", ""))
    name = next((fields[path] for path in _NAMES if path in fields), "")
    return CreditTransfer(given(name), iban, text or " ".join(more.split()))
