"""The workbook as rows of text: XLSX, or a ZIP of CSV files. Nothing is judged here but the file itself."""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import PurePosixPath
from typing import Any

from flask_babel import gettext as _
from openpyxl import Workbook, load_workbook

from portal.errors import Refused
from portal.moving.sheets import SHEETS, Sheet, key_of, plain, sheet_called

LARGEST = 20 * 1024 * 1024  # bytes of the file
UNPACKED = 200 * 1024 * 1024  # bytes of what is in it
MAX_ROWS = 50_000  # of all sheets
_MOST_COLUMNS = 60
_LONGEST = 500  # characters of a cell that are read
_EPOCH = date(1899, 12, 30)  # day 0 of spreadsheets


@dataclass(slots=True)
class Row:
    """One row of a sheet, as text; the heading is row 1."""

    sheet: str
    number: int
    values: dict[str, str]

    def __getitem__(self, key: str) -> str:
        return self.values.get(key, "")


@dataclass(slots=True)
class Found:
    """A sheet of the file: its titles as they stand, and its rows."""

    sheet: Sheet
    titles: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    def missing(self, chosen: dict[str, str]) -> list[str]:
        """Titles of ours that no title of the file stands for."""
        known = {key_of(self.sheet, title, chosen) for title in self.titles}
        return [head.title for head in self.sheet.required if head.key not in known]


Chosen = dict[str, dict[str, str]]  # by sheet: column of ours by plain title of the file


def read_workbook(content: bytes, chosen: Chosen, *, heads_only: bool = False) -> list[Found]:
    """Every sheet of ours that the file has, in the order in which it is taken in.

    Raises Refused if the file as a whole cannot be read, is too large, or has no sheet of customers.
    """
    if len(content) > LARGEST:
        raise Refused(_("Le fichier dépasse 20 Mo : partagez-le."), field="file")
    names = _checked_names(content)
    try:
        sheets = _of_xlsx(content) if "[Content_Types].xml" in names else _of_csv(content, names)
        found = _gathered(sheets, chosen, heads_only)
    except (csv.Error, zipfile.BadZipFile, KeyError, ValueError, OSError, EOFError, SyntaxError) as error:
        raise Refused(_("Ce classeur n'est pas lisible."), field="file") from error
    if "customers" not in found:
        raise Refused(_("Le classeur n'a pas de feuille « Clients »."), field="file")
    return [found[sheet.key] for sheet in SHEETS if sheet.key in found]


def read_table(content: bytes, sheet: Sheet) -> list[Row]:
    """The rows of one table: a CSV file, or the first sheet of a workbook.

    Raises Refused if it cannot be read or lacks a column.
    """
    lines: Iterable[Iterable[Any]]
    try:
        if zipfile.is_zipfile(io.BytesIO(content)):
            _checked_names(content)
            lines = [list(row) for row in next(iter(_of_xlsx(content)))[1]]
        else:
            text = as_text(content)
            delimiter = max(";,\t", key=text.partition("\n")[0].count)
            lines = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    except (csv.Error, zipfile.BadZipFile, KeyError, ValueError, OSError, EOFError, SyntaxError) as error:
        raise Refused(_("Ce fichier n'est pas lisible."), field="file") from error
    rows = iter(lines)
    found = Found(sheet, [_cell(value) for value in next(rows, [])])
    if missing := found.missing({}):
        raise Refused(_("Colonnes absentes : %(names)s.", names=", ".join(missing)), field="file")
    return list(_rows(sheet, [key_of(sheet, each, {}) for each in found.titles], rows, MAX_ROWS))


