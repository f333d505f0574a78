"""The bank of the demonstration: it credits what was asked for, sends some of it back, and takes transfers.

It tells in statements of the standard (ISO 20022, camt.053.001.08), one a day with entries.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from xml.sax.saxutils import escape

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>'
)


def _money(cents: int) -> str:
    return f'<Amt Ccy="EUR">{cents // 100}.{cents % 100:02d}</Amt>'


@dataclass(frozen=True, slots=True)
class Asked:
    """A debit of a file that was handed in. returns: days after its day, and the reason, if it comes back."""

    end_to_end_id: str
    rum: str
    cents: int
    day: date
    returns: tuple[int, str] | None = None


@dataclass(slots=True)
class Bank:
    """One account of the provider."""

    iban: str
    asked: list[Asked] = field(default_factory=list)
    statements: int = 0
    _entries: list[str] = field(default_factory=list)
    _wires: int = 0
    _credited: set[str] = field(default_factory=set)

    def take_debit(self, debit: Asked) -> None:
        self.asked.append(debit)

    def take_wire(self, name: str, iban: str, cents: int, text: str, on: date) -> None:
        """Somebody pays by transfer; it stands on the next statement."""
        self._wires += 1
        told = (
            f"<TxDtls><Refs/>{_money(cents)}<RltdPties><Dbtr><Pty><Nm>{escape(name.upper()[:70])}</Nm></Pty></Dbtr>"
            f"<DbtrAcct><Id><IBAN>{iban}</IBAN></Id></DbtrAcct></RltdPties>"
            f"<RmtInf><Ustrd>{escape(text)}</Ustrd></RmtInf></TxDtls>"
        )
        self._book(cents, "CRDT", "RCDT", "ESCT", on, f"VIR{self._wires:06d}", told.replace("<Refs/>", ""))

    def statement(self, today: date) -> bytes | None:
        """Everything up to this day that no statement has told; None when there is nothing."""
        for debit in self.asked:
            self._credit(debit, today)
            self._send_back(debit, today)
        if not self._entries:
            return None
        self.statements += 1
        name = f"REL{self.statements:05d}"
        balance = (
            f"<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp>{_money(0)}<CdtDbtInd>CRDT</CdtDbtInd>"
            f"<Dt><Dt>{today}</Dt></Dt></Bal>"
        )
        at = f"<CreDtTm>{today}T18:00:00</CreDtTm>"
        text = (
            f"{_HEAD}<GrpHdr><MsgId>{name}</MsgId>{at}</GrpHdr><Stmt><Id>{name}</Id>{at}"
            f"<Acct><Id><IBAN>{self.iban}</IBAN></Id></Acct>{balance}{''.join(self._entries)}"
            "</Stmt></BkToCstmrStmt></Document>"
        )
        self._entries.clear()
        return text.encode()

    def _credit(self, debit: Asked, today: date) -> None:
        if debit.day > today or debit.end_to_end_id in self._credited:
            return
        self._credited.add(debit.end_to_end_id)
        self._book(debit.cents, "CRDT", "IDDT", "PMDD", debit.day, f"C{debit.end_to_end_id}", _of(debit))

    def _send_back(self, debit: Asked, today: date) -> None:
        mark = f"{debit.end_to_end_id} back"
        if debit.returns is None or mark in self._credited:
            return
        after, reason = debit.returns
        on = debit.day + timedelta(days=after)
        if on <= today:
            self._credited.add(mark)
            self._book(debit.cents, "DBIT", "IDDT", "UPDD", on, f"R{debit.end_to_end_id}", _of(debit, reason))

    def _book(
        self, cents: int, side: str, family: str, kind: str, on: date, reference: str, told: str
    ) -> None:
        self._entries.append(
            f"<Ntry>{_money(cents)}<CdtDbtInd>{side}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>"
            f"<BookgDt><Dt>{on}</Dt></BookgDt><AcctSvcrRef>{reference[:35]}</AcctSvcrRef><BkTxCd><Domn><Cd>PMNT</Cd>"
            f"<Fmly><Cd>{family}</Cd><SubFmlyCd>{kind}</SubFmlyCd></Fmly></Domn></BkTxCd>"
            f"<NtryDtls>{told}</NtryDtls></Ntry>"
        )


def _of(debit: Asked, reason: str = "") -> str:
    back = f"<RtrInf><Rsn><Cd>{reason}</Cd></Rsn></RtrInf>" if reason else ""
    refs = f"<EndToEndId>{debit.end_to_end_id}</EndToEndId><MndtId>{debit.rum}</MndtId>"
    return f"<TxDtls><Refs>{refs}</Refs>{_money(debit.cents)}{back}</TxDtls>"
