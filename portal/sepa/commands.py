"""``flask sepa``: the group that the wings add their commands to."""

import click


@click.group()
def sepa() -> None:
    """Direct debits: due, freeze, export, release."""
