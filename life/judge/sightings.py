"""Which clauses a life has shown: what came to whom by which contract (sightings.toml)."""

import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from life.client import Client
from life.evidence import Evidence
from life.judge.findings import Found, Sighting
from life.papers import papers_in
from life.place import Letter

_WHOSE = ("terms", "kind", "country")
HOUSE = "@fournisseur.example"
_TABLE = Path(__file__).with_name("sightings.toml")


def look(evidence: Evidence, people: dict[str, Client]) -> Found:
    """The first letter or paper of each line of the table, by a customer of its contract."""
    with _TABLE.open("rb") as file:
        lines: list[dict[str, Any]] = tomllib.load(file)["line"]
    for line in lines:
        days = [*_days(evidence, line)]
        if days:
            for clause in line["clauses"]:
                yield Sighting(min(days), clause)


def _days(evidence: Evidence, line: dict[str, Any]) -> Iterator[date]:
    """Of each letter, or of each time that somebody read a page, with the words of the line."""
    if line.get("to") == "house":
        house = evidence.letters_to(HOUSE)
        yield from (letter.on for letter in house if _shows(letter, line))
        return
    for client in evidence.world.clients:
        if any(getattr(client, name) not in line.get(name, [getattr(client, name)]) for name in _WHOSE):
            continue
        if "screen" in line:
            seen = client.told("read")
            yield from (fact.on for fact in seen if all(each in fact.more["text"] for each in line["screen"]))
        else:
            yield from (letter.on for letter in client.letters() if _shows(letter, line))


def _shows(letter: Letter, line: dict[str, Any]) -> bool:
    """Its subject has the words of the line, and so have its text and a paper where the line asks."""
    if line["letter"] not in letter.subject or line.get("words", "") not in letter.text:
        return False
    words = line.get("paper")
    return words is None or any(words in paper.text for paper in papers_in(letter))
