"""Measures of a probe, from a CSV file: day, service, minutes up, minutes measured."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from flask_babel import gettext as _

from portal import clock
from portal.accounts.models import Organisation
from portal.actor import Actor
from portal.availability.models import Measure, look_for_gaps, measures_of
from portal.availability.promises import services_by_contract
from portal.db import db
from portal.deadlines import end_of_paris_day, start_of_paris_day
from portal.errors import Refused
from portal.journal import record

LINES = 20_000
_SHOWN = 20  # wrong lines that are told one by one
_NUMBER = re.compile(r"\d{1,4}$")


@dataclass(slots=True)
class Read:
    """What a file holds: measures by day and service, and what is wrong, line by line."""

    rows: dict[tuple[date, str], tuple[int, int]] = field(default_factory=dict)
    wrong: list[tuple[int, str]] = field(default_factory=list)

    @property
    def shown(self) -> list[tuple[int, str]]:
        return self.wrong[:_SHOWN]


def read_measures(content: bytes, contract: str) -> Read:
    """Raises Refused for what is no text, or too long; a wrong line is told by its number."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(_("Ce fichier n'est pas un texte en UTF-8."), field="file") from error
    known = {each.service for each in services_by_contract(clock.today())[contract]}
    found = Read()
    for number, cells in _lines(text):
        if number > LINES + 1:
            raise Refused(_("Vingt mille lignes au plus par fichier."), field="file")
        problem = _take(found, cells, known)
        if problem and not (number == 1 and problem == _bad_day()):  # a head
            found.wrong.append((number, problem))
    return found


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text), delimiter=";" if ";" in first else ",", strict=False)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, [cell.strip() for cell in cells]
    except csv.Error as error:
        raise Refused(_("Ce fichier n'est pas un CSV lisible."), field="file") from error


def _bad_day() -> str:
    return _("le jour s'écrit comme 2026-11-30")


def _take(found: Read, cells: list[str], known: set[str]) -> str:
    """Read one line; what is wrong with it, or "" ."""
    if len(cells) != 4:
        return _("quatre colonnes : jour, service, minutes disponibles, minutes mesurées")
    try:
        day = date.fromisoformat(cells[0])
    except ValueError:
        return _bad_day()
    if not date(2000, 1, 1) <= day < clock.today():
        return _("le jour n'est pas fini, ou trop ancien")
    if cells[1] not in known:
        return _("service inconnu de ce contrat : %(name)s", name=cells[1][:40])
    if not (_NUMBER.match(cells[2]) and _NUMBER.match(cells[3])):
        return _("les minutes sont des nombres entiers")
    up, measured = int(cells[2]), int(cells[3])
    whole = (end_of_paris_day(day) - start_of_paris_day(day)) // timedelta(minutes=1)
    if not up <= measured <= whole:
        return _("plus de minutes que mesurées, ou que n'en a ce jour (%(n)d)", n=whole)
    if found.rows.get((day, cells[1]), (up, measured)) != (up, measured):
        return _("ce jour et ce service sont déjà dans le fichier, autrement")
    found.rows[day, cells[1]] = (up, measured)
    return ""


def keep_measures(owner: Organisation, contract: str, read: Read, *, by: Actor) -> int:
    """Keep what was read; a day that was known is corrected. Returns how many rows are new or others."""
    if not read.rows:
        raise Refused(_("Aucune mesure lisible dans ce fichier."), field="file")
    days = [day for day, _service in read.rows]
    there = measures_of(contract, min(days), max(days) + timedelta(days=1))
    known = {(each.day, each.service): each for each in there}
    changed = 0
    for (day, service), (up, measured) in read.rows.items():
        row = known.get((day, service))
        if row is None:
            row = Measure(organisation=owner, contract=contract, service=service, day=day)
            db.session.add(row)
        elif (row.minutes_up, row.minutes_measured) == (up, measured):
            continue
        row.minutes_up, row.minutes_measured = up, measured
        changed += 1
    db.session.flush()
    look_for_gaps(owner, {(contract, service) for _day, service in read.rows})
    record(owner, "import_measures", by=by, contract=contract, rows=changed)
    return changed
