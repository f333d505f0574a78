"""A date or an amount together with the clause it comes from, as the pages unfold it."""

from dataclasses import dataclass
from typing import Any

from portal.terms.library import Value


@dataclass(frozen=True)
class Fact:
    """What the contract decides: the value, where it is written, how it was worked out."""

    value: Any
    clauses: tuple[str, ...]
    reference: str  # "002-20, art. 9.01"
    working: str = ""
    note: str = ""


def fact_from(value: Any, *sources: Value, working: str = "", note: str = "") -> Fact:
    """A fact that rests on contract values, whose own notes are kept."""
    notes = [source.note for source in sources if source.note]
    return Fact(
        value=value,
        clauses=tuple(dict.fromkeys(source.clause for source in sources)),
        reference=" ; ".join(f"{source.clause}, art. {source.article}" for source in sources),
        working=working,
        note=" ".join(dict.fromkeys([*filter(None, [note]), *notes])),
    )
