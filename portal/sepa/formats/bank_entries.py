"""Entries of an account (camt.052, camt.053, camt.054): what was credited, and what was taken back."""

from dataclasses import dataclass

from lxml import etree

from portal.sepa.formats.bank_elements import (
    Fields,
    account_of,
    cents,
    day_of,
    fields_of,
    foreign,
    given,
    name_of,
)
from portal.sepa.formats.bank_reports import SUCCESS
from portal.sepa.formats.bank_transfers import transfer_of
from portal.sepa.formats.bank_values import BankEntry, Outcome, Scope

INFORMATION = "camt.052"  # the account during the day: told again by the statement, so it moves nothing
_UNPAID = {"UPDD", "PRDD"}  # sub-families of unpaid and reversed direct debits
_ISSUED = "IDDT"  # family of direct debits that the creditor issued
_FEES = {"CHRG", "FEES", "COMM", "COME", "COMI", "COMT", "TAXE", "LBCA", "INTR"}  # what the bank takes itself
_FAMILY, _SUB_FAMILY = "BkTxCd/Domn/Fmly/Cd", "BkTxCd/Domn/Fmly/SubFmlyCd"
_AMOUNTS = ("Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/InstdAmt/Amt")
_INSTRUCTED = "AmtDtls/InstdAmt/Amt"
_DAYS = ("BookgDt/Dt", "BookgDt/DtTm", "ValDt/Dt", "ValDt/DtTm")
_ACCOUNT, _FEE = "//account", "//fee"  # not paths of a message


@dataclass
class Statements:
    """Reads the entries of one document; knows the account of the statement that it is in."""

    is_information: bool = False
    _statement: etree._Element | None = None
    _account: str = ""

    def account_of(self, statement: etree._Element | None) -> str:
        """IBAN of a statement, in capitals without spaces; empty where the bank gives another number."""
        if statement is None:
            return ""
        if statement is not self._statement:
            found = statement.findtext("{*}Acct/{*}Id/{*}IBAN")
            self._statement, self._account = statement, account_of(found or "")
        return self._account

    def entry_of(self, transaction: etree._Element) -> Fields:
        """What stands before the details of an entry, what its lot is, and the account of its statement."""
        details = transaction.getparent()
        entry = None if details is None else details.getparent()
        if details is None or entry is None or name_of(entry) != "Ntry":
            return Fields()
        fields = fields_of(entry, without="NtryDtls")
        lot = details.find("{*}Btch")
        if lot is not None:
            fields.update({f"NtryDtls/Btch/{name}": text for name, text in fields_of(lot).items()})
        fields[_ACCOUNT] = self.account_of(entry.getparent())
        fields[_FEE] = str(_fees(entry, fields))
        return fields

    def transaction(self, element: etree._Element, entry: Fields, index: int) -> BankEntry:
        """One debit of an entry. index: its place in the entry, from 1."""
        fields = fields_of(element)
        end_to_end, rum = given(fields.get("Refs/EndToEndId", "")), given(fields.get("Refs/MndtId", ""))
        lot, message = given(fields.get("Refs/PmtInfId", "")), given(fields.get("Refs/MsgId", ""))
        if not lot:
            lot, own = _lot(entry)
            message = message or own
        own_amount = next((fields[path] for path in _AMOUNTS if path in fields), "")
        amount = own_amount or entry.get("Amt", "")
        reason = fields.get("RtrInf/Rsn/Cd", fields.get("RtrInf/Rsn/Prtry", "")).upper()
        came_back = any(name.startswith("RtrInf") for name in fields)
        outcome, is_sure = _outcome(entry, fields, reason, came_back=came_back)
        return self._entry(
            outcome,
            "transaction" if end_to_end or rum or not lot else "group",
            entry,
            amount,
            message_id=message,
            payment_info_id=lot,
            end_to_end_id=end_to_end,
            rum=rum,
            ics=fields.get("RltdPties/Cdtr/Id/PrvtId/Othr/Id", ""),
            instructed_cents=cents(fields.get(_INSTRUCTED)),
            fee_cents=_fees(element, fields) or (int(entry.get(_FEE, "0")) if index == 1 else 0),
            reason=reason,
            detail=fields.get("RtrInf/AddtlInf", ""),
            reference=given(fields.get("Refs/AcctSvcrRef", ""))
            or _reference(entry)
            or given(fields.get("Refs/TxId", "")),
            index=index,
            is_sure=is_sure,
            # Details without amounts of their own: the first stands for the whole entry.
            transfer=transfer_of(entry, fields, element) if index == 1 or own_amount else None,
        )

    def bare_entry(self, element: etree._Element) -> BankEntry:
        """An entry without details: all that it tells is the lot, or nothing."""
        entry = fields_of(element)
        entry[_ACCOUNT] = self.account_of(element.getparent())
        lot, message = _lot(entry)
        outcome, is_sure = _outcome(entry, {}, "", came_back=False)
        return self._entry(
            outcome,
            "group" if lot else "transaction",
            entry,
            entry.get("Amt", ""),
            message_id=message,
            payment_info_id=lot,
            fee_cents=_fees(element, entry),
            reference=_reference(entry),
            is_sure=is_sure,
            transfer=transfer_of(entry, {}, element),
        )

    def _entry(
        self, outcome: Outcome, scope: Scope, entry: Fields, amount: str, **values: object
    ) -> BankEntry:
        return BankEntry(
            outcome,
            scope,
            amount_cents=cents(amount),
            foreign=amount[:35] if foreign(amount) else "",
            booked_on=next((day_of(entry[path]) for path in _DAYS if path in entry), None),
            account=entry.get(_ACCOUNT, ""),
            is_booked=entry.get("Sts", entry.get("Sts/Cd", entry.get("Sts/Prtry", "BOOK"))) == "BOOK",
            is_information=self.is_information,
            **values,  # type: ignore[arg-type]
        )


