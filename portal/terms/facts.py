"""What a screen shows of a contract: a value, the clauses that it comes from, and how it was worked out."""

from dataclasses import dataclass
from typing import Any

from portal.terms.library import Value


@dataclass(frozen=True)
class Fact:
    """A date, amount or choice that unfolds to its clause."""

    label: str
    value: Any
    clauses: tuple[str, ...]
    reference: str  # "000-14, art. 3.4 (2)"
    working: str = ""
    note: str = ""


def fact(label: str, value: Any, *sources: Value, working: str = "") -> Fact:
    """A fact that comes from these contract values."""
    return Fact(
        label,
        value,
        tuple(dict.fromkeys(source.clause for source in sources)),
        " ; ".join(dict.fromkeys(f"{source.clause}, art. {source.article}" for source in sources)),
        working,
        " ".join(dict.fromkeys(source.note for source in sources if source.note)),
    )
