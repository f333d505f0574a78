"""Exactly what a list shows, all pages of it, as CSV and as a workbook."""

from typing import Any

from flask import Response
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils.exceptions import IllegalCharacterError

from portal.csv_file import csv_answer, file_answer
from portal.listing.asked import Asked
from portal.listing.cells import Euros, for_csv, for_workbook

_WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_EUROS = '# ##0.00 "€"'


def as_csv(asked: Asked[Any]) -> Response:
    rows = ([for_csv(cell) for cell in cells] for cells in asked.all_cells())
    return csv_answer(f"{asked.listing.name}.csv", [str(column.label) for column in asked.file_columns], rows)


def as_workbook(asked: Asked[Any]) -> Response:
    """Amounts are numbers in euros, days are days; words are never formulas."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(str(asked.listing.label)[:31])
    sheet.freeze_panes = "A2"
    sheet.append([_words(sheet, str(column.label)) for column in asked.file_columns])
    for cells in asked.all_cells():
        sheet.append([_cell(sheet, cell) for cell in cells])
    return file_answer(f"{asked.listing.name}.xlsx", _WORKBOOK, book.save)


def _cell(sheet: Any, value: Any) -> Any:
    plain = for_workbook(value)
    if isinstance(plain, str):
        return _words(sheet, plain)
    cell = WriteOnlyCell(sheet, plain)
    if isinstance(value, Euros):
        cell.number_format = _EUROS
    return cell


def _words(sheet: Any, text: str) -> Any:
    """As words, whatever they begin with; without the characters that a workbook cannot hold."""
    try:
        cell = WriteOnlyCell(sheet, text)
    except IllegalCharacterError:
        cell = WriteOnlyCell(sheet, "".join(sign for sign in text if sign.isprintable()))
    cell.data_type = "s"
    return cell
