"""What a contract answers: a date, an amount or a choice, with its clauses and how it was worked out.

One kind of value for the page that says and the act that does, from the engine to the screen, the mail and
the PDF.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from portal.terms.statute import Statute
from portal.terms.values import Value
from portal.wording import Cents, Sentence

Source = Value | Statute


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer. ``what`` is its name, which :mod:`portal.words.clauses` puts into words.

    value: a Paris day, :class:`Cents`, a choice of the contract, or None where nothing is known yet.
    sources: contract values and statutes, the one that decides first. at: the instant where hours count.
    includes_vat: of an amount; None where it bears no VAT, or where the question does not say.
    """

    what: str
    value: Any
    sources: tuple[Source, ...] = ()
    working: Sentence | None = None
    note: str = ""
    at: datetime | None = None
    is_ceiling: bool = False  # what may be asked for at most: the true amount is not known yet
    includes_vat: bool | None = None

    @property
    def on(self) -> date:
        """The day of a date. Raises TypeError for anything else."""
        if not isinstance(self.value, date):
            raise TypeError(f"{self.what} is no date")
        return self.value

    @property
    def cents(self) -> int:
        """The cents of an amount. Raises TypeError for anything else."""
        if not isinstance(self.value, int):
            raise TypeError(f"{self.what} is no amount")
        return int(self.value)

    @property
    def clause(self) -> str:
        """Id of the clause or statute that decides."""
        return clause_of(self.sources[0])

    @property
    def values(self) -> tuple[Value, ...]:
        return tuple(source for source in self.sources if isinstance(source, Value))

    @property
    def law(self) -> Statute | None:
        """The statute that counts, or is told beside the contract."""
        return next((source for source in self.sources if isinstance(source, Statute)), None)

    @property
    def by_law(self) -> bool:
        """Does the law decide, rather than the contract?"""
        return bool(self.sources) and isinstance(self.sources[0], Statute)

    @property
    def clauses(self) -> tuple[str, ...]:
        """Ids of the clauses, then of the law, each once."""
        ids = (*(value.clause for value in self.values), self.law.id if self.law else "")
        return tuple(dict.fromkeys(filter(None, ids)))

    @property
    def reference(self) -> str:
        """The articles as a document prints them: « 000-14, art. 3.4 (2) »."""
        return " ; ".join(dict.fromkeys(value.reference for value in self.values))

    @property
    def notes(self) -> tuple[str, ...]:
        """Its own note and those of the contract's values, each once."""
        return tuple(dict.fromkeys(filter(None, (self.note, *(value.note for value in self.values)))))

    def named(self, what: str) -> "Answered":
        """The same answer under another name."""
        return replace(self, what=what)


def answered(
    what: str,
    value: Any,
    *sources: Source | None,
    working: Sentence | None = None,
    note: str = "",
    **more: Any,
) -> Answered:
    """An answer that rests on what is given of its sources; a plain int is an amount in cents."""
    known = tuple(source for source in sources if source is not None)
    amount = Cents(value) if type(value) is int else value
    return Answered(what, amount, known, working, note, **more)


def clause_of(source: Source) -> str:
    return source.clause if isinstance(source, Value) else source.id
