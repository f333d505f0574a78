"""Reads what the bank sends back: pain.002 status reports, camt.053 statements, camt.054 notifications.

Any version of a message is read by element names, whatever its namespace. Files are streamed and hardened:
no document type, no entity, no network. What is read is what the bank wrote; who it is about is found later.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import BinaryIO, Literal

from lxml import etree

from portal.errors import Refused
from portal.wording import N_

Outcome = Literal["accepted", "settled", "returned"]
Scope = Literal["transaction", "group", "message"]

_ROOTS = {"CstmrPmtStsRpt": "pain.002", "BkToCstmrStmt": "camt.053", "BkToCstmrDbtCdtNtfctn": "camt.054"}
_REJECTED = "RJCT"
_ACCEPTED = {"ACCP", "ACTC", "ACSP", "ACSC", "ACWC", "RCVD"}
_UNPAID = {"UPDD", "PRDD"}  # sub-families of unpaid and reversed direct debits
_ISSUED = "IDDT"  # family of direct debits that the creditor issued
_NOT_GIVEN = {"NOTPROVIDED", "NONREF", ""}
_READ = tuple(
    f"{{*}}{name}"
    for name in ("GrpHdr", "OrgnlGrpInfAndSts", "OrgnlPmtInfAndSts", "TxInfAndSts", "Ntry", "TxDtls")
)
_NEWER_RUM = "OrgnlTxRef/MndtRltdInf/DrctDbtMndt/MndtId"  # where the versions since 2019 put it
_AMOUNTS = ("Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/InstdAmt/Amt")

Fields = dict[str, str]


class BankFileError(Refused):
    """A bank file that cannot be read; nothing of it may be kept."""


@dataclass(frozen=True, slots=True)
class BankEntry:
    """One thing that the bank says of a debit, of a lot or of a whole file.

    amount_cents: what moved, None where the bank does not say. booked_on: Paris day of the booking. account:
    IBAN of the statement. reference: the bank's own for the entry; ``index`` tells transactions of one entry
    apart. reason: ISO code, empty when the bank gives none.
    """

    outcome: Outcome
    scope: Scope
    message_id: str = ""
    payment_info_id: str = ""
    end_to_end_id: str = ""
    rum: str = ""
    ics: str = ""
    amount_cents: int | None = None
    fee_cents: int = 0
    reason: str = ""
    detail: str = ""
    booked_on: date | None = None
    account: str = ""
    reference: str = ""
    index: int = 0


@dataclass(frozen=True, slots=True)
class BankFileHead:
    """What kind of message this is, and its own identifier."""

    kind: str  # "camt.054"
    message_id: str


def read_bank_file(source: BinaryIO) -> Iterator[BankFileHead | BankEntry]:
    """The head of the file, then each entry, in the order of the file.

    source: opened at its start. Memory does not grow with the file.
    Raises BankFileError for a file that is not one of the three messages, is cut short or hostile.

    Source: ISO 20022 pain.002, camt.053, camt.054; EPC customer-to-PSP guidelines.
    """
    try:
        yield from _read(source)
    except etree.XMLSyntaxError as error:
        raise BankFileError(
            N_("Fichier illisible ou incomplet, ligne %(line)d."), line=error.lineno or 0
        ) from None


def _read(source: BinaryIO) -> Iterator[BankFileHead | BankEntry]:
    events = etree.iterparse(
        source,
        events=("end",),
        tag=_READ,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
        huge_tree=False,
    )
    kind, known, index = "", Fields(), 0
    for _event, element in events:
        name = _name(element)
        if name == "GrpHdr":
            kind = _kind(element)
            yield BankFileHead(kind, _fields(element).get("MsgId", ""))
        elif name == "OrgnlGrpInfAndSts":
            known = _fields(element)
            yield from _judged(known, "message", known.get("GrpSts", ""), known.get("OrgnlMsgId", ""))
        elif name == "TxInfAndSts":
            yield from _transaction_status(element, known.get("OrgnlMsgId", ""))
            _forget(element)
        elif name == "OrgnlPmtInfAndSts":
            lot = _fields(element)
            yield from _judged(
                lot,
                "group",
                lot.get("PmtInfSts", ""),
                known.get("OrgnlMsgId", ""),
                lot.get("OrgnlPmtInfId", ""),
            )
            _forget(element)
        elif name == "TxDtls":
            if index == 0:
                known = _entry_fields(element)
            index += 1
            yield from _transaction(_fields(element), known, index)
            _forget(element)
        else:
            if index == 0:
                yield from _bare_entry({**_fields(element), **_statement_fields(element)})
            index = 0
            _forget(element)
    if not kind:
        raise BankFileError(N_("Ce fichier ne contient pas de message de la banque."))


def _kind(head: etree._Element) -> str:
    if head.getroottree().docinfo.internalDTD is not None:
        raise BankFileError(N_("Ce fichier déclare un type de document : il est refusé."))
    message = head.getparent()
    name = "" if message is None else _name(message)
    if name not in _ROOTS:
        raise BankFileError(
            N_(
                "« %(name)s » n'est ni un compte rendu (pain.002), ni un relevé ou un avis (camt.053, "
                "camt.054)."
            ),
            name=name,
        )
    return _ROOTS[name]


# pain.002


def _transaction_status(element: etree._Element, message_id: str) -> Iterator[BankEntry]:
    lot = element.getparent()
    found = lot.find("{*}OrgnlPmtInfId") if lot is not None else None
    fields = _fields(element)
    status = fields.get("TxSts", _REJECTED)
    yield from _judged(
        fields, "transaction", status, message_id, (found.text or "") if found is not None else ""
    )


def _judged(fields: Fields, scope: Scope, status: str, message_id: str, lot: str = "") -> Iterator[BankEntry]:
    """Status of the whole file, of a lot, or of one debit, when the bank gives one at that level."""
    if status == _REJECTED:
        outcome: Outcome = "returned"
    elif status in _ACCEPTED:
        outcome = "accepted"
    else:
        return  # pending, partly accepted or silent: the levels below say more
    amount = fields.get("OrgnlTxRef/Amt/InstdAmt", fields.get("OrgnlTxRef/InstdAmt"))
    yield BankEntry(
        outcome,
        scope,
        message_id,
        lot,
        _given(fields.get("OrgnlEndToEndId", "")),
        rum=fields.get("OrgnlTxRef/MndtRltdInf/MndtId") or fields.get(_NEWER_RUM, ""),
        ics=fields.get("OrgnlTxRef/CdtrSchmeId/Id/PrvtId/Othr/Id", ""),
        amount_cents=_cents(amount),
        reason=_reason(fields, "StsRsnInf"),
        detail=fields.get("StsRsnInf/AddtlInf", ""),
        reference=fields.get("StsId", ""),
    )


# camt.053 and camt.054


def _entry_fields(transaction: etree._Element) -> Fields:
    """What stands before the details of an entry, and the account of its statement."""
    entry = transaction.getparent()
    while entry is not None and _name(entry) != "Ntry":
        entry = entry.getparent()
    if entry is None:
        return Fields()
    fields = Fields()
    for child in entry:
        if _name(child) != "NtryDtls":
            _flatten(child, "", fields)
    return {**fields, **_statement_fields(entry)}


def _statement_fields(entry: etree._Element) -> Fields:
    statement = entry.getparent()
    found = statement.find("{*}Acct/{*}Id/{*}IBAN") if statement is not None else None
    return {"account": (found.text or "") if found is not None else ""}


def _transaction(fields: Fields, entry: Fields, index: int) -> Iterator[BankEntry]:
    outcome = _outcome(
        entry, fields.get("CdtDbtInd", ""), came_back=any(f.startswith("RtrInf") for f in fields)
    )
    if outcome is None:
        return
    end_to_end, lot = _given(fields.get("Refs/EndToEndId", "")), fields.get("Refs/PmtInfId", "")
    amount = next((fields[path] for path in _AMOUNTS if path in fields), entry.get("Amt"))
    scope: Scope = "transaction" if end_to_end or not lot else "group"
    yield BankEntry(
        outcome,
        scope,
        _given(fields.get("Refs/MsgId", "")),
        lot,
        end_to_end,
        rum=fields.get("Refs/MndtId", ""),
        ics=fields.get("RltdPties/Cdtr/Id/PrvtId/Othr/Id", ""),
        amount_cents=_cents(amount),
        fee_cents=_fees(fields),
        reason=_reason(fields, "RtrInf"),
        detail=fields.get("RtrInf/AddtlInf", ""),
        booked_on=_booked_on(entry),
        account=entry["account"],
        reference=fields.get("Refs/AcctSvcrRef") or _entry_reference(entry) or fields.get("Refs/TxId", ""),
        index=index,
    )


def _bare_entry(entry: Fields) -> Iterator[BankEntry]:
    """An entry without details: all that it tells is the lot, or nothing that concerns debits."""
    lot = entry.get("NtryDtls/Btch/PmtInfId", "")
    outcome = _outcome(entry, "", came_back=False)
    if outcome is not None and lot:
        yield BankEntry(
            outcome,
            "group",
            _given(entry.get("NtryDtls/Btch/MsgId", "")),
            lot,
            amount_cents=_cents(entry.get("Amt")),
            booked_on=_booked_on(entry),
            account=entry["account"],
            reference=_entry_reference(entry),
        )


def _outcome(entry: Fields, side: str, *, came_back: bool) -> Outcome | None:
    """Did a debit come back, or was it credited? None for an entry that is about something else."""
    family = entry.get("BkTxCd/Domn/Fmly/Cd", "")
    side = side or entry.get("CdtDbtInd", "")
    unpaid = entry.get("BkTxCd/Domn/Fmly/SubFmlyCd", "") in _UNPAID
    if came_back or unpaid or entry.get("RvslInd", "") in ("true", "1"):
        return "returned" if side == "DBIT" else None
    return "settled" if family == _ISSUED and side == "CRDT" else None


def _entry_reference(entry: Fields) -> str:
    """The bank's own reference of an entry, which makes an import idempotent."""
    return entry.get("AcctSvcrRef") or entry.get("NtryRef", "")


