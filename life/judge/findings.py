"""All the judge's questions, asked one after the other."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from life.client import Client
from life.evidence import Evidence


@dataclass(frozen=True, slots=True)
class Breach:
    """One line: what was said by the contract, and what happened."""

    on: date
    client: str
    clause: str
    said: str
    happened: str

    def line(self) -> str:
        return f"{self.on} {self.client}: {self.clause} said {self.said}; happened: {self.happened}"

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "on": str(self.on)}


@dataclass(frozen=True, slots=True)
class Sighting:
    """A clause was seen to act as it should, that day."""

    on: date
    clause: str


@dataclass(slots=True)
class Verdict:
    """seen: the first day of each clause that was seen to act."""

    breaches: list[Breach] = field(default_factory=list)
    seen: dict[str, date] = field(default_factory=dict)

    def take(self, found: Breach | Sighting) -> None:
        if isinstance(found, Breach):
            self.breaches.append(found)
        elif found.clause not in self.seen or found.on < self.seen[found.clause]:
            self.seen[found.clause] = found.on


Found = Iterator[Breach | Sighting]
Question = Callable[[Evidence, dict[str, Client]], Found]


def judge(evidence: Evidence, people: dict[str, Client]) -> Verdict:
    """Every breach, in the order of the days. people: those of the hand-worked table, by its names."""
    from life.judge import books, einvoices, figures, hand, promises, sightings, simulated  # noqa: PLC0415 - they name Breach

    verdict = Verdict()
    seen = (*promises.ALL, *books.ALL, *simulated.ALL, *einvoices.ALL, *figures.ALL)
    questions: tuple[Question, ...] = (*seen, hand.ask, sightings.look)
    for question in questions:
        for found in question(evidence, people):
            verdict.take(found)
    verdict.breaches.sort(key=lambda breach: (breach.on, breach.client))
    for breach in verdict.breaches:  # what was broken once was not seen to hold
        verdict.seen.pop(breach.clause, None)
    return verdict
