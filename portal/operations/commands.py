"""``flask check``: the settings and their surroundings, judged before the start."""

import sys
from collections import Counter

import click
from flask import current_app
from sqlalchemy import select

from portal.accounts.passkeys import is_signed
from portal.db import EVERYTHING, db, scope
from portal.journal import JournalEntry
from portal.operations.checks import Finding, findings
from portal.operations.journal_chain import BrokenChain, find, verify
from portal.safekeeping.known_keys import remember_keys


@click.command()
def check() -> None:
    """Say what is wrong with the settings; exit 1 when the portal must not start so."""
    found = findings()
    for each in found:
        click.echo(f"{'REFUSÉ' if each.stops else 'attention'} · {each.setting} : {each.problem}")
    if any(each.stops for each in found):
        sys.exit(1)
    with scope(EVERYTHING):
        remember_keys()
    click.echo("Les réglages conviennent.")


@click.group()
def journal() -> None:
    """The journal of who did what."""


@journal.command("verify")
@click.option("--since", default="", help="a link that was noted before; it must still be in the chain")
def verify_journal(since: str) -> None:
    """Work the chain of the journal out again; exit 1 when it is broken."""
    with scope(EVERYTHING):
        try:
            newest = verify()
        except BrokenChain as error:
            raise click.ClickException(str(error)) from None
        if since and find(since) is None:
            raise click.ClickException("ce maillon n'est pas dans la chaîne : elle a été refaite")
        click.echo(f"{newest.last_id} {newest.digest}" if newest else "Rien n'est encore scellé.")


@journal.command("orders")
def verify_orders() -> None:
    """Verify again what passkeys signed before acts that cannot be undone; exit 1 when one does not hold."""
    broken, counts = 0, Counter[str]()
    with scope(EVERYTHING):
        entries = select(JournalEntry).where(JournalEntry.what == "confirm_order").order_by(JournalEntry.id)
        for entry in db.session.scalars(entries.execution_options(yield_per=500)):
            kept = entry.details
            counts[kept["how"]] += 1
            if kept["how"] == "passkey" and not is_signed(kept["order"], kept.get("assertion", {})):
                broken += 1
                click.echo(
                    f"{entry.uid} · {entry.subject_kind} {entry.subject_uid} : la signature ne tient pas"
                )
    click.echo(" · ".join(f"{how} {count}" for how, count in counts.items()) or "Rien n'est ordonné.")
    if broken:
        sys.exit(1)


def refuse_unsafe_start() -> None:
    """End a process whose settings or keys do not fit; what time may cure is waited for."""
    unfit = [each for each in findings() if each.stops and not each.passes]
    db.session.remove()
    if unfit and not current_app.testing:
        raise click.ClickException("\n".join(_said(each) for each in unfit))


def _said(finding: Finding) -> str:
    return f"{finding.setting} : {finding.problem}"
