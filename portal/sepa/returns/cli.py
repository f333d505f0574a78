"""``flask sepa import-returns``: book a bank file and do what follows, without a worker."""

import json
from pathlib import Path

import click
from sqlalchemy import or_, select

from portal.db import EVERYTHING, db, scope
from portal.errors import PortalError
from portal.journal import SYSTEM
from portal.resellers.models import LegalEntity
from portal.sepa.commands import sepa
from portal.sepa.formats.bank_answers import BankEntry, BankFileHead, read_bank_file
from portal.sepa.formats.bank_elements import account_of
from portal.sepa.models import Batch
from portal.sepa.returns.book import import_bank_file
from portal.sepa.returns.react import react_now


@sepa.command("import-returns")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--creditor", help="uid or ICS; otherwise the creditor whose account or batch the file names")
@click.option("--json", "as_json", is_flag=True, help="one JSON object")
def import_returns(file: Path, creditor: str | None, as_json: bool) -> None:
    """Import FILE (pain.002, camt.053 or camt.054; a camt.052 only informs).

    Importing it twice changes nothing.
    """
    with scope(EVERYTHING):
        try:
            entity = _creditor(creditor) if creditor else _named_in(file)
            result = import_bank_file(entity, file.read_bytes(), file.name, by=SYSTEM)
            react_now(result.file)
            db.session.commit()
        except PortalError as error:
            db.session.rollback()
            raise click.ClickException(str(error)) from None
    shown = result.as_dict()
    if as_json:
        click.echo(json.dumps(shown, ensure_ascii=False))
    else:
        for name, value in shown.items():
            click.echo(f"{name:12}{value}")


def _creditor(asked: str) -> LegalEntity:
    query = select(LegalEntity).where(or_(LegalEntity.uid == asked, LegalEntity.ics == asked))
    found = list(db.session.scalars(query))
    if len(found) != 1:
        raise click.ClickException(f"créancier inconnu ou ambigu : {asked}")
    return found[0]


def _named_in(file: Path) -> LegalEntity:
    """The creditor of the first account, or of the first batch, of ours that the file names."""
    entities = list(db.session.scalars(select(LegalEntity)))
    by_account = {account_of(entity.iban): entity for entity in entities if entity.iban}
    with file.open("rb") as source:
        for item in read_bank_file(source):
            if isinstance(item, BankFileHead):
                continue
            if item.account in by_account:
                return by_account[item.account]
            msg_id = item.message_id if isinstance(item, BankEntry) and item.is_report else ""
            query = select(Batch).where(Batch.msg_id == msg_id.upper())
            if msg_id and (batch := db.session.scalars(query).one_or_none()):
                return batch.legal_entity
    if len(entities) == 1:
        return entities[0]
    raise click.ClickException("ce fichier ne nomme aucun de vos comptes ni de vos remises : --creditor")
