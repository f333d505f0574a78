"""The lines of a CSV file of the directory: all of them, or a refusal that names the first wrong one."""

import csv
import io
from datetime import date
from typing import NamedTuple

from stdnum.fr import siren as siren_number

from portal.eaddresses.rules import SCHEME, Line, may_be_address
from portal.errors import Refused
from portal.wording import N_

LARGEST = 16 * 1024 * 1024  # bytes of one file
COLUMNS = ("siren", "siret", "address", "scheme", "service", "platform", "valid_from", "valid_through")
_NEEDED = {"siren", "address"}


class Told(NamedTuple):
    """What an answer says: each company with all its lines, none where it has no address."""

    lines: dict[str, list[Line]]
    source: str

    @property
    def number(self) -> int:
        return sum(len(each) for each in self.lines.values())


def read_lines(data: bytes, name: str) -> Told:
    """The lines by SIREN. A file says everything of each SIREN that stands in it, and nothing of others.

    Raises Refused, with the number of the line, for what is not whole: then nothing of it counts.
    """
    if len(data) > LARGEST:
        raise Refused(N_("Ce fichier dépasse 16 Mo."), field="file")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused(N_("Ce fichier n'est pas en UTF-8."), field="file") from None
    delimiter = ";" if ";" in text.partition("\n")[0] else ","
    rows = csv.DictReader(io.StringIO(text), delimiter=delimiter, strict=True)
    if not _NEEDED <= set(rows.fieldnames or ()) <= set(COLUMNS):
        raise Refused(
            N_("La première ligne nomme les colonnes : %(names)s."), field="file", names=", ".join(COLUMNS)
        )
    if not text.endswith("\n"):
        raise Refused(N_("La dernière ligne n'est pas finie : le fichier est coupé."), field="file")
    found: dict[str, list[Line]] = {}
    try:
        for row in rows:
            siren, line = _line(row)
            own = found.setdefault(siren, [])
            if line.address and line.address not in {each.address for each in own}:
                own.append(line)
    except (ValueError, csv.Error):
        raise Refused(N_("La ligne %(number)d ne se lit pas."), field="file", number=rows.line_num) from None
    if not found:
        raise Refused(N_("Ce fichier n'a aucune ligne."), field="file")
    return Told(found, name[:200])


def _line(row: dict[str, str]) -> tuple[str, Line]:
    if None in row or None in row.values():
        raise ValueError("cells")
    cell = {name: row.get(name, "").strip() for name in COLUMNS}
    return cell["siren"], checked_line(cell)


def checked_line(cell: dict[str, str]) -> Line:
    """Raises ValueError for what cannot be a line of the directory."""
    siren, address, siret = cell["siren"], cell["address"], cell["siret"]
    if not siren_number.is_valid(siren) or cell["scheme"] not in ("", SCHEME):
        raise ValueError("siren")
    if address and not may_be_address(address, siren):
        raise ValueError("address")
    if siret and not (len(siret) == 14 and siret.isdigit() and siret.startswith(siren)):
        raise ValueError("siret")
    first, last = _day(cell["valid_from"]), _day(cell["valid_through"])
    if first and last and last < first:
        raise ValueError("days")
    if len(cell["service"]) > 100 or len(cell["platform"]) > 140:
        raise ValueError("length")
    return Line(address, siret, cell["service"], cell["platform"], first, last)


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
