"""What a screen shows of a contract: a value, the clauses that it comes from, and how it was worked out."""

from dataclasses import dataclass
from typing import Any

from portal.terms.library import Value


@dataclass(frozen=True)
class Fact:
    """A date, amount or choice that unfolds to its clause."""

    value: Any
    clauses: tuple[str, ...]
    reference: str  # "000-14, art. 3.4 (2)"
    working: str = ""
    note: str = ""
    label: str = ""


def fact_from(value: Any, *sources: Value, label: str = "", working: str = "", note: str = "") -> Fact:
    """A fact that rests on contract values, whose own notes are kept."""
    notes = [note, *(source.note for source in sources)]
    return Fact(
        value=value,
        clauses=tuple(dict.fromkeys(source.clause for source in sources)),
        reference=" ; ".join(dict.fromkeys(f"{source.clause}, art. {source.article}" for source in sources)),
        working=working,
        note=" ".join(dict.fromkeys(filter(None, notes))),
        label=label,
    )
