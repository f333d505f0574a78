"""The register of processing activities: what the portal does, what the house adds, its versions."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from flask_babel import force_locale, get_locale
from flask_babel import gettext as _
from sqlalchemy import JSON, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.accounts.models import Organisation
from portal.actor import Actor
from portal.db import Tenant, db
from portal.errors import Refused
from portal.journal import SYSTEM, record
from portal.privacy.activities import ACTIVITIES, CONTROLLER, MEASURES, Activity, hosting
from portal.privacy.retention import table
from portal.privacy.retention_words import KINDS, SINCE
from portal.privacy.subprocessors import SubProcessor, taking_part
from portal.terms.shipped import CONTRACTS
from portal.wording import N_

# The European Economic Area (decision of the EEA Joint Committee no 154/2018: the regulation applies there).
_EEA = frozenset(
    (
        *("AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR", "HU", "IS", "IE", "IT"),
        *("LV", "LI", "LT", "LU", "MT", "NL", "NO", "PL", "PT", "RO", "SK", "SI", "ES", "SE"),
    )
)


@dataclass(frozen=True, slots=True)
class Row:
    """One activity in words: the columns of article 30. code: of a generated one, "" of the house's own."""

    code: str
    uid: str
    role: str  # controller or processor
    name: str
    purpose: str
    persons: str
    data: str
    recipients: str
    transfers: str
    retention: str
    measures: str
    note: str = ""


COLUMNS = ("role", "name", "purpose", "persons", "data", "recipients", "transfers", "retention", "measures")


class ProcessingEntry(Tenant, db.Model):
    """An activity of the house's own, or its note on a generated one (``code``); it ends, it stays."""

    __tablename__ = "processing_entry"

    code: Mapped[str] = mapped_column(String(40), default="")
    role: Mapped[str] = mapped_column(String(20), default="")
    name: Mapped[str] = mapped_column(String(140), default="")
    purpose: Mapped[str] = mapped_column(Text, default="")
    persons: Mapped[str] = mapped_column(Text, default="")
    data: Mapped[str] = mapped_column(Text, default="")
    recipients: Mapped[str] = mapped_column(Text, default="")
    transfers: Mapped[str] = mapped_column(Text, default="")
    retention: Mapped[str] = mapped_column(Text, default="")
    measures: Mapped[str] = mapped_column(Text, default="")
    note: Mapped[str] = mapped_column(Text, default="")
    ended_on: Mapped[date | None]

    def end(self, *, by: Actor) -> None:
        """It is in the register no more; versions of before still say it."""
        if self.ended_on is not None:
            raise Refused(N_("Cette ligne est déjà retirée."))
        self.ended_on = clock.today()
        record(self, "end", by=by)


class ProcessingVersion(Tenant, db.Model):
    """The register as it stood on a day, in French; another one is kept as soon as it says something else."""

    __tablename__ = "processing_version"
    __table_args__ = (UniqueConstraint("organisation_id", "number"),)

    number: Mapped[int]
    made_on: Mapped[date]
    sha256: Mapped[str] = mapped_column(String(64))  # of the rows
    rows: Mapped[list[dict[str, Any]]] = mapped_column(JSON)

    @property
    def read(self) -> list[Row]:
        return [Row(**each) for each in self.rows]


def register_of(owner: Organisation) -> list[Row]:
    """Every activity as controller, then as processor, in the language that is set.

    Source: regulation (EU) 2016/679, art. 30 (1) and (2); 001-37.
    """
    query = select(ProcessingEntry).where(
        ProcessingEntry.organisation_id == owner.id, ProcessingEntry.ended_on.is_(None)
    )
    entries = db.session.scalars(query.order_by(ProcessingEntry.id)).all()
    notes = {each.code: each.note for each in entries if each.code}
    known = [*ACTIVITIES, *(hosting(name, label) for name, (label, _codes) in CONTRACTS.items())]
    rows = [_generated(each, notes.get(each.code, "")) for each in known if _takes_place(each)]
    rows += [_own(each) for each in entries if not each.code]
    return sorted(rows, key=lambda row: row.role != CONTROLLER)


