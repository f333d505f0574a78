"""``flask billing verify`` and ``fec``: the proof of the books, and their entries, from a shell."""

import json
import sys
from pathlib import Path

import click
from sqlalchemy import or_, select

from portal.billing.commands import billing
from portal.books.checking import check_books
from portal.books.fec import fec_name, write_fec
from portal.books.models import BookCheck
from portal.db import EVERYTHING, db, scope
from portal.journal import SYSTEM
from portal.resellers.models import LegalEntity
from portal.sepa.commands import creditor_named
from portal.words.books import FAULTS


@billing.command()
@click.option("--entity", default="", help="Public id or ICS of a legal entity; all of them without.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on one line.")
def verify(entity: str, as_json: bool) -> None:
    """Walk the chains of invoices, credit notes and payments and read every paper; exit 1 for any fault."""
    with scope(EVERYTHING):
        query = select(LegalEntity).order_by(LegalEntity.id)
        if entity:
            query = query.where(or_(LegalEntity.uid == entity, LegalEntity.ics == entity.upper()))
        found = list(db.session.scalars(query))
        if not found:
            raise click.ClickException("Aucune entité juridique ne porte cet identifiant.")
        checks = [check_books(each, by=SYSTEM) for each in found]
        db.session.commit()
        told = [_told(check) for check in checks]
        lines = [line for check in checks for line in _lines(check)]
    click.echo(json.dumps({"entities": told}, ensure_ascii=False) if as_json else "\n".join(lines))
    if any(each["fault_count"] for each in told):
        sys.exit(1)


def _told(check: BookCheck) -> dict[str, object]:
    return {
        "entity": check.legal_entity.uid,
        "ics": check.legal_entity.ics,
        "counts": check.counts,
        "heads": check.heads,
        "faults": [{"kind": kind, "what": what} for kind, what in check.faults],
        "fault_count": check.fault_count,
    }


def _lines(check: BookCheck) -> list[str]:
    counts = " · ".join(f"{name} {count}" for name, count in check.counts.items())
    faults = [f"{what} : {FAULTS[kind]}" for kind, what in check.faults]
    return [f"{check.legal_entity.name} · {counts}", *(faults or ["Rien n'a été changé."])]


@billing.command()
@click.option("--entity", required=True, help="Public id or ICS of the legal entity.")
@click.option("--year", required=True, type=click.IntRange(2000, 2099), help="A calendar year.")
@click.option("--to", "folder", default=".", type=click.Path(exists=True, file_okay=False, path_type=Path))
def fec(entity: str, year: int, folder: Path) -> None:
    """Write the file of accounting entries (FEC) of a year; a half-written one never has its name."""
    with scope(EVERYTHING):
        found = creditor_named(entity)
        path = folder / fec_name(found, year)
        draft = path.with_suffix(".part")
        with draft.open("wb") as out:
            count = write_fec(found, year, out)
        draft.replace(path)
    click.echo(f"{path} · {count} lignes")
