"""Debits of the seeded batch are credited one by one in a camt.053, among wires: import and bare parse."""

import io
import json
import sys
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

from lxml import etree
from sqlalchemy import text

from app import create_app
from bench.sepa_rows import a_row
from bench.timing import cpu, peak_mb
from portal import clock
from portal.db import EVERYTHING, db, set_scope
from portal.journal import SYSTEM
from portal.resellers.models import LegalEntity
from portal.sepa.formats.bank_answers import read_bank_file
from portal.sepa.models import Collection
from portal.sepa.returns.book import import_bank_file

_NS = "{urn:iso:std:iso:20022:tech:xsd:camt.053.001.08}"
_WIRE = 20  # one entry in so many is a wire


def statement(rows: range, iban: str, day: date) -> bytes:
    """A file of so many entries; made on disk, so that memory stays as it was."""
    head = (
        f'<?xml version="1.0" encoding="UTF-8"?><Document xmlns="{_NS[1:-1]}"><BkToCstmrStmt><GrpHdr>'
        f"<MsgId>BENCH-{rows.start}</MsgId><CreDtTm>{day}T06:00:00</CreDtTm></GrpHdr><Stmt><Id>S</Id>"
        f"<CreDtTm>{day}T06:00:00</CreDtTm><Acct><Id><IBAN>{iban}</IBAN></Id></Acct>"
    )
    with tempfile.NamedTemporaryFile("w+", encoding="utf-8") as file:
        file.write(head)
        file.writelines(_entries(rows, day))
        file.write("</Stmt></BkToCstmrStmt></Document>")
        file.flush()
        return Path(file.name).read_bytes()


def _entries(rows: range, day: date) -> Iterator[str]:
    for number in rows:
        row, is_wire = a_row(number), number % _WIRE == 0
        family, kind = ("RCDT", "ESCT") if is_wire else ("IDDT", "PMDD")
        reference = f"NOTPROVIDED-{number}" if is_wire else row["end_to_end_id"]
        amount = f'<Amt Ccy="EUR">{row["cents"] // 100}.{row["cents"] % 100:02d}</Amt>'
        yield (
            f"<Ntry>{amount}<CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{day}</Dt></BookgDt>"
            f"<AcctSvcrRef>B{number}</AcctSvcrRef><BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>{family}</Cd>"
            f"<SubFmlyCd>{kind}</SubFmlyCd></Fmly></Domn></BkTxCd><NtryDtls><TxDtls><Refs>"
            f"<EndToEndId>{reference}</EndToEndId></Refs>{amount}<CdtDbtInd>CRDT</CdtDbtInd>"
            f"</TxDtls></NtryDtls></Ntry>"
        )


def bare(data: bytes) -> None:
    """Walk the file and read what matters."""
    for _event, entry in etree.iterparse(io.BytesIO(data), tag=f"{_NS}Ntry"):
        assert entry.findtext(f"{_NS}NtryDtls/{_NS}TxDtls/{_NS}Refs/{_NS}EndToEndId")
        assert entry.findtext(f"{_NS}Amt")
        entry.clear()


def read(data: bytes) -> None:
    for _item in read_bank_file(io.BytesIO(data)):
        pass


def book(data: bytes, rows: range) -> None:
    entity = db.session.scalars(db.select(LegalEntity)).one()
    result = import_bank_file(entity, data, "bench.xml", by=SYSTEM)
    db.session.commit()
    wires = sum(1 for number in rows if number % _WIRE == 0)
    counts = (result.matched, result.moved, result.skipped["not_debit"])
    assert counts == (len(rows) - wires, len(rows) - wires, wires), result.as_dict()


def main(count: int) -> dict[str, Any]:
    set_scope(EVERYTHING)
    db.session.execute(
        text("update collection set state = 'exported', due_on = :day"), {"day": clock.today()}
    )
    db.session.commit()
    assert db.session.scalar(db.select(db.func.count()).select_from(Collection)) == count
    iban = db.session.scalars(db.select(LegalEntity)).one().iban
    tenth, rest = range(1, count // 10 + 1), range(count // 10 + 1, count + 1)
    small, idle = statement(tenth, iban, clock.today()), peak_mb()
    book(small, tenth)
    of_a_tenth = peak_mb() - idle
    data = statement(rest, iban, clock.today())
    parse = median(cpu(lambda: bare(data)) for _ in range(3))
    reader = median(cpu(lambda: read(data)) for _ in range(3))
    idle = peak_mb()
    booked = cpu(lambda: book(data, rest))
    return {
        "parse_us_per_entry": round(parse / len(rest) * 1e6, 1),
        "read_us_per_entry": round(reader / len(rest) * 1e6, 1),
        "book_us_per_entry": round(booked / len(rest) * 1e6, 1),
        "ratio": round(booked / parse, 2),
        "file_mb": round(len(data) / 1e6, 1),
        "rss_over_idle_mb": round(peak_mb() - idle, 1),
        "rss_over_idle_mb_of_a_tenth": round(of_a_tenth, 1),
    }


with create_app().app_context():
    print(json.dumps(main(int(sys.argv[1]))))
