"""Commands: ``flask worker``, ``create-user``, ``seal-store``. Set-up is done without the application."""

import signal

import click
from botocore.exceptions import ClientError
from flask import Flask, current_app

from portal import jobs
from portal.access import Role
from portal.accounts.models import Organisation
from portal.accounts.welcome import invite
from portal.blobs import Document, drop_plain, seal_older
from portal.books.cli import billing
from portal.db import EVERYTHING, db, scope
from portal.errors import Refused
from portal.journal import SYSTEM
from portal.operations.commands import check, journal, refuse_unsafe_start
from portal.operations.setup_command import setup
from portal.reversibility.cli import reversibility
from portal.safekeeping.commands import backup, restore
from portal.safekeeping.key_commands import keys
from portal.sepa.commands import sepa
from portal.simulator.cli import terms
from portal.tickets.commands import tickets


def init_app(app: Flask) -> None:
    app.cli.add_command(worker)
    app.cli.add_command(journal)
    app.cli.add_command(setup)
    app.cli.add_command(create_user)
    app.cli.add_command(seal_store)
    app.cli.add_command(check)
    app.cli.add_command(backup)
    app.cli.add_command(restore)
    app.cli.add_command(keys)
    app.cli.add_command(terms)
    app.cli.add_command(sepa)
    app.cli.add_command(billing)
    app.cli.add_command(reversibility)
    app.cli.add_command(tickets)


@click.command()
def worker() -> None:
    """Do the long work: mails, billing runs, exports, periodic duties. Stops cleanly on SIGTERM.

    One command, several processes: those of the setting WORKERS, and one for the periodic duties.
    """
    refuse_unsafe_start()
    crew_of_this_application(current_app._get_current_object())  # type: ignore[attr-defined]


def crew_of_this_application(app: Flask) -> None:
    """Keep the processes of the settings alive until SIGTERM or SIGINT."""
    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: stopping.append(received))
    wanted = workers_wanted(app.config["WORKERS"]) | {jobs.DUTIES: 1}
    jobs.crew(app, wanted, lambda: bool(stopping), patience=app.config["WORKER_PATIENCE_SECONDS"])


def workers_wanted(setting: str) -> dict[str, int]:
    """How many processes each lane has, of a text such as ``prompt=2 exports=1``; unnamed lanes have one.

    Raises UsageError for anything else: a lane without a worker would be work that nobody does.
    """
    wanted = {str(lane): 1 for lane in jobs.Lane}
    for word in setting.replace(",", " ").split():
        lane, _equals, number = word.partition("=")
        if lane not in wanted or not number.isdigit() or not 1 <= int(number) <= 64:
            raise click.UsageError(f"WORKERS: {word}")
        wanted[lane] = int(number)
    return wanted


@click.command("seal-store")
def seal_store() -> None:
    """Encrypt the files that were kept before the store was encrypted; may be stopped and run again."""
    with scope(EVERYTHING):
        known = db.select(Document.uid).where(Document.erased.is_(False)).order_by(Document.id)
        count = broken = 0
        for uid in db.session.scalars(known).all():
            document = db.session.scalars(db.select(Document).where(Document.uid == uid)).one()
            try:
                count += seal_older(document)
                db.session.commit()
                drop_plain(document)
            except (OSError, ClientError) as error:
                broken += 1
                click.echo(f"{uid} {document.filename} : {error}", err=True)
    click.echo(f"{count} fichiers scellés, {broken} illisibles")
    if broken:
        raise SystemExit(1)


@click.command("create-user")
@click.option("--email", required=True)
@click.option("--name", required=True)
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--organisation", "organisation_uid", required=True, help="its public id")
def create_user(email: str, name: str, role: str, organisation_uid: str) -> None:
    """Create somebody who can sign in, and print the address where she chooses her password."""
    with scope(EVERYTHING):
        query = db.select(Organisation).where(Organisation.uid == organisation_uid)
        organisation = db.session.scalars(query).one_or_none()
        if organisation is None:
            raise click.ClickException(f"organisation inconnue : {organisation_uid}")
        try:
            _user, address = invite(organisation, email=email, name=name, role=Role(role), by=SYSTEM)
        except Refused as refusal:
            raise click.ClickException(str(refusal)) from None
        db.session.commit()
    click.echo(address)
