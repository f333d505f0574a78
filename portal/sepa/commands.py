"""``flask sepa``: the group that the wings add their commands to, and how commands of money act and answer.

Exit codes: 0 done, 1 refused (a sentence says why), 2 wrong usage. ``--json`` prints one object on one line,
for a refusal ``{"error": …}``.
"""

import json
from collections.abc import Callable
from typing import Any

import click
from sqlalchemy import or_, select

from portal.db import EVERYTHING, db, scope
from portal.errors import PortalError
from portal.i18n import eur
from portal.resellers.models import LegalEntity


@click.group()
def sepa() -> None:
    """Direct debits: due, freeze, export, release."""


class Refusal(click.ClickException):
    """Said on the error output, or as JSON; exit code 1."""

    def __init__(self, message: str, *, as_json: bool) -> None:
        super().__init__(message)
        self._as_json = as_json

    def show(self, file: Any = None) -> None:
        if self._as_json:
            click.echo(json.dumps({"error": self.message}, ensure_ascii=False))
        else:
            super().show(file)


def creditor_named(name: str) -> LegalEntity:
    """The legal entity of a public id or an ICS. Raises PortalError where that is nobody's, or several'."""
    query = select(LegalEntity).where(or_(LegalEntity.uid == name, LegalEntity.ics == name.upper()))
    found = list(db.session.scalars(query.limit(2)))
    if not found:
        raise PortalError("Créancier inconnu : %(name)s.", name=name)
    if len(found) > 1:
        raise PortalError("Plusieurs créanciers ont cet ICS : donnez l'identifiant public.")
    return found[0]


def act_and_tell(as_json: bool, act: Callable[[], list[dict[str, Any]]]) -> None:
    """Act on everything, in one transaction, and print what was done."""
    with scope(EVERYTHING):
        try:
            rows = act()
        except PortalError as error:
            db.session.rollback()
            raise Refusal(error.message, as_json=as_json) from None
    if as_json:
        click.echo(json.dumps({"rows": rows}, ensure_ascii=False))
        return
    for row in rows:
        click.echo("  ".join(_shown(name, value) for name, value in row.items()))


def _shown(name: str, value: Any) -> str:
    return eur(value) if name.endswith("cents") else str(value)
