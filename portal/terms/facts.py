"""What a screen shows of a contract: a value, the clauses that it comes from, and how it was worked out."""

from dataclasses import dataclass
from typing import Any

from portal.terms.statute import Statute
from portal.terms.values import Value


@dataclass(frozen=True)
class Fact:
    """A date, amount or choice that unfolds to its clause, and to the law where the law has its say."""

    value: Any
    clauses: tuple[str, ...]
    reference: str  # "000-14, art. 3.4 (2)"
    working: str = ""
    note: str = ""
    label: str = ""
    law: Statute | None = None


def fact_from(
    value: Any,
    *sources: Value,
    label: str = "",
    working: str = "",
    note: str = "",
    law: Statute | None = None,
) -> Fact:
    """A fact that rests on contract values, whose own notes are kept; ``law`` when a statute counts."""
    notes = [note, *(source.note for source in sources)]
    statutes = (law.id,) if law else ()
    return Fact(
        value=value,
        clauses=tuple(dict.fromkeys(filter(None, (*(source.clause for source in sources), *statutes)))),
        reference=" ; ".join(dict.fromkeys(source.reference for source in sources)),
        working=working,
        note=" ".join(dict.fromkeys(filter(None, notes))),
        label=label,
        law=law,
    )
