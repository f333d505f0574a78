"""Bank files element by element, for the kinds that banks write and that :mod:`bank_files` does not."""

from datetime import date
from pathlib import Path

from lxml import etree

from tests.sepa.people import IBAN

XSD = Path(__file__).parent / "xsd"
_ROOTS = {
    "camt.052": ("BkToCstmrAcctRpt", "Rpt"),
    "camt.053": ("BkToCstmrStmt", "Stmt"),
    "camt.054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn"),
}
_URN = "urn:iso:std:iso:20022:tech:xsd:"


def assert_valid(data: bytes) -> None:
    """Against the official schema of its version."""
    document = etree.fromstring(data)
    name = document.nsmap[None].removeprefix(_URN)
    etree.XMLSchema(file=str(XSD / f"{name}.xsd")).assertValid(document)


def money(cents: int, currency: str = "EUR", tag: str = "Amt") -> str:
    return f'<{tag} Ccy="{currency}">{cents // 100}.{cents % 100:02d}</{tag}>'


def details(
    cents: int,
    *,
    end_to_end: str = "",
    rum: str = "",
    lot: str = "",
    reason: str = "",
    own_reason: str = "",
    instructed: int | None = None,
    fee: int | None = None,
    currency: str = "EUR",
    text: str = "",
    payer: str = "",
    payer_iban: str = "",
) -> str:
    """One transaction (TxDtls). own_reason: a proprietary one. payer: name of who sent a transfer."""
    refs = [("PmtInfId", lot), ("EndToEndId", end_to_end), ("MndtId", rum)]
    shown = "".join(f"<{tag}>{value}</{tag}>" for tag, value in refs if value)
    parts = [f"<Refs>{shown}</Refs>" if shown else "", money(cents, currency)]
    if instructed is not None:
        parts.append(f"<AmtDtls><InstdAmt>{money(instructed)}</InstdAmt></AmtDtls>")
    if fee is not None:
        parts.append(f"<Chrgs>{money(fee, tag='TtlChrgsAndTaxAmt')}</Chrgs>")
    if payer or payer_iban:
        account = f"<DbtrAcct><Id><IBAN>{payer_iban}</IBAN></Id></DbtrAcct>" if payer_iban else ""
        name = f"<Dbtr><Pty><Nm>{payer}</Nm></Pty></Dbtr>" if payer else ""
        parts.append(f"<RltdPties>{name}{account}</RltdPties>")
    if text:
        parts.append(f"<RmtInf><Ustrd>{text}</Ustrd></RmtInf>")
    if reason or own_reason:
        inner = f"<Cd>{reason}</Cd>" if reason else f"<Prtry>{own_reason}</Prtry>"
        parts.append(f"<RtrInf><Rsn>{inner}</Rsn></RtrInf>")
    return f"<TxDtls>{''.join(parts)}</TxDtls>"


def entry(
    cents: int,
    *inner: str,
    side: str = "DBIT",
    status: str = "BOOK",
    on: str = "2026-12-07",
    reference: str = "",
    code: str = "IDDT/UPDD",
    currency: str = "EUR",
    batch: tuple[str, str, int] | None = None,
) -> str:
    """One entry (Ntry). on: a day or an instant. code: family/sub-family, or the bank's own without a stroke.
    batch: MsgId, PmtInfId and number of a Btch."""
    family, _stroke, kind = code.partition("/")
    known = f"<Domn><Cd>PMNT</Cd><Fmly><Cd>{family}</Cd><SubFmlyCd>{kind}</SubFmlyCd></Fmly></Domn>"
    lot = ""
    if batch:
        inside = zip(("MsgId", "PmtInfId", "NbOfTxs"), batch, strict=True)
        lot = f"<Btch>{''.join(f'<{tag}>{value}</{tag}>' for tag, value in inside)}</Btch>"
    day = f"<DtTm>{on}</DtTm>" if "T" in on else f"<Dt>{on}</Dt>"
    about = f"<NtryDtls>{lot}{''.join(inner)}</NtryDtls>" if lot or inner else ""
    return (
        f"<Ntry>{money(cents, currency)}<CdtDbtInd>{side}</CdtDbtInd>"
        f"<Sts><Cd>{status}</Cd></Sts><BookgDt>{day}</BookgDt>"
        + (f"<AcctSvcrRef>{reference}</AcctSvcrRef>" if reference else "")
        + f"<BkTxCd>{known if kind else f'<Prtry><Cd>{code}</Cd></Prtry>'}</BkTxCd>{about}</Ntry>"
    )


def camt(
    *statements: tuple[str, list[str]] | str, version: str = "camt.053.001.08", message: str = "M1"
) -> bytes:
    """A document. statements: entries of our account, or an IBAN with its entries."""
    root, part = _ROOTS[version[:8]]
    loose = [each for each in statements if isinstance(each, str)]
    all_ = [(IBAN, loose)] if loose else []
    all_ += [each for each in statements if not isinstance(each, str)]
    balance = (
        f"<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp>{money(0)}<CdtDbtInd>CRDT</CdtDbtInd>"
        f"<Dt><Dt>{date(2026, 12, 7)}</Dt></Dt></Bal>"
    )
    if part != "Stmt":
        balance = ""
    shown = "".join(
        f"<{part}><Id>S{number}</Id><CreDtTm>2026-12-07T06:00:00</CreDtTm>"
        f"<Acct><Id><IBAN>{iban}</IBAN></Id></Acct>{balance}{''.join(entries)}</{part}>"
        for number, (iban, entries) in enumerate(all_, start=1)
    )
    return _document(version, root, f"<MsgId>{message}</MsgId>", shown)


def pain(
    original: str,
    status: str = "",
    *inner: str,
    reason: str = "",
    lot: str = "",
    lot_status: str = "",
    lot_reason: str = "",
    message: str = "P1",
) -> bytes:
    """A status report on a file, on a lot when it names one, and on transactions of that lot."""
    report = (
        f"<OrgnlGrpInfAndSts><OrgnlMsgId>{original}</OrgnlMsgId><OrgnlMsgNmId>pain.008.001.08</OrgnlMsgNmId>"
        + (f"<GrpSts>{status}</GrpSts>" if status else "")
        + _why(reason)
        + "</OrgnlGrpInfAndSts>"
    )
    if lot:
        shown = f"<PmtInfSts>{lot_status}</PmtInfSts>" if lot_status else ""
        report += (
            f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>{lot}</OrgnlPmtInfId>{shown}{_why(lot_reason)}"
            f"{''.join(inner)}</OrgnlPmtInfAndSts>"
        )
    return _document("pain.002.001.10", "CstmrPmtStsRpt", f"<MsgId>{message}</MsgId>", report)


def judged(end_to_end: str, status: str = "", reason: str = "") -> str:
    """What a status report says of one debit."""
    shown = f"<TxSts>{status}</TxSts>" if status else ""
    return f"<TxInfAndSts><OrgnlEndToEndId>{end_to_end}</OrgnlEndToEndId>{shown}{_why(reason)}</TxInfAndSts>"


def _why(reason: str) -> str:
    return f"<StsRsnInf><Rsn><Cd>{reason}</Cd></Rsn></StsRsnInf>" if reason else ""


def _document(version: str, root: str, head: str, body: str) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="{_URN}{version}"><{root}>'
        f"<GrpHdr>{head}<CreDtTm>2026-12-07T06:00:00</CreDtTm></GrpHdr>{body}</{root}></Document>\n"
    ).encode()
