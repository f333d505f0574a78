"""Reads a FEC as an inspector would, with nothing of the product: columns, balance, numbers, days."""

import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

COLUMNS = [
    "JournalCode",
    "JournalLib",
    "EcritureNum",
    "EcritureDate",
    "CompteNum",
    "CompteLib",
    "CompAuxNum",
    "CompAuxLib",
    "PieceRef",
    "PieceDate",
    "EcritureLib",
    "Debit",
    "Credit",
    "EcritureLet",
    "DateLet",
    "ValidDate",
    "Montantdevise",
    "Idevise",
]


def cents(text: str) -> int:
    if not re.fullmatch(r"\d+,\d\d", text):
        raise ValueError(text)
    return int(text.replace(",", ""))


def read(content: bytes, year: int) -> dict[str, Any]:
    """Sums in cents, or ValueError with what is wrong and where."""
    head, *lines = content.decode("utf-8").split("\r\n")
    if head.split("\t") != COLUMNS or lines.pop() != "":
        raise ValueError("head or end")
    balance: dict[str, int] = defaultdict(int)
    accounts: dict[str, int] = defaultdict(int)
    papers: dict[str, int] = defaultdict(int)
    last_number, last_day = 0, ""
    for at, line in enumerate(lines, 2):
        row = dict(zip(COLUMNS, line.split("\t"), strict=True))
        number = int(row["EcritureNum"])
        if number not in (last_number, last_number + 1):
            raise ValueError(f"line {at}: number {number} after {last_number}")
        if row["EcritureDate"] < last_day or not row["EcritureDate"].startswith(str(year)):
            raise ValueError(f"line {at}: day {row['EcritureDate']}")
        if not all(
            re.fullmatch(r"20\d{6}", row[name]) for name in ("EcritureDate", "PieceDate", "ValidDate")
        ):
            raise ValueError(f"line {at}: a date")
        missing = [name for name in COLUMNS[:6] + COLUMNS[8:11] if not row[name]]
        if missing or (row["CompteNum"].startswith("41") and not row["CompAuxNum"]):
            raise ValueError(f"line {at}: {missing or 'CompAuxNum'} is empty")
        debit, credit = cents(row["Debit"]), cents(row["Credit"])
        if bool(debit) == bool(credit):
            raise ValueError(f"line {at}: one side only")
        balance[row["EcritureNum"]] += debit - credit
        accounts[row["CompteNum"]] += debit - credit
        if row["JournalCode"] == "VE" and row["CompteNum"].startswith("41"):
            papers[row["PieceRef"]] += debit - credit
        last_number, last_day = number, row["EcritureDate"]
    if any(balance.values()):
        raise ValueError(f"not balanced: {[number for number, sum_ in balance.items() if sum_]}")
    return {"lines": len(lines), "accounts": dict(accounts), "papers": dict(papers)}


if __name__ == "__main__":
    sys.stdout.write(f"{read(Path(sys.argv[1]).read_bytes(), int(sys.argv[2]))}\n")