def _booked_on(entry: Fields) -> date | None:
    for path in ("BookgDt/Dt", "BookgDt/DtTm", "ValDt/Dt", "ValDt/DtTm"):
        if path in entry:
            with suppress(ValueError):
                return datetime.fromisoformat(entry[path]).date()
    return None


def _fees(fields: Fields) -> int:
    total = fields.get("Chrgs/TtlChrgsAndTaxAmt", fields.get("Chrgs/Rcrd/Amt", fields.get("Chrgs/Amt")))
    return _cents(total) or 0


def _reason(fields: Fields, holder: str) -> str:
    return fields.get(f"{holder}/Rsn/Cd", fields.get(f"{holder}/Rsn/Prtry", "")).upper()


def _cents(amount: str | None) -> int | None:
    """Cents of an amount as the file writes it, after its currency when that is not the euro."""
    if not amount:
        return None
    try:
        cents = Decimal(amount) * 100
    except InvalidOperation:
        raise BankFileError(
            N_("Montant illisible, ou pas en euros : « %(text)s »."), text=amount[:30]
        ) from None
    if not cents.is_finite() or cents != cents.to_integral_value() or not 0 <= cents < 10**14:
        raise BankFileError(N_("Montant illisible, ou pas en euros : « %(text)s »."), text=amount[:30])
    return int(cents)


# Elements by name, whatever the namespace


def _name(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _fields(element: etree._Element) -> Fields:
    """Texts below an element by their path; the first one of a path wins."""
    found = Fields()
    for child in element:
        _flatten(child, "", found)
    return found


def _flatten(element: etree._Element, path: str, found: Fields) -> None:
    path += str(element.tag).rpartition("}")[2]
    text = element.text
    if len(element):
        for child in element:
            _flatten(child, path + "/", found)
    elif text and path not in found:
        currency = element.get("Ccy")
        found[path] = f"{currency} {text}" if currency not in (None, "EUR") else text.strip()


def _given(identifier: str) -> str:
    return "" if identifier in _NOT_GIVEN else identifier


def _forget(element: etree._Element) -> None:
    """Free an element that was read and those before it."""
    parent, before = element.getparent(), element.getprevious()
    element.clear()
    if parent is not None and before is not None and before.tag == element.tag:
        parent.remove(before)
