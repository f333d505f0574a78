"""``flask backup`` and ``flask restore``."""

from pathlib import Path

import click
from flask import current_app
from flask_babel import gettext as _

from portal.db import EVERYTHING, db, scope
from portal.engine.errors import EngineError
from portal.errors import PortalError, Unavailable
from portal.i18n import said
from portal.safekeeping.backup import back_up
from portal.safekeeping.place import Place
from portal.safekeeping.restore import restore as bring_back


def _location(given: str) -> str:
    return given or str(current_app.config["BACKUP_REPO"])


@click.command()
@click.option("--to", "location", default="", metavar="REPO", help="otherwise BACKUP_REPO")
@click.option("--init", is_flag=True, help="make the repository if there is none")
def backup(location: str, init: bool) -> None:
    """Back up the database and the documents into a restic repository. The keys are not in it."""
    with scope(EVERYTHING):
        try:
            with Place.at(_location(location)) as place:
                if init:
                    place.create()
                saved = back_up(place)
        except (PortalError, Unavailable) as error:
            raise click.ClickException(_told(error)) from None
        run = saved.run()
        db.session.add(run)
        db.session.commit()
        click.echo(
            _(
                "Sauvegarde %(id)s : %(tables)d tables, %(rows)d lignes, %(documents)d documents, %(n)d s.",
                id=saved.copy.id[:8],
                tables=len(saved.inventory.tables),
                rows=run.rows,
                documents=run.documents,
                n=run.seconds,
            )
        )
        if not run.is_good:
            raise click.ClickException(run.said)


@click.command()
@click.option("--from", "location", default="", metavar="REPO", help="otherwise BACKUP_REPO")
@click.option("--snapshot", default="", metavar="ID", help="otherwise the newest")
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    help="a folder; otherwise the database and the store of the settings",
)
def restore(location: str, snapshot: str, into: Path | None) -> None:
    """Restore a backup into an empty place, and compare it with its inventory. Killed: run it again."""
    try:
        with Place.at(_location(location)) as place:
            copy = place.copy_named(snapshot)
            differences = bring_back(place, copy, into)
    except (PortalError, Unavailable) as error:
        raise click.ClickException(_told(error)) from None
    for each in differences:
        click.echo(each)
    if differences:
        raise click.ClickException(
            _("La restauration diffère de son inventaire (%(n)d).", n=len(differences))
        )
    click.echo(_("Sauvegarde %(id)s restaurée, conforme à son inventaire.", id=copy.id[:8]))


def _told(error: Exception) -> str:
    if isinstance(error, EngineError):
        return f"{said(error)} {error.detail}".strip()
    return said(error) if isinstance(error, PortalError) else str(error)