def _lot(entry: Fields) -> tuple[str, str]:
    """Lot and message of an entry that was booked as a whole."""
    found = (entry.get(f"NtryDtls/Btch/{name}", "") for name in ("PmtInfId", "MsgId"))
    lot, message = map(given, found)
    return lot, message


def _outcome(entry: Fields, fields: Fields, reason: str, *, came_back: bool) -> tuple[Outcome, bool]:
    """Was a debit credited, or taken back? And does the entry say so itself?

    Where it does not, only our own references tell that it is about a debit, and somebody has to look.
    """
    side = fields.get("CdtDbtInd") or entry.get("CdtDbtInd", "")
    family = fields.get(_FAMILY) or entry.get(_FAMILY, "")
    kind = fields.get(_SUB_FAMILY) or entry.get(_SUB_FAMILY, "")
    reversed_ = entry.get("RvslInd", "") in ("true", "1")
    if side == "CRDT":
        undone = (came_back and reason not in SUCCESS) or kind in _UNPAID or reversed_
        return "settled", family == _ISSUED and not undone
    if reason in SUCCESS or kind in _FEES:
        return "returned", False
    return "returned", came_back or kind in _UNPAID or reversed_ or family == _ISSUED


def _reference(entry: Fields) -> str:
    """The bank's own reference of an entry."""
    return given(entry.get("AcctSvcrRef", "")) or given(entry.get("NtryRef", ""))


def _fees(element: etree._Element, fields: Fields) -> int:
    """What the bank keeps for an entry or a transaction, in cents: the total, or the sum of its parts."""
    if not any(name.startswith("Chrgs/") for name in fields):
        return 0
    total = cents(fields.get("Chrgs/TtlChrgsAndTaxAmt"))
    if total is not None:
        return total
    parts = (*element.iterfind("{*}Chrgs/{*}Rcrd"), *element.iterfind("{*}Chrgs"))
    return sum(cents(fields_of(part).get("Amt")) or 0 for part in parts)
