"""``flask setup``: the first rows of a production, asked for on the terminal or read from a file."""

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

import click

from portal.db import EVERYTHING, db, scope
from portal.errors import Refused
from portal.journal import SYSTEM
from portal.operations.opening import (
    QUESTIONS,
    Answer,
    add_operator,
    address_again,
    find_entity,
    find_operator,
    find_provider,
    judged,
)
from portal.resellers.houses import make_provider
from portal.sepa.models.entity import make_entity

Values = dict[str, str]


@click.command()
@click.option("--file", "source", type=click.File("rb"), help="TOML: [provider], [entity], [operator]")
def setup(source: BinaryIO | None) -> None:
    """Make provider, legal entity and first operator; say what is there already, and change none of it."""
    given = _loaded(source) if source else None
    with scope(EVERYTHING):
        there = _there()
        values = _asked_all(there) if given is None else _read_all(there, given)
        provider = there["provider"] or make_provider(values["provider"]["name"], by=SYSTEM)
        if there["entity"] is None:
            make_entity(provider, values["entity"], by=SYSTEM)
        if there["operator"] is None:
            address: str | None = add_operator(provider, values["operator"], by=SYSTEM)
        else:
            address = address_again(there["operator"], by=SYSTEM)
        db.session.commit()
    if address:
        click.echo(f"Pour choisir son mot de passe, une fois et avant trois jours :\n  {address}")


def _there() -> dict[str, Any]:
    """What each section would make and is there already; said on the way."""
    provider = find_provider()
    entity = find_entity(provider) if provider else None
    operator = find_operator(provider) if provider else None
    if provider:
        click.echo(f"Le fournisseur est là : {provider.name}")
    if entity:
        click.echo(f"L'entité juridique est là : {entity.name}, SIREN {entity.siren}")
    if operator:
        click.echo(f"La première personne de l'exploitation est là : {operator.email}")
    return {"provider": provider, "entity": entity, "operator": operator}


def _asked_all(there: Mapping[str, Any]) -> dict[str, Values]:
    return {
        section: {answer.name: _asked(answer) for answer in answers}
        for section, answers in QUESTIONS.items()
        if there[section] is None
    }


def _asked(answer: Answer) -> str:
    """Ask until the answer is one."""
    while True:
        typed = click.prompt(answer.question, default=answer.default or None)
        try:
            return judged(answer, typed)
        except Refused as refusal:
            click.echo(f"  {refusal}")


def _loaded(source: BinaryIO) -> Mapping[str, Any]:
    try:
        return tomllib.load(source)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise click.ClickException(f"ce fichier n'est pas du TOML : {error}") from None


def _read_all(there: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Values]:
    """The values of the file. Every fault is told at once, and nothing is made while there is one."""
    values: dict[str, Values] = {}
    faults = [f"[{section}] : section inconnue" for section in given if section not in QUESTIONS]
    for section, answers in QUESTIONS.items():
        if there[section] is None:
            values[section] = {}
            faults += _read(section, answers, given.get(section), values[section])
    if faults:
        raise click.ClickException("\n".join(faults))
    return values


def _read(section: str, answers: tuple[Answer, ...], given: Any, values: Values) -> Iterator[str]:
    """Put what a section says into ``values``, and give what is wrong with it."""
    if not isinstance(given, dict):
        yield f"[{section}] : manque"
        return
    known = {answer.name for answer in answers}
    yield from (f"{section}.{name} : inconnu" for name in given if name not in known)
    for answer in answers:
        try:
            values[answer.name] = judged(answer, str(given.get(answer.name, answer.default)))
        except Refused as refusal:
            yield f"{section}.{answer.name} : {refusal}"