def _checked_names(content: bytes) -> list[str]:
    """What the archive holds. Raises Refused before anything is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            infos = archive.infolist()
    except zipfile.BadZipFile:
        raise Refused(_("Choisissez un classeur XLSX ou un ZIP de fichiers CSV."), field="file") from None
    if len(infos) > 1000 or sum(info.file_size for info in infos) > UNPACKED:
        raise Refused(_("Une fois déplié, ce fichier dépasse 200 Mo : il n'est pas lu."), field="file")
    return [info.filename for info in infos]


def _of_xlsx(content: bytes) -> Iterator[tuple[str, Iterable[Iterable[Any]]]]:
    book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    try:
        for sheet in book.worksheets:
            sheet.reset_dimensions()
            yield sheet.title, sheet.iter_rows(values_only=True, max_col=_MOST_COLUMNS)
    finally:
        book.close()


def _of_csv(content: bytes, names: list[str]) -> Iterator[tuple[str, Iterable[Iterable[Any]]]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in names:
            path = PurePosixPath(name)
            if path.suffix.lower() == ".csv" and not path.name.startswith("."):
                with archive.open(name) as file:
                    text = as_text(file.read(UNPACKED))
                delimiter = max(";,\t", key=text.partition("\n")[0].count)
                yield path.stem, csv.reader(io.StringIO(text), delimiter=delimiter)


def as_text(content: bytes) -> str:
    """UTF-8, with or without its mark, else what older spreadsheets of western Europe write."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _gathered(
    sheets: Iterable[tuple[str, Iterable[Iterable[Any]]]], chosen: Chosen, heads_only: bool
) -> dict[str, Found]:
    found: dict[str, Found] = {}
    left = MAX_ROWS
    for title, lines in sheets:
        sheet = sheet_called(title)
        if sheet is None:
            continue
        if sheet.key in found:
            raise Refused(_("La feuille « %(name)s » est deux fois dans le fichier.", name=sheet.title))
        rows = iter(lines)
        titles = [_cell(value) for value in next(rows, [])]
        found[sheet.key] = Found(sheet, [each for each in titles if each])
        if heads_only:
            continue
        keys = [key_of(sheet, each, chosen.get(sheet.key, {})) if each else "" for each in titles]
        found[sheet.key].rows = list(_rows(sheet, keys, rows, left))
        left -= len(found[sheet.key].rows)
    return found


def _rows(sheet: Sheet, keys: list[str], lines: Iterable[Iterable[Any]], left: int) -> Iterator[Row]:
    """Those that say something."""
    for number, line in enumerate(lines, 2):
        cells = [_cell(value) for value in line]
        if not any(cells):
            continue
        left -= 1
        if left < 0:
            raise Refused(_("Le classeur dépasse 50 000 lignes : partagez-le."), field="file")
        yield Row(sheet.key, number, {key: cell for key, cell in zip(keys, cells, strict=False) if key})


def _cell(value: Any) -> str:
    """A cell as a person reads it; days as ISO dates."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return " ".join(str(value).replace("\0", "").split())[:_LONGEST]


def day_of(text: str) -> date | None:
    """A day as spreadsheets hand it on: ISO, 23/11/2026, or the number of a day; None for anything else."""
    for shape in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(text, shape).date()  # noqa: DTZ007 - a calendar day has no zone
        except ValueError:
            continue
    if text.isascii() and text.isdigit() and 30_000 <= int(text) < 80_000:
        return _EPOCH + timedelta(days=int(text))
    return None


def cents_of(text: str) -> int | None:
    """An amount in euros as it is typed, « 1 234,50 », in cents; None for anything else."""
    tidy = text.replace("€", "").replace(" ", "").replace("\u202f", "").replace("\u00a0", "")
    tidy = tidy.replace(",", ".")
    whole, _dot, rest = tidy.removeprefix("-").partition(".")
    if not (whole.isascii() and whole.isdigit() and len(whole) < 12):
        return None
    rest = rest.rstrip("0").ljust(2, "0")
    if not (len(rest) == 2 and rest.isascii() and rest.isdigit()):
        return None
    cents = int(whole) * 100 + int(rest)
    return -cents if tidy.startswith("-") else cents


def write_template(target: Any) -> None:
    """The workbook to fill in: the titles, and one line that shows how."""
    book = Workbook(write_only=True)
    for sheet in SHEETS:
        page = book.create_sheet(sheet.title)
        page.append([head.title for head in sheet.heads])
        page.append([head.example for head in sheet.heads])
    book.save(target)


def foreign_titles(found: Found, chosen: dict[str, str]) -> list[str]:
    """Titles of the file that mean none of our columns, unless a person has said so."""
    return [title for title in found.titles if plain(title) and not key_of(found.sheet, title, chosen)]
