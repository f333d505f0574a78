"""The documents that one contract is made of, in the order in which the contract itself ranks them.

A key is looked up from the top: signed amendments in force, latest first, then the documents. The answer
says where it was found and what it overrode.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Protocol

from portal.terms.values import TermsError, Value
from portal.wording import N_

RANKING = "rank.documents"


class Document(Protocol):
    """What a stack needs of a document."""

    @property
    def code(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def sha256(self) -> str: ...
    @property
    def values(self) -> Mapping[str, Value]: ...


@dataclass(frozen=True)
class Amendment:
    """Values that both parties signed after the order (avenant), from a day on."""

    label: str  # "avenant du 3 mars 2027"
    signed_on: date
    effective_on: date
    values: Mapping[str, Value]


@dataclass(frozen=True)
class Conditions:
    """The special conditions of one order, at the rank that the contract gives to documents of their kind."""

    kind: str
    signed: tuple[Amendment, ...]  # the latest first

    code = version = sha256 = ""

    @property
    def title(self) -> str:
        return ", ".join(each.label for each in self.signed)

    @cached_property
    def values(self) -> Mapping[str, Value]:
        found: dict[str, Value] = {}
        for each in reversed(self.signed):
            found.update(each.values)
        return found


# Kinds of documents under which conditions made for one customer may stand, where the contract ranks them.
CONDITION_KINDS = ("contract", "specific", "particular", "special")


@dataclass(frozen=True)
class Stack:
    """A contract: its documents, highest rank first, and its signed amendments."""

    name: str
    label: str
    documents: tuple[Document, ...]
    amendments: tuple[Amendment, ...] = ()

    @property
    def versions(self) -> list[str]:
        return [document.version for document in self.documents]

    def amended(self, amendments: Iterable[Amendment]) -> "Stack":
        """This contract with signed amendments; two that begin on one day count in the order of signing."""
        ordered = sorted(amendments, key=lambda each: (each.effective_on, each.signed_on), reverse=True)
        return replace(self, amendments=tuple(ordered))

    @property
    def condition_kind(self) -> str:
        """The kind under which special conditions would stand here; empty where the contract ranks none."""
        taken = {each.kind for each in self.documents if not isinstance(each, Conditions)}
        return next((kind for kind in self._ranked if kind in CONDITION_KINDS and kind not in taken), "")

    def with_conditions(self, conditions: Iterable[Amendment]) -> "Stack":
        """This contract with its special conditions, below every document that it ranks before them.

        Source: 000-03, 001-03, 003-03, 004-01.
        """
        signed = sorted(conditions, key=lambda each: each.signed_on, reverse=True)
        kind = self.condition_kind
        if not signed or not kind:
            return self
        ranked = self._ranked
        documents = [*self.documents, Conditions(kind, tuple(signed))]
        ordered = sorted(documents, key=lambda each: ranked.index(each.kind))
        return replace(self, documents=tuple(ordered))

    @property
    def _ranked(self) -> tuple[str, ...]:
        ranking = _ranking(self.documents)
        return tuple(ranking.value) if ranking else ()

    def on(self, day: date) -> "Stack":
        """The contract as it stands on a day: amendments that begin later are not there yet."""
        if all(each.effective_on <= day for each in self.amendments):
            return self
        return replace(self, amendments=tuple(a for a in self.amendments if a.effective_on <= day))

    def find(self, key: str) -> Value | None:
        """The value for ``key`` with its clause and what it overrode; None where the contract is silent."""
        return self._index.get(key)

    def get(self, key: str) -> Value:
        """Like :meth:`find`; raises KeyError where the contract is silent."""
        value = self._index.get(key)
        if value is None:
            raise KeyError(f"{self.name}: {key}")
        return value

    def number(self, key: str) -> int:
        """The integer for ``key``, 0 where the contract is silent."""
        value = self._index.get(key)
        return 0 if value is None else int(value.value)

    @property
    def values(self) -> Mapping[str, Value]:
        """Every key that the contract speaks of."""
        return self._index

    @cached_property
    def _index(self) -> dict[str, Value]:
        layers = [*(each.values for each in self.amendments), *(each.values for each in self.documents)]
        found: dict[str, list[Value]] = {}
        for layer in layers:
            for key, value in layer.items():
                found.setdefault(key, []).append(value)
        return {key: first.over(tuple(rest)) for key, (first, *rest) in found.items()}


def _ranking(documents: Iterable[Document]) -> Value | None:
    """The order of the documents, as the general conditions print it."""
    general_first = sorted(documents, key=lambda each: each.kind != "general")
    return next((each.values[RANKING] for each in general_first if RANKING in each.values), None)


def make_stack(name: str, label: str, documents: Iterable[Document]) -> Stack:
    """Order documents by the ranking that their general conditions print.

    Raises TermsError when two documents claim one rank, when a kind has no rank in this contract, or
    when no document gives the ranking.

    Source: 000-03, 001-03, 003-03, 004-01.
    """
    documents = list(documents)
    ranking = _ranking(documents)
    if ranking is None:
        raise TermsError(N_("%(contract)s : aucun document ne donne le rang des autres."), contract=label)
    taken: dict[str, Document] = {}
    for document in documents:
        where = {"file": f"{document.version}.toml", "key": RANKING, "article": ranking.article}
        if document.kind not in ranking.value:
            raise TermsError(
                N_(
                    "%(file)s, %(key)s (article %(article)s) : ce contrat ne donne pas de rang au genre "
                    "« %(kind)s »."
                ),
                kind=document.kind,
                **where,
            )
        if document.kind in taken:
            raise TermsError(
                N_(
                    "%(file)s, %(key)s (article %(article)s) : %(other)s et %(version)s ont le même rang "
                    "« %(kind)s »."
                ),
                other=taken[document.kind].version,
                version=document.version,
                kind=document.kind,
                **where,
            )
        taken[document.kind] = document
    ordered = sorted(documents, key=lambda each: ranking.value.index(each.kind))
    return Stack(name, label, tuple(ordered))
