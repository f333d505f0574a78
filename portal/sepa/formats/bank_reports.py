"""Status reports (pain.002): what the bank says of a whole file, of a lot, of one debit."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from portal.sepa.formats.bank_elements import Fields, cents, fields_of, forget, given
from portal.sepa.formats.bank_values import BankEntry, Outcome, Scope

_REJECTED = "RJCT"
_ACCEPTED = {"ACCP", "ACTC", "ACSP", "ACSC", "ACWC", "ACCC", "RCVD"}
_WAITS = {"PDNG"}
# The bank has this file, this lot or this debit already.
_TWICE = {"DU01", "DU02", "DU03", "DU04", "DU05", "AM05"}
SUCCESS = {"0", "00", "000", "0000", "OK"}  # « reasons » of what went well
_NEWER_RUM = "OrgnlTxRef/MndtRltdInf/DrctDbtMndt/MndtId"  # where the versions since 2019 put it


@dataclass
class Report:
    """The levels above what is being read: the file's, and the lot's."""

    file: Fields = field(default_factory=Fields)

    @property
    def message_id(self) -> str:
        return self.file.get("OrgnlMsgId", "")

    def read(self, name: str, element: etree._Element) -> Iterator[BankEntry]:
        """What an element says, once it is whole. The file's own status comes last: it is for the rest."""
        if name == "OrgnlGrpInfAndSts":
            self.file = fields_of(element)
        elif name == "TxInfAndSts":
            yield self._transaction(element)
            forget(element)
        elif name == "OrgnlPmtInfAndSts":
            lot = fields_of(element, without="TxInfAndSts")
            yield from _judged(
                lot, "group", lot.get("PmtInfSts", ""), self.message_id, lot.get("OrgnlPmtInfId", "")
            )
            forget(element)
        else:
            yield from _judged(self.file, "message", self.file.get("GrpSts", ""), self.message_id)

    def _transaction(self, element: etree._Element) -> BankEntry:
        """A debit's status is its own, else its lot's, else its file's; so is the reason."""
        parent = element.getparent()
        lot = Fields() if parent is None else fields_of(parent, without="TxInfAndSts")
        fields = fields_of(element)
        levels = (
            (fields.get("TxSts", ""), _reason(fields)),
            (lot.get("PmtInfSts", ""), _reason(lot)),
            (self.file.get("GrpSts", ""), _reason(self.file)),
        )
        status, reason = next((level for level in levels if level[0]), ("", ""))
        reason = _reason(fields) or reason
        known = status == _REJECTED or status in _ACCEPTED or status in _WAITS
        if not known and _reason(fields):
            status, known = _REJECTED, True  # the report says why, so it says no
        name = lot.get("OrgnlPmtInfId", "")
        return _entry(fields, "transaction", status, self.message_id, name, reason, is_sure=known)


def _judged(fields: Fields, scope: Scope, status: str, message_id: str, lot: str = "") -> Iterator[BankEntry]:
    """Status of the whole file or of a lot, when the bank gives one at that level."""
    if status == _REJECTED or status in _ACCEPTED:
        yield _entry(fields, scope, status, message_id, lot, _reason(fields))
    # pending, partly accepted or silent: the levels below say more


def _entry(
    fields: Fields, scope: Scope, status: str, message_id: str, lot: str, reason: str, *, is_sure: bool = True
) -> BankEntry:
    outcome: Outcome = "accepted" if status in _ACCEPTED else "returned"
    if outcome == "returned" and reason in _TWICE:
        outcome = "duplicate"
    amount = fields.get("OrgnlTxRef/Amt/InstdAmt", fields.get("OrgnlTxRef/InstdAmt"))
    return BankEntry(
        outcome,
        scope,
        message_id,
        lot,
        given(fields.get("OrgnlEndToEndId", "")),
        rum=given(fields.get("OrgnlTxRef/MndtRltdInf/MndtId") or fields.get(_NEWER_RUM, "")),
        ics=fields.get("OrgnlTxRef/CdtrSchmeId/Id/PrvtId/Othr/Id", ""),
        amount_cents=cents(amount),
        reason=reason,
        detail=fields.get("StsRsnInf/AddtlInf", ""),
        reference=given(fields.get("StsId", "")),
        is_sure=is_sure and not (outcome == "returned" and reason in SUCCESS),
        is_booked=status not in _WAITS,
        is_report=True,
    )


def _reason(fields: Fields) -> str:
    return fields.get("StsRsnInf/Rsn/Cd", fields.get("StsRsnInf/Rsn/Prtry", "")).upper()
