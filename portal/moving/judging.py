"""The dry run: each row by itself, then what may be there only once. Nothing is written."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from flask_babel import gettext as _
from sqlalchemy import select

from portal.crypto.secrets import keyring
from portal.customers.models import find_double
from portal.db import db
from portal.engine.sole import vaults_at
from portal.licensing.models import ActivationKey
from portal.moving.checking import (
    Fault,
    File,
    Key,
    Place,
    World,
    content_of_row,
    customer_of,
    files_of,
    series_of_row,
)
from portal.moving.reading import Found, Row
from portal.sepa.mandates.importing import Line, judge_references


class Wrong(NamedTuple):
    """A fault or a remark: the sheet, its row as a spreadsheet counts, and the sentence."""

    sheet: str
    row: int
    reason: str
    is_remark: bool = False  # it is taken in all the same


Tell = Callable[[int], None]  # how many rows are done


def judge(found: list[Found], world: World, tell: Tell) -> list[Wrong]:
    """Every fault of the workbook and what is worth knowing, in the language of the present locale."""
    by_sheet = {each.sheet.key: each.rows for each in found}
    wrong: list[Wrong] = []
    files: dict[str, File] = {}
    numbers: dict[tuple[int, str], list[File]] = {}
    done = 0
    for row in by_sheet["customers"]:
        file, faults = customer_of(row, world)
        if file is not None:
            faults = list(_doubles(file, files, numbers))
            files.setdefault(row["reference"].casefold(), file)
        if not row["reference"]:
            faults.append(_("la référence manque"))
        wrong += [Wrong("customers", row.number, reason) for reason in faults]
        done += 1
        tell(done)
    known = {row["reference"].casefold() for row in by_sheet["customers"]}
    for reference, rows in files_of(found).items():
        for row in rows:
            reasons = _row_faults(row, reference, known, files, world)
            wrong += [Wrong(row.sheet, row.number, reason) for reason in reasons]
            done += 1
            tell(done)
    wrong += list(_series_faults(by_sheet.get("series", []), world))
    wrong += _twice(list(files.values()))
    order = {each.sheet.key: number for number, each in enumerate(found)}
    return sorted(wrong, key=lambda each: (order[each.sheet], each.row))


def _row_faults(row: Row, reference: str, known: set[str], files: dict[str, File], world: World) -> list[str]:
    if reference not in known:
        return [_("aucun client du classeur n'a cette référence")]
    if reference not in files:
        return []  # her own row says what is wrong
    content, faults = content_of_row(row, files[reference], world)
    if content is not None:
        files[reference].made.append((row, content))
    return faults


def _doubles(file: File, files: dict[str, File], numbers: dict[tuple[int, str], list[File]]) -> Iterator[str]:
    """The same customer twice, in the file or already here; numbers: those before her, by SIREN."""
    if file.row["reference"].casefold() in files:
        yield _("cette référence est plusieurs fois dans le fichier")
    siren, siret = file.values.get("siren"), file.values.get("siret")
    if not siren:
        return
    if known := find_double(file.reseller.id, siren, siret):
        yield _("ce numéro est déjà celui de %(name)s", name=known.name)
    before = numbers.setdefault((file.reseller.id, siren), [])
    for other in before:
        if not siret or other.values.get("siret") in (None, siret):
            yield _("la ligne %(n)d a le même SIREN, sans autre SIRET", n=other.row.number)
            break
    before.append(file)


def _series_faults(rows: list[Row], world: World) -> Iterator[Wrong]:
    for row in rows:
        try:
            series_of_row(row, world)
        except Fault as fault:
            yield from (Wrong("series", row.number, str(reason)) for reason in fault.args)


def _twice(files: list[File]) -> list[Wrong]:
    """What may exist once only: rows, references of mandates, keys, places of vaults."""
    made = [(file, row, content) for file in files for row, content in file.made]
    wrong: list[Wrong] = []
    seen: dict[tuple[object, ...], int] = {}
    for _file, row, content in made:
        same = (row.sheet, *sorted(row.values.items()))
        if row.sheet in ("invoices", "credits"):
            same = (row.sheet, row["reference"].casefold(), row["number"])
        elif isinstance(content, Key):
            same = (row.sheet, content.code)
        elif isinstance(content, Place):
            same = (row.sheet, content.location)
        if same in seen:
            wrong.append(Wrong(row.sheet, row.number, _("la ligne %(n)d dit la même chose", n=seen[same])))
        seen.setdefault(same, row.number)
        if reason := _is_here(content):
            wrong.append(Wrong(row.sheet, row.number, reason))
    lines = [content for _file, _row, content in made if isinstance(content, Line)]
    judge_references(lines)
    wrong += [Wrong("mandates", line.number, reason) for line in lines for reason in line.faults]
    return wrong + [Wrong("mandates", line.number, line.bank, is_remark=True) for line in lines if line.bank]


def _is_here(content: object) -> str:
    if isinstance(content, Key):
        index = keyring().blind_index(content.code, "code")
        query = select(ActivationKey.id).where(ActivationKey.code_index == index)
        return _("cette clé existe déjà") if db.session.scalar(query) is not None else ""
    if isinstance(content, Place) and vaults_at(content.location):
        return _("ce dépôt est déjà rattaché à un coffre")
    return ""
