"""The provider's bank: takes her files as a bank would read them, and tells in statements what it did.

Written from the scheme and the message standards (pain.008.001.08, pain.001.001.09, camt.053.001.08), without
a line of the portal's.
"""

import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import sepaxml
from lxml import etree

from tests.sepa.raw_bank_files import XSD, camt, details, entry


@dataclass(slots=True)
class Debit:
    """One debit as the bank reads it."""

    end_to_end: str
    cents: int
    name: str
    iban: str
    rum: str
    lot: str
    day: date
    back_on: date | None = None
    reason: str = ""


@dataclass(slots=True)
class Debtor:
    """How an account answers to debits: reasons by the day from which they hold."""

    poor_until: date = date.min  # AM04 to that day
    closed_from: date = date.max  # AC04 from that day on
    takes_back: bool = False  # MD06 in the seventh week, once


@dataclass(slots=True)
class Booking:
    """A line of the account: cents are positive where money came in."""

    on: date
    cents: int
    name: str
    what: str
    reference: str


@dataclass(slots=True)
class Bank:
    """One creditor's account, and those of her debtors."""

    iban: str
    debtors: dict[str, Debtor] = field(default_factory=dict)  # by IBAN
    debits: list[Debit] = field(default_factory=list)
    booked: list[Booking] = field(default_factory=list)
    files: list[bytes] = field(default_factory=list)
    _waiting: dict[date, list[str]] = field(default_factory=lambda: defaultdict(list))
    _lots: dict[str, tuple[str, date, list[Debit]]] = field(default_factory=dict)
    _statements: int = 0
    chance: random.Random = field(default_factory=lambda: random.Random(1))

    # -- what is handed in ---------------------------------------------------------------------------------

    def take_debits(self, file: bytes, today: date) -> int:
        """Read a file of direct debits. Raises ValueError for what a bank would refuse; returns how many."""
        root = self._valid(file, "pain.008.001.08")
        message, count = root.findtext(".//{*}GrpHdr/{*}MsgId") or "", 0
        for lot in root.iter("{*}PmtInf"):
            name, day = lot.findtext("{*}PmtInfId") or "", date.fromisoformat(_text(lot, "{*}ReqdColltnDt"))
            if day <= today:
                raise ValueError(f"{name}: asked for {day}, handed in on {today}")
            if _text(lot, "{*}CdtrAcct/{*}Id/{*}IBAN") != self.iban:
                raise ValueError(f"{name}: another creditor's account")
            debits = [self._debit(each, name, day) for each in lot.iter("{*}DrctDbtTxInf")]
            if sum(each.cents for each in debits) != _cents(_text(lot, "{*}CtrlSum")):
                raise ValueError(f"{name}: the control sum is another")
            self._lots[name] = (message, day, debits)
            self.debits += debits
            count += len(debits)
        if count != int(_text(root, ".//{*}GrpHdr/{*}NbOfTxs")):
            raise ValueError(f"{message}: the number of debits is another")
        self.files.append(file)
        return count

    def _debit(self, node: etree._Element, lot: str, day: date) -> Debit:
        return Debit(
            end_to_end=_text(node, ".//{*}EndToEndId"),
            cents=_cents(_text(node, "{*}InstdAmt")),
            name=_text(node, "{*}Dbtr/{*}Nm"),
            iban=_text(node, "{*}DbtrAcct/{*}Id/{*}IBAN"),
            rum=_text(node, ".//{*}MndtId"),
            lot=lot,
            day=day,
        )

    def take_transfers(self, file: bytes, today: date) -> int:
        """Read a file of transfers; they are booked the same day. Returns how many."""
        root = self._valid(file, "pain.001.001.09")
        message, count = root.findtext(".//{*}GrpHdr/{*}MsgId") or "", 0
        for lot in root.iter("{*}PmtInf"):
            name, inner, total = _text(lot, "{*}PmtInfId"), [], 0
            for each in lot.iter("{*}CdtTrfTxInf"):
                cents, key = _cents(_text(each, ".//{*}InstdAmt")), _text(each, ".//{*}EndToEndId")
                inner.append(details(cents, end_to_end=key, lot=name))
                self._book(today, -cents, _text(each, "{*}Cdtr/{*}Nm"), "refund", key)
                total, count = total + cents, count + 1
            told = {"code": "ICDT/ESCT", "on": str(today), "reference": f"T{name}"[:35]}
            self._waiting[today].append(entry(total, *inner, batch=(message, name, len(inner)), **told))
        return count

    def _valid(self, file: bytes, version: str) -> etree._Element:
        root = etree.fromstring(file)
        schema = _schema(version)
        if not schema.validate(root):
            raise ValueError(f"{version}: {schema.error_log.last_error}")
        return root

    # -- what comes by itself ------------------------------------------------------------------------------

    def wire(self, name: str, cents: int, text: str, iban: str, today: date) -> None:
        """Somebody pays by transfer; told with the statement of today."""
        reference = f"V{len(self.booked):07d}"
        self._book(today, cents, name, "wire", reference)
        told = details(cents, text=text, payer=name.upper()[:70], payer_iban=iban)
        named = {"side": "CRDT", "code": "RCDT/ESCT", "on": str(today), "reference": reference}
        self._waiting[today].append(entry(cents, told, **named))

    def close_day(self, today: date) -> None:
        """Settle what was asked for today, and send back what does not stay."""
        for name, (message, day, debits) in self._lots.items():
            if day == today:
                total = sum(each.cents for each in debits)
                for each in debits:
                    self._book(today, each.cents, each.name, "debit", each.end_to_end)
                batch = (message, name, len(debits))
                credited = {"side": "CRDT", "code": "IDDT/PMDD", "on": str(today), "batch": batch}
                self._waiting[today].append(entry(total, reference=name[:35], **credited))
        for debit in self.debits:
            if debit.back_on is None and (reason := self._objection(debit, today)):
                self._send_back(debit, reason, today)

    def _objection(self, debit: Debit, today: date) -> str:
        debtor = self.debtors.get(debit.iban, Debtor())
        if today == debit.day + timedelta(days=2):
            if debit.day >= debtor.closed_from:
                return "AC04"
            if debit.day <= debtor.poor_until:
                return "AM04"
        if debtor.takes_back and today == debit.day + timedelta(days=47):
            debtor.takes_back = False
            return "MD06"
        return ""

    def _send_back(self, debit: Debit, reason: str, today: date) -> None:
        fee = self.chance.choice([0, 0, 350])
        debit.back_on, debit.reason = today, reason
        self._book(today, -debit.cents, debit.name, "back", debit.end_to_end)
        if fee:
            self._book(today, -fee, "bank", "fee", debit.end_to_end)
        told = {"instructed": debit.cents, "fee": fee} if fee else {}
        inner = details(debit.cents + fee, end_to_end=debit.end_to_end, rum=debit.rum, reason=reason, **told)
        named = {"on": str(today), "reference": f"R{debit.end_to_end}"[:35]}
        self._waiting[today].append(entry(debit.cents + fee, inner, **named))

    def _book(self, on: date, cents: int, name: str, what: str, reference: str) -> None:
        self.booked.append(Booking(on, cents, name, what, reference))

    def statement(self, day: date) -> bytes | None:
        """The camt.053 of a day; None for a day without entries."""
        entries = self._waiting.pop(day, [])
        if not entries:
            return None
        self._statements += 1
        file = camt((self.iban, entries), message=f"S{self._statements:06d}")
        file = file.replace(b"2026-12-07T06:00:00", f"{day}T22:00:00".encode())
        file = file.replace(b"<Id>S1</Id>", f"<Id>S{self._statements:06d}</Id>".encode())
        file = file.replace(b"<Dt><Dt>2026-12-07</Dt></Dt></Bal>", f"<Dt><Dt>{day}</Dt></Dt></Bal>".encode())
        self._valid(file, "camt.053.001.08")
        return file

    def balance(self) -> int:
        return sum(each.cents for each in self.booked)


@cache
def _schema(version: str) -> etree.XMLSchema:
    folder = Path(sepaxml.__file__).parent / "schemas" if version.startswith("pain") else XSD
    return etree.XMLSchema(file=str(folder / f"{version}.xsd"))


def _text(node: etree._Element, path: str) -> str:
    found = node.findtext(path)
    if found is None:
        raise ValueError(f"no {path}")
    return found


def _cents(amount: str) -> int:
    euros, _dot, cents = amount.partition(".")
    return int(euros) * 100 + int((cents + "00")[:2])
