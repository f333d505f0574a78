"""The answer to a contract question: dates, amounts and a status, each with the clause that gives it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import chain
from typing import Any

from portal.terms.statute import Statute
from portal.terms.values import Value
from portal.wording import Sentence

Source = Value | Statute


@dataclass(frozen=True, slots=True)
class Dated:
    """Something that falls on a Paris day; ``at`` where the contract counts hours."""

    on: date
    what: str
    sources: tuple[Source, ...]
    working: Sentence | None = None
    at: datetime | None = None

    @property
    def clause(self) -> str:
        return clause_of(self.sources[0])


@dataclass(frozen=True, slots=True)
class Amount:
    """Cents, net of VAT unless the contract's own price includes it."""

    what: str
    cents: int
    sources: tuple[Source, ...]
    working: Sentence
    is_ceiling: bool = False  # what may be asked for at most: the true amount is not known yet

    @property
    def clause(self) -> str:
        return clause_of(self.sources[0])


@dataclass(slots=True)
class Outcome:
    """What follows from a case."""

    calendar: list[Dated] = field(default_factory=list)
    amounts: list[Amount] = field(default_factory=list)
    status: str = "active"
    remarks: list[Sentence] = field(default_factory=list)

    @property
    def notes(self) -> list[str]:
        """Notes of the contract's values and statutes used, then remarks; each once."""
        said: dict[str, None] = {}
        sources = [each.sources for each in self.calendar] + [each.sources for each in self.amounts]
        for source in chain.from_iterable(sources):
            said.setdefault(_note(source))
        return [*filter(None, said), *dict.fromkeys(str(remark) for remark in self.remarks)]

    def find(self, what: str) -> Dated | None:
        """The first date of that name, or None."""
        return next((entry for entry in self.calendar if entry.what == what), None)

    def amount(self, what: str) -> Amount | None:
        """The first amount of that name, or None."""
        return next((entry for entry in self.amounts if entry.what == what), None)


def clause_of(source: Source) -> str:
    return source.clause if isinstance(source, Value) else source.id


def _note(source: Source) -> str:
    return source.note if isinstance(source, Value) else f"{source.id} : {source.says} ({source.article})"


def as_json(outcome: Outcome) -> dict[str, Any]:
    """The answer in JSON's own types."""
    return {
        "calendar": [_dated(entry) for entry in _by_day(outcome.calendar)],
        "amounts": [
            {"what": each.what, "cents": each.cents, "clause": each.clause, "working": str(each.working)}
            for each in outcome.amounts
        ],
        "status": outcome.status,
        "notes": outcome.notes,
    }


def _by_day(calendar: Iterable[Dated]) -> list[Dated]:
    return sorted(calendar, key=lambda entry: entry.on)


def _dated(entry: Dated) -> dict[str, str]:
    shown = {"on": entry.on.isoformat(), "what": entry.what, "clause": entry.clause}
    return shown if entry.at is None else {**shown, "at": entry.at.isoformat(timespec="minutes")}
