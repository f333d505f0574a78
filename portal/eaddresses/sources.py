"""Two ways to the directory: files of a folder, or calls over HTTP; docs/operations.md has their shapes."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any, NamedTuple, Protocol

from sqlalchemy import select

from portal import clock
from portal.accounts.models import Organisation
from portal.db import db
from portal.eaddresses.csv_lines import COLUMNS, LARGEST, Told, checked_line, read_lines
from portal.eaddresses.models import EAddressDirectory, EAddressFile, F, Way
from portal.errors import Refused
from portal.folders import Folder, Lying
from portal.i18n import said
from portal.journal import SYSTEM
from portal.public_places import ask_for
from portal.wording import N_

STILL = timedelta(seconds=30)  # without any change, before a file counts as whole
_MOST_BYTES = 1 << 20  # of an answer


class Away(Exception):
    """Nobody answers, or not as agreed: the last answer counts, and it is tried again later."""


class Step(NamedTuple):
    """Told: to be kept; None where only a file has moved on. file: the one that it is read from."""

    told: Told | None = None
    file: EAddressFile | None = None


class Source(Protocol):
    """Raises Away, or OSError, where the directory cannot be reached."""

    def steps(self, asked: Iterable[str]) -> Iterator[Step]:
        """What the directory says, one transaction a step; asked: the SIREN that somebody waits for."""


def source_of(directory: EAddressDirectory) -> Source:
    return _Files(directory) if directory.way == Way.FILES else _Calls(directory)


class _Files:
    """Files of the inbox are read once they stand still; killed at any line, each counts once."""

    def __init__(self, directory: EAddressDirectory) -> None:
        self.directory = directory
        self.folder = Folder(directory.folder or "", root="EADDRESS_DIR")

    def steps(self, asked: Iterable[str]) -> Iterator[Step]:
        self.folder.make()
        yield from self._move_read()
        lying = {each.name: each for each in self.folder.lying()}
        known = {row.name: row for row in self._rows(F.ARRIVING)}
        for name in known.keys() - lying.keys():
            known[name].move_on("vanish", by=SYSTEM)
            yield Step()
        for name, each in lying.items():
            row = known.get(name) or self._first_seen(each)
            yield self._read(row, each) if _stands_still(row, each) else Step()
        yield from self._move_read()

    def _rows(self, *states: F) -> list[EAddressFile]:
        query = select(EAddressFile).where(EAddressFile.directory_id == self.directory.id)
        return list(db.session.scalars(query.where(EAddressFile.state.in_(states)).order_by(EAddressFile.id)))

    def _first_seen(self, each: Lying) -> EAddressFile:
        row = EAddressFile(
            organisation=db.session.get_one(Organisation, self.directory.organisation_id),
            directory_id=self.directory.id,
            state=F.ARRIVING,
            name=each.name,
            size_bytes=each.size_bytes,
            changed_ns=each.changed_ns,
            seen_at=clock.now(),
        )
        db.session.add(row)
        return row

    def _read(self, row: EAddressFile, each: Lying) -> Step:
        try:
            if each.size_bytes > LARGEST:
                raise Refused(N_("Ce fichier dépasse 16 Mo."))
            data = (self.folder.inbox / each.real).read_bytes()
            told = read_lines(data, each.name)
        except Refused as refusal:
            row.why = said(refusal)[:300]
            row.move_on("refuse", by=SYSTEM)
            return Step()
        row.sha256, row.line_count = hashlib.sha256(data).hexdigest(), told.number
        row.move_on("read", by=SYSTEM, lines=told.number)
        return Step(told, row)

    def _move_read(self) -> Iterator[Step]:
        decided = (F.READ, F.REFUSED, F.CLOSED)
        for row in self._rows(*decided):
            if not row.is_moved:
                to = self.folder.done if row.state == F.READ else self.folder.refused
                self.folder.move_aside(row.name, row.changed_ns, to=to, uid=row.uid)
                row.is_moved = True
                yield Step()


def _stands_still(row: EAddressFile, each: Lying) -> bool:
    """May it be read now? One that has grown is looked at afresh."""
    if (row.size_bytes, row.changed_ns) != (each.size_bytes, each.changed_ns):
        row.size_bytes, row.changed_ns, row.seen_at = each.size_bytes, each.changed_ns, clock.now()
        return False
    return not each.is_half and row.seen_at <= clock.now() - STILL


class _Calls:
    def __init__(self, directory: EAddressDirectory) -> None:
        self.address, self.token = str(directory.address), str(directory.token or "")

    def steps(self, asked: Iterable[str]) -> Iterator[Step]:
        for siren in asked:
            db.session.rollback()  # no transaction is held while the directory is asked
            yield Step(self._ask(siren))

    def _ask(self, siren: str) -> Told:
        headers = {"Authorization": f"Bearer {self.token}"}
        answer, text = ask_for(
            "GET", f"{self.address}/lines?siren={siren}", headers=headers, most_bytes=_MOST_BYTES
        )
        if answer == "404":
            return Told({siren: []}, "HTTP")
        if answer != "200":
            raise Away(answer)
        return Told({siren: _lines_of(text, siren)}, "HTTP")


def _lines_of(text: bytes, siren: str) -> list[Any]:
    try:
        rows = json.loads(text)["lines"]
        cells = [{name: str(row.get(name) or "") for name in COLUMNS} for row in rows]
        found = [checked_line({**each, "siren": siren}) for each in cells]
    except (ValueError, TypeError, KeyError, AttributeError):
        raise Away(f"{siren} : JSON") from None
    return list({line.address: line for line in found if line.address}.values())
