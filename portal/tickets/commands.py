"""``flask tickets receive``: one mail from standard input, as an MTA's pipe delivers it."""

import sys

import click

from portal.db import EVERYTHING, scope
from portal.tickets.incoming import LARGEST, Filed, receive

# Of sysexits(3), which MTAs understand: the sender is told that nobody here knows the address, or why not.
CODES = {Filed.UNKNOWN: 67, Filed.REFUSED: 65}


@click.group()
def tickets() -> None:
    """Tickets: receive."""


@tickets.command(name="receive")
def receive_mail() -> None:
    """File one mail of standard input: in the ticket that its subject names, or as a new one.

    Leaves with 0 when it is filed or rightly left aside, 67 for an unknown sender, 65 for a mail that is not
    taken. Any other end lets the MTA try again.
    """
    raw = sys.stdin.buffer.read(LARGEST + 1)
    with scope(EVERYTHING):
        outcome = receive(raw)
        number = outcome.ticket.number if outcome.ticket else ""
    click.echo(" ".join(filter(None, (outcome.filed.value, number, outcome.why))))
    raise SystemExit(CODES.get(outcome.filed, 0))
