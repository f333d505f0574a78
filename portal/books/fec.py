"""The file of accounting entries (fichier des écritures comptables) of what this portal books.

Eighteen columns, a tab between them, UTF-8, a comma in amounts. Source: LPF art. L47 A and A47 A-1.
"""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date
from typing import IO

from flask_babel import force_locale

from portal.books.entries import BANK, OTHER, SALES, Entry, entries_of
from portal.db import EVERYTHING, scope
from portal.resellers.models import LegalEntity

COLUMNS = (
    "JournalCode", "JournalLib", "EcritureNum", "EcritureDate", "CompteNum", "CompteLib", "CompAuxNum",
    "CompAuxLib", "PieceRef", "PieceDate", "EcritureLib", "Debit", "Credit", "EcritureLet", "DateLet",
    "ValidDate", "Montantdevise", "Idevise",
)  # fmt: skip
JOURNALS = {SALES: "Ventes", BANK: "Banque", OTHER: "Opérations diverses"}


def fec_name(entity: LegalEntity, year: int) -> str:
    """As the law names it: SIREN, FEC, last day of the financial year."""
    return f"{entity.siren}FEC{year}1231.txt"


def write_fec(entity: LegalEntity, year: int, out: IO[bytes]) -> int:
    """Write the file of a calendar year; says how many lines it has, its head left out.

    Entries are numbered from 1 on without a gap, in the order of their days.
    """
    out.write(("\t".join(COLUMNS) + "\r\n").encode())
    count = 0
    for row in fec_rows(entity, date(year, 1, 1), date(year, 12, 31)):
        out.write(("\t".join(row) + "\r\n").encode())
        count += 1
    return count


def fec_rows(entity: LegalEntity, first: date, last: date, journal: str = "") -> Iterator[list[str]]:
    """The lines of these days, of one journal or of all; the language of the books is French."""
    with scope(EVERYTHING), force_locale("fr"):
        wanted = (each for each in entries_of(entity, first, last) if journal in ("", each.journal))
        for number, entry in enumerate(wanted, 1):
            yield from _lines(number, entry)


def _lines(number: int, entry: Entry) -> Iterator[list[str]]:
    if sum(each.debit - each.credit for each in entry.postings):
        raise ValueError(f"{entry.paper}: debit and credit differ")
    for each in entry.postings:
        yield [
            entry.journal,
            JOURNALS[entry.journal],
            str(number),
            _day(entry.on),
            each.account.number,
            _plain(each.account.label),
            each.whose[0],
            _plain(each.whose[1]),
            _plain(entry.paper),
            _day(entry.paper_on),
            _plain(entry.label),
            _euros(each.debit),
            _euros(each.credit),
            "",
            "",
            _day(entry.kept_on),
            "",
            "",
        ]


def _day(value: date) -> str:
    return f"{value:%Y%m%d}"


def _euros(cents: int) -> str:
    return f"{cents // 100},{cents % 100:02d}"


def _plain(text: str) -> str:
    """Neither a tab nor the end of a line may stand in a column."""
    return " ".join(text.split())


def month_days(month: str) -> tuple[date, date]:
    """The first and the last day of a month such as 2026-12."""
    year, number = (int(part) for part in month.split("-"))
    return date(year, number, 1), date(year, number, monthrange(year, number)[1])