def _takes_place(activity: Activity) -> bool:
    return not activity.covers or bool(taking_part(clock.today(), [activity.covers]))


def _generated(activity: Activity, note: str) -> Row:
    parts = taking_part(clock.today(), [activity.covers]) if activity.covers else []
    recipients = [str(activity.recipients), *(f"{one.name} ({one.purpose})" for one in parts)]
    return Row(
        code=activity.code,
        uid="",
        role=activity.role,
        name=str(activity.name),
        purpose=str(activity.purpose),
        persons=str(activity.persons),
        data=str(activity.data),
        recipients=" ; ".join(filter(None, recipients)),
        transfers=_transfers(parts),
        retention=_retention(activity.kinds) or str(activity.kept),
        measures=" ; ".join(str(MEASURES[name]) for name in activity.measures),
        note=note,
    )


def _transfers(parts: Iterable[SubProcessor]) -> str:
    outside = [one for one in parts if one.country not in _EEA]
    names = [f"{one.name}, {get_locale().territories.get(one.country, one.country)}" for one in outside]
    return " ; ".join(names) or str(_("aucun hors de l'Espace économique européen"))


def _retention(kinds: Iterable[str]) -> str:
    """As the table of what is kept says it."""
    said = []
    for rule in (table()[kind] for kind in kinds):
        if rule.months:
            until = _("%(n)d mois depuis", n=rule.months) + f" {SINCE[rule.since]}"
        else:
            until = _("jusqu'à") + f" {SINCE[rule.since]}"
        said.append(f"{KINDS[rule.name]}{_(' : ')}{until} ({rule.source})")
    return " ; ".join(said)


def _own(entry: ProcessingEntry) -> Row:
    said = {name: getattr(entry, name) for name in COLUMNS}
    return Row(code="", uid=entry.uid, note=entry.note, **said)


def add_entry(owner: Organisation, typed: dict[str, str], *, by: Actor) -> ProcessingEntry:
    row = ProcessingEntry(organisation=owner, code="", note="", **typed)
    db.session.add(row)
    db.session.flush()
    record(row, "add", by=by)
    return row


def write_note(owner: Organisation, code: str, note: str, *, by: Actor) -> None:
    """What the house says beside a generated activity; "" takes it away. Raises Refused for no such one."""
    if code not in {row.code for row in register_of(owner) if row.code}:
        raise Refused(N_("Cette activité n'est pas dans le registre."))
    query = select(ProcessingEntry).where(
        ProcessingEntry.organisation_id == owner.id, ProcessingEntry.code == code
    )
    row = db.session.scalars(query).one_or_none()
    if row is None:
        row = ProcessingEntry(organisation=owner, code=code)
        db.session.add(row)
        db.session.flush()
    row.note = note
    record(row, "note", by=by)


def keep_version(owner: Organisation) -> ProcessingVersion:
    """The version that says what the register says today: the latest one, or a new one.

    Source: regulation (EU) 2016/679, art. 30 (3) and (4), 5 (2).
    """
    with force_locale("fr"):
        rows = [asdict(row) for row in register_of(owner)]
    digest = sha256(json.dumps(rows, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
    query = select(ProcessingVersion).where(ProcessingVersion.organisation_id == owner.id)
    latest = db.session.scalars(query.order_by(ProcessingVersion.number.desc())).first()
    if latest is not None and latest.sha256 == digest:
        return latest
    row = ProcessingVersion(
        organisation=owner,
        number=latest.number + 1 if latest else 1,
        made_on=clock.today(),
        sha256=digest,
        rows=rows,
    )
    db.session.add(row)
    db.session.flush()
    record(row, "keep", by=SYSTEM, number=row.number)
    return row
