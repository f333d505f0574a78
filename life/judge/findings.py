"""All the judge's questions, asked one after the other."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
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


Question = Callable[[Evidence, dict[str, Client]], Iterator[Breach]]


def judge(evidence: Evidence, people: dict[str, Client]) -> list[Breach]:
    """Every breach, in the order of the days. people: those of the hand-worked table, by its names."""
    from life.judge import books, hand, promises, simulated  # noqa: PLC0415 - they name Breach

    questions: tuple[Question, ...] = (*promises.ALL, *books.ALL, *simulated.ALL, hand.ask)
    found = [breach for question in questions for breach in question(evidence, people)]
    return sorted(found, key=lambda breach: (breach.on, breach.client))
