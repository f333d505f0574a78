"""CPU seconds of sepaxml and of the portal for the same rows, each with its own validation."""

import io
import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from statistics import median
from typing import Any

from sepaxml import SepaDD

from bench.sepa_rows import a_row
from portal.sepa.formats.pain008 import BatchHeader, CollectionLine, Creditor, Group, validate, write

IBAN, ICS, DUE = "FR7630006000011234567890189", "FR15ZZZ588627", date(2027, 2, 1)


def through_sepaxml(rows: list[dict[str, Any]]) -> None:
    config = {"name": "Creancier", "IBAN": IBAN, "batch": True, "creditor_id": ICS, "currency": "EUR"}
    other = SepaDD(config, schema="pain.008.001.08", clean=True)
    for row in rows:
        other.add_payment(
            {
                "name": row["name"],
                "IBAN": row["iban"],
                "amount": row["cents"],
                "type": "RCUR",
                "collection_date": DUE,
                "mandate_id": row["rum"],
                "mandate_date": row["signed_on"],
                "description": row["remittance"],
                "endtoend_id": row["end_to_end_id"],
            }
        )
    other.export(validate=True)


def through_us(rows: list[dict[str, Any]]) -> None:
    total, out = sum(row["cents"] for row in rows), io.BytesIO()
    lines = (
        CollectionLine(
            end_to_end_id=row["end_to_end_id"],
            amount_cents=row["cents"],
            rum=row["rum"],
            signed_on=row["signed_on"],
            debtor_name=row["name"],
            debtor_iban=row["iban"],
            remittance=row["remittance"],
        )
        for row in rows
    )
    group = Group(
        payment_info_id="M-1",
        sequence_type="RCUR",
        collect_on=DUE,
        count=len(rows),
        total_cents=total,
        lines=lines,
    )
    header = BatchHeader(
        msg_id="M",
        created_at=datetime(2027, 1, 4, tzinfo=UTC),
        scheme="CORE",
        count=len(rows),
        total_cents=total,
    )
    write(out, header, Creditor(name="Creancier", iban=IBAN, ics=ICS), [group], as_of=date(2027, 1, 4))
    out.seek(0)
    assert validate(out).count == len(rows)


def _cpu(act: Callable[[list[dict[str, Any]]], None], rows: list[dict[str, Any]]) -> float:
    started = time.process_time()
    act(rows)
    return time.process_time() - started


def main(count: int, rounds: int) -> None:
    rows = [a_row(number) for number in range(1, count + 1)]
    for act in (through_us, through_sepaxml):
        act(rows[:100])  # schemas are read once
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(_cpu(through_us, rows))
        theirs.append(_cpu(through_sepaxml, rows))
    print(
        json.dumps(
            {
                "sepaxml_cpu_ratio": round(median(theirs) / median(ours), 1),
                "sepaxml_cpu_s": round(median(theirs), 2),
                "our_cpu_s": round(median(ours), 3),
                "peer_rows": count,
            }
        )
    )


main(int(sys.argv[1]), int(sys.argv[2]))
