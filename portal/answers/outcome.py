"""The answer to a contract question: dates, amounts and a status, each with the clause that gives it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from portal.terms.answered import Answered
from portal.terms.law import parts_for
from portal.terms.statute import Statute
from portal.wording import Sentence


@dataclass(slots=True)
class Outcome:
    """What follows from a case. Amounts are net of VAT unless they say that they include it."""

    customer: str = "business"
    calendar: list[Answered] = field(default_factory=list)
    amounts: list[Answered] = field(default_factory=list)
    status: str = "active"
    remarks: list[Sentence] = field(default_factory=list)
    reasons: set[str] = field(default_factory=lambda: {"none"})  # why the customer leaves or asks

    @property
    def notes(self) -> list[str]:
        """What the contract's values and statutes used say of this customer, then remarks; each once."""
        said: dict[str, None] = {}
        for source in chain.from_iterable(each.sources for each in (*self.calendar, *self.amounts)):
            if isinstance(source, Statute):
                said.setdefault(f"{source.id} : {source.says} ({source.article})")
            else:
                said.update(dict.fromkeys(parts_for(source.note, self.customer, self.reasons)))
        return [*said, *dict.fromkeys(str(remark) for remark in self.remarks)]

    def find(self, what: str) -> Answered | None:
        """The first date of that name, or None."""
        return next((entry for entry in self.calendar if entry.what == what), None)

    def amount(self, what: str) -> Answered | None:
        """The first amount of that name, or None."""
        return next((entry for entry in self.amounts if entry.what == what), None)


def as_json(outcome: Outcome) -> dict[str, Any]:
    """The answer in JSON's own types."""
    return {
        "calendar": [_dated(entry) for entry in _by_day(outcome.calendar)],
        "amounts": [_amount(entry) for entry in outcome.amounts],
        "status": outcome.status,
        "notes": outcome.notes,
    }


def _by_day(calendar: Iterable[Answered]) -> list[Answered]:
    return sorted(calendar, key=lambda entry: entry.on)


def _dated(entry: Answered) -> dict[str, str]:
    shown = {"on": entry.on.isoformat(), "what": entry.what, "clause": entry.clause}
    return shown if entry.at is None else {**shown, "at": entry.at.isoformat(timespec="minutes")}


def _amount(entry: Answered) -> dict[str, Any]:
    shown = {"what": entry.what, "cents": entry.cents, "clause": entry.clause, "working": str(entry.working)}
    return shown if entry.includes_vat is None else {**shown, "includes_vat": entry.includes_vat}
