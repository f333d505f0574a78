"""The contract documents, read from their files and checked, and the stacks that contracts pin.

A document gives typed values, each with its clause and article. A stack is an ordered set of document
versions; a key is looked up from the highest rank down, and the answer says where it was found.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent / "documents"
_TYPES: Mapping[str, type] = {
    "days": int, "business_days": int, "weeks": int, "months": int, "cents": int, "count": int,
    "basis_points": int, "flag": bool, "choice": str, "list": list,
}  # fmt: skip
_CLAUSE = re.compile(r"^00[0-4]-\d{2}$")


class TermsError(ValueError):
    """A document file that cannot be executed; the text names the file, the key and the article."""


@dataclass(frozen=True)
class Value:
    """A contract's value and where it comes from. Unit by ``type``; cents are integers."""

    key: str
    type: str
    value: Any
    clause: str
    article: str
    document: str
    note: str = ""
    overrode: tuple["Value", ...] = ()

    @property
    def clauses(self) -> tuple[str, ...]:
        return (self.clause, *(other.clause for other in self.overrode))


@dataclass(frozen=True)
class TermsDocument:
    """One version of one contract document."""

    code: str
    title: str
    version: str
    publisher: str
    rank: int  # within its stack: the lowest number wins
    sha256: str  # of the text that the customer accepts
    values: Mapping[str, Value] = field(repr=False)


@dataclass(frozen=True)
class Stack:
    """The documents that one contract is made of, highest rank first."""

    name: str
    label: str
    documents: tuple[TermsDocument, ...]

    @property
    def versions(self) -> list[str]:
        return [document.version for document in self.documents]

    def find(self, key: str) -> Value | None:
        """The value in force for ``key``, or None where the contract is silent."""
        found = [doc.values[key] for doc in self.documents if key in doc.values]
        if not found:
            return None
        first, *others = found
        return Value(**{**first.__dict__, "overrode": tuple(others)})

    def get(self, key: str) -> Value:
        """Like :meth:`find`; raises KeyError where the contract is silent."""
        value = self.find(key)
        if value is None:
            raise KeyError(f"{self.name}: {key}")
        return value


# What each contract stacks. 004-01 ranks specific conditions before general ones, so 002 before 004.
_STACKS = {
    "natso": ("NATSO BACKUP+", ("000",)),
    "dropcloud": ("DropCloud / WeSend", ("001",)),
    "dobaas": ("Do'BaaS", ("002", "004")),
    "numspot": ("NumSpot", ("003",)),
}


def read_document(path: Path) -> TermsDocument:
    """Read and check one file; raises TermsError with a sentence that names file, key and article."""
    raw = tomllib.loads(path.read_text())
    head = raw.get("document", {})
    unknown = set(raw) - {"document", "values"} | set(head) - {
        "code", "title", "version", "publisher", "rank", "sha256"
    }  # fmt: skip
    if unknown:
        raise TermsError(f"{path.name} : clé inconnue {sorted(unknown)[0]!r}")
    values = {
        key: _read_value(path.name, head["code"], key, body) for key, body in raw.get("values", {}).items()
    }
    return TermsDocument(values=values, **head)


def _read_value(file: str, document: str, key: str, body: dict[str, Any]) -> Value:
    where = f"{file}, {key} (article {body.get('article', '?')})"
    if unknown := set(body) - {"type", "value", "clause", "article", "note"}:
        raise TermsError(f"{where} : clé inconnue {sorted(unknown)[0]!r}")
    kind = _TYPES.get(body.get("type", ""))
    if kind is None or type(body.get("value")) is not kind:
        raise TermsError(f"{where} : la valeur {body.get('value')!r} n'est pas du type annoncé")
    if kind is int and body["value"] < 0:
        raise TermsError(f"{where} : valeur négative {body['value']}")
    if not _CLAUSE.match(body.get("clause", "")) or not body["clause"].startswith(document):
        raise TermsError(f"{where} : la clause {body.get('clause')!r} n'est pas de ce document")
    return Value(key=key, document=document, **body)


@cache
def documents() -> Mapping[str, TermsDocument]:
    read = [read_document(path) for path in sorted(_FOLDER.glob("*.toml"))]
    return {document.code: document for document in read}


@cache
def stacks() -> Mapping[str, Stack]:
    made = {}
    for name, (label, codes) in _STACKS.items():
        made[name] = Stack(name, label, tuple(documents()[code] for code in codes))
    return made


def find_stack(name: str) -> Stack:
    """The stack of a contract by its short name; raises KeyError for an unknown one."""
    return stacks()[name]
