"""``flask terms …``: ask, check and cover the contracts. Needs neither database nor configuration."""

import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from portal.errors import PortalError


@click.group()
def terms() -> None:
    """The contracts as data: simulate, coverage, lint."""


@terms.command()
@click.argument("case", type=click.File("r", encoding="utf-8"))
@click.option(
    "--with",
    "drafts",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A document not published yet, in the place of the one of its code (may be repeated).",
)
def simulate(case: Any, drafts: tuple[Path, ...]) -> None:
    """Answer the contract question of CASE, a JSON file (« - » for standard input).

    A portable contract is such a file too: it is asked of the texts that it carries.
    """
    from portal.answers.outcome import as_json  # noqa: PLC0415
    from portal.simulator.portable import is_portable, read_portable  # noqa: PLC0415
    from portal.simulator.question import parse_case  # noqa: PLC0415 - only what a command needs is loaded
    from portal.simulator.run import simulate as answer  # noqa: PLC0415
    from portal.terms.shipped import read_document  # noqa: PLC0415

    try:
        raw = json.load(case, parse_float=Decimal, parse_constant=_no_constant)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{case.name} n'est pas du JSON : {error}") from None
    try:
        if is_portable(raw):
            asked = read_portable(raw.get("payload", raw))
        else:
            asked = parse_case(raw, [read_document(path) for path in drafts])
        outcome = as_json(answer(asked))
    except PortalError as error:
        raise click.ClickException(str(error)) from None
    click.echo(json.dumps(outcome, ensure_ascii=False, indent=2))


def _no_constant(name: str) -> None:
    raise json.JSONDecodeError(f"{name} n'est pas un nombre", "", 0)


@terms.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def coverage(as_json: bool) -> None:
    """Each clause with its rule, test, value or decision, and from where it is executed.

    Exit 1 when a clause of priority 1 is not executed and not on the list of open ones.
    """
    from portal.simulator.coverage import cover, totals  # noqa: PLC0415

    rows = cover()
    counted = totals(rows)
    if as_json:
        shown = {"rows": [row.as_dict() for row in rows], "totals": counted}
        click.echo(json.dumps(shown, ensure_ascii=False))
    else:
        for row in rows:
            click.echo(row.line())
        for priority in (1, 2):
            parts = (f"{counted[f'p{priority}_{each}']} {word}" for each, word in _VERDICTS.items())
            click.echo(f"priorité {priority} : {counted[f'p{priority}']} clauses, dont {', '.join(parts)}.")
        click.echo(f"priorité 1, ouvertes ({len(counted['open'])}) : {' '.join(counted['open'])}")
    sys.exit(1 if counted["unlisted"] else 0)


_VERDICTS = {
    "executed": "exécutées",
    "partly": "en partie ou à tort",
    "what_if": "simulées seulement",
    "nobody": "par personne",
    "decided": "laissées avec leur raison",
}


@terms.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--beside",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Another document of the same contract (may be repeated).",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of lines.")
def lint(file: Path, beside: tuple[Path, ...], as_json: bool) -> None:
    """Faults, gaps, contradictions and breaches of statute of a document FILE; exit 1 for one not noted."""
    from portal.simulator.lint_file import lint_file  # noqa: PLC0415

    try:
        found = lint_file(file, beside)
    except PortalError as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        shown = [
            {
                "code": each.code,
                "severity": each.severity,
                "clauses": list(each.clauses),
                "noted": each.noted,
                "sentence": str(each.sentence),
            }
            for each in found
        ]
        click.echo(json.dumps({"file": file.name, "findings": shown}, ensure_ascii=False, indent=2))
    else:
        for each in found:
            mark = "noté   " if each.noted else "NOUVEAU"
            where = " ".join(each.clauses) or "-"
            click.echo(f"{each.code or '-':4} {each.severity:13} {mark} {where}  {each.sentence}")
        new = sum(not each.noted for each in found)
        click.echo(f"{file.name} : {len(found)} constats, dont {new} nouveaux.")
    sys.exit(1 if any(not each.noted for each in found) else 0)
