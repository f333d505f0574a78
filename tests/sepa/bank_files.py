"""Bank files as banks write them: status reports, statements and notifications, in their several versions."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from xml.sax.saxutils import escape

import pytest

from portal import clock

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:{}"
_HEAD = "<GrpHdr><MsgId>{}</MsgId><CreDtTm>2026-12-10T08:00:00</CreDtTm></GrpHdr>"


@contextmanager
def on_its_day(data: bytes) -> Iterator[None]:
    """The clock stands on the last day that a file books, which is when the bank gives it."""
    days = re.findall(rb"<BookgDt><Dt>([0-9-]{10})", data)
    day = date.fromisoformat(max(days).decode()) if days else date(2026, 12, 10)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: datetime.combine(day, time(9), UTC))
        yield


@dataclass(frozen=True)
class Back:
    """A debit that came back, or that was credited when there is no reason and ``credited`` is set."""

    end_to_end_id: str
    cents: int
    reason: str = "AM04"
    rum: str = ""
    reference: str = ""
    booked_on: date = date(2026, 12, 10)
    fee_cents: int = 0
    credited: bool = False
    lot: str = ""
    currency: str = "EUR"


def camt(
    rows: Iterable[Back],
    version: str = "camt.054.001.08",
    *,
    message_id: str = "CAMT-1",
    iban: str = "FR7630006000011234567890189",
    per_entry: int = 1,
) -> bytes:
    """A notification (camt.054) or a statement (camt.053) of some debits, so many in each entry."""
    rows = list(rows)
    root, part = {"camt.054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn"), "camt.053": ("BkToCstmrStmt", "Stmt")}[
        version[:8]
    ]
    entries = "".join(
        _entry(rows[start : start + per_entry], version, start) for start in range(0, len(rows), per_entry)
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Document xmlns="{NAMESPACE.format(version)}"><{root}>'
        f"{_HEAD.format(message_id)}<{part}><Id>{message_id}-1</Id><CreDtTm>2026-12-10T08:00:00</CreDtTm>"
        f"<Acct><Id><IBAN>{iban}</IBAN></Id></Acct>{_balance(version)}{entries}</{part}></{root}></Document>"
    ).encode()


def _balance(version: str) -> str:
    if not version.startswith("camt.053"):
        return ""
    return (
        '<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">0.00</Amt>'
        "<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-12-10</Dt></Dt></Bal>"
    )


def _amount(cents: int, currency: str) -> str:
    return f'<Amt Ccy="{currency}">{cents // 100}.{cents % 100:02d}</Amt>'


def _entry(rows: list[Back], version: str, number: int) -> str:
    first, side = rows[0], "CRDT" if rows[0].credited else "DBIT"
    status = "<Sts><Cd>BOOK</Cd></Sts>" if version.endswith("08") else "<Sts>BOOK</Sts>"
    code = "PMDD" if first.credited else "UPDD"
    details = "".join(_details(row, version, side) for row in rows)
    return (
        f"<Ntry><NtryRef>N{number}</NtryRef>{_amount(sum(row.cents for row in rows), first.currency)}"
        f"<CdtDbtInd>{side}</CdtDbtInd>{status}<BookgDt><Dt>{first.booked_on}</Dt></BookgDt>"
        f"<AcctSvcrRef>{first.reference or f'REF-{first.end_to_end_id or first.lot}'[:35]}</AcctSvcrRef>"
        f"<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>IDDT</Cd><SubFmlyCd>{code}</SubFmlyCd></Fmly></Domn></BkTxCd>"
        f"<NtryDtls>{details}</NtryDtls></Ntry>"
    )


def _details(row: Back, version: str, side: str) -> str:
    lot = f"<PmtInfId>{row.lot}</PmtInfId>" if row.lot else ""
    rum = f"<MndtId>{row.rum}</MndtId>" if row.rum else ""
    end = f"<EndToEndId>{escape(row.end_to_end_id)}</EndToEndId>" if row.end_to_end_id else ""
    amount = _amount(row.cents, row.currency)
    money = (
        f"<AmtDtls><TxAmt>{amount}</TxAmt></AmtDtls>"
        if version.endswith("02")
        else f"{amount}<CdtDbtInd>{side}</CdtDbtInd>"
    )
    fee = ""
    if row.fee_cents and not version.endswith("02"):
        total = _amount(row.fee_cents, "EUR").replace("Amt", "TtlChrgsAndTaxAmt")
        fee = f"<Chrgs>{total}</Chrgs>"
    elif row.fee_cents:
        fee = f"<Chrgs>{_amount(row.fee_cents, 'EUR')}</Chrgs>"
    reason = "" if row.credited else f"<RtrInf><Rsn><Cd>{row.reason}</Cd></Rsn></RtrInf>"
    return f"<TxDtls><Refs>{lot}{end}{rum}</Refs>{money}{fee}{reason}</TxDtls>"


def pain002(
    message_id: str,
    *,
    rows: Iterable[Back] = (),
    group: tuple[str, str, str] | None = None,
    status: str = "PART",
    reason: str = "",
    version: str = "pain.002.001.10",
) -> bytes:
    """A status report: on the whole of a file, on a lot (id, status, reason), or debit by debit."""
    whole = f"<StsRsnInf><Rsn><Cd>{reason}</Cd></Rsn></StsRsnInf>" if reason else ""
    rejected = "".join(_status(row) for row in rows)
    lot = ""
    if group or rejected:
        name, group_status, group_reason = group or ("LOT-1", "", "")
        shown = f"<PmtInfSts>{group_status}</PmtInfSts>" if group_status else ""
        why = f"<StsRsnInf><Rsn><Cd>{group_reason}</Cd></Rsn></StsRsnInf>" if group_reason else ""
        opening = f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>{name}</OrgnlPmtInfId>{shown}{why}"
        lot = f"{opening}{rejected}</OrgnlPmtInfAndSts>"
    opening = f'<?xml version="1.0" encoding="UTF-8"?><Document xmlns="{NAMESPACE.format(version)}">'
    return (
        f"{opening}<CstmrPmtStsRpt>{_HEAD.format('STATUS-' + message_id)}"
        f"<OrgnlGrpInfAndSts><OrgnlMsgId>{message_id}</OrgnlMsgId><OrgnlMsgNmId>pain.008.001.08</OrgnlMsgNmId>"
        f"<GrpSts>{status}</GrpSts>{whole}</OrgnlGrpInfAndSts>{lot}</CstmrPmtStsRpt></Document>"
    ).encode()


def _status(row: Back) -> str:
    amount = _amount(row.cents, row.currency).replace("Amt", "InstdAmt")
    return (
        f"<TxInfAndSts><OrgnlEndToEndId>{row.end_to_end_id}</OrgnlEndToEndId><TxSts>RJCT</TxSts>"
        f"<StsRsnInf><Rsn><Cd>{row.reason}</Cd></Rsn></StsRsnInf>"
        f"<OrgnlTxRef><Amt>{amount}</Amt></OrgnlTxRef></TxInfAndSts>"
    )
