"""Every debit of the seeded batch comes back in one camt.054: the import, and the bare parse."""

import io
import json
import resource
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from lxml import etree
from sqlalchemy import text

from app import create_app
from bench.sepa_rows import a_row
from portal.db import EVERYTHING, db, set_scope
from portal.journal import SYSTEM
from portal.resellers.models import LegalEntity
from portal.sepa.returns.book import import_bank_file
from tests.sepa.bank_files import Back, camt

_NS = "{urn:iso:std:iso:20022:tech:xsd:camt.054.001.08}"


def bare(data: bytes) -> int:
    """Walk the file and read what matters; number of transactions."""
    count = 0
    for _event, entry in etree.iterparse(io.BytesIO(data), tag=f"{_NS}TxDtls"):
        assert entry.findtext(f"{_NS}Refs/{_NS}EndToEndId")
        assert entry.findtext(f"{_NS}Amt")
        count += 1
        entry.clear()
    return count


def cpu(act: Callable[[], Any]) -> float:
    started = time.process_time()
    act()
    return time.process_time() - started


def book(data: bytes, count: int) -> None:
    entity = db.session.scalars(db.select(LegalEntity)).one()
    result = import_bank_file(entity, data, "bench.xml", by=SYSTEM)
    db.session.commit()
    assert (result.entries, result.matched) == (count, count), result.as_dict()


def main(count: int) -> dict[str, Any]:
    set_scope(EVERYTHING)
    db.session.execute(text("update collection set state = 'exported'"))  # as the bank has them
    db.session.commit()
    iban = db.session.scalars(db.select(LegalEntity)).one().iban
    rows = [a_row(number) for number in range(1, count + 1)]
    data = camt([Back(row["end_to_end_id"], row["cents"]) for row in rows], iban=iban)
    parse = median(cpu(lambda: bare(data)) for _ in range(5))
    idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    booked = cpu(lambda: book(data, count))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "parse_us_per_entry": round(parse / count * 1e6, 1),
        "book_us_per_entry": round(booked / count * 1e6, 1),
        "book_ratio": round(booked / parse, 2),
        "file_mb": round(len(data) / 1e6, 1),
        "rss_over_idle_mb": round((peak - idle) / 1024, 1),
    }


with create_app().app_context():
    print(json.dumps(main(int(sys.argv[1]))))
