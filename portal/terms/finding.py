"""What is found in a document version: a fault, a contradiction, a gap, a breach of law, a stale note."""

from dataclasses import dataclass
from typing import Literal

from portal.wording import Sentence

Severity = Literal["fault", "contradiction", "missing", "law", "note"]


@dataclass(frozen=True)
class Finding:
    """One thing to settle before the document may be published."""

    code: str  # "A4", "L5", or "" for a fault
    severity: Severity
    clauses: tuple[str, ...]
    sentence: Sentence
    noted: bool = False
