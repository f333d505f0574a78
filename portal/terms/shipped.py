"""The contract documents that ship with the portal, read from their files and checked when first used."""

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from portal.terms.stack import Stack, make_stack
from portal.terms.values import TermsError, Value, read_values
from portal.wording import N_

_FOLDER = Path(__file__).parent / "documents"
_HEAD: Mapping[str, type] = {
    "code": str,
    "kind": str,
    "title": str,
    "version": str,
    "publisher": str,
    "published_on": date,
    "effective_on": date,
    "sha256": str,
}
KINDS = ("contract", "order_form", "price_list", "specific", "particular", "special", "general")


@dataclass(frozen=True)
class TermsDocument:
    """One version of one contract document."""

    code: str
    kind: str  # its place in the ranking that the general conditions give
    title: str
    version: str
    publisher: str
    published_on: date
    effective_on: date
    sha256: str  # of the text that the customer accepts
    values: Mapping[str, Value] = field(repr=False)


# The contracts on sale, and the documents that each stacks.
CONTRACTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "natso": ("NATSO BACKUP+", ("000",)),
    "dropcloud": ("DropCloud / WeSend", ("001",)),
    "dobaas": ("Do'BaaS", ("002", "004")),
    "numspot": ("NumSpot", ("003",)),
}


def parse_document(file: str, text: str) -> TermsDocument:
    """Read and check the text of one document file.

    file: its name, for the sentences. Raises TermsError naming file, key and article at the first fault.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TermsError(N_("%(file)s : fichier illisible (%(reason)s)."), file=file, reason=error) from None
    head = raw.get("document", {})
    if unknown := sorted(set(raw) - {"document", "values"} | set(head) - set(_HEAD)):
        raise TermsError(N_("%(file)s : clé inconnue « %(key)s »."), file=file, key=unknown[0])
    for key, wanted in _HEAD.items():
        if type(head.get(key)) is not wanted:
            raise TermsError(
                N_("%(file)s : il manque « %(key)s » dans [document], ou son type est faux."),
                file=file,
                key=key,
            )
    if head["kind"] not in KINDS:
        raise TermsError(N_("%(file)s : le genre « %(kind)s » est inconnu."), file=file, kind=head["kind"])
    values = read_values(file, head["code"], raw.get("values", {}))
    return TermsDocument(values=values, **head)


def read_document(path: Path) -> TermsDocument:
    """Read and check one file; raises TermsError."""
    return parse_document(path.name, path.read_text())


@cache
def bundled(code: str) -> TermsDocument:
    """The version of a document that ships with the portal."""
    return read_document(_FOLDER / f"{code}.toml")


@cache
def documents() -> Mapping[str, TermsDocument]:
    """Every document that ships with the portal, by code."""
    return {path.stem: bundled(path.stem) for path in sorted(_FOLDER.glob("*.toml"))}


def bundled_text(code: str) -> str:
    return (_FOLDER / f"{code}.toml").read_text()


@cache
def find_stack(name: str) -> Stack:
    """The contract of that short name, in the versions that ship; raises KeyError for an unknown one."""
    return stack_with(name, ())


def stack_with(name: str, drafts: Sequence[TermsDocument]) -> Stack:
    """The contract of that short name, each draft in the place of the shipped version of its code.

    Raises KeyError for an unknown name, and TermsError for a draft of a document that is not in this
    contract or that stands twice.
    """
    label, codes = CONTRACTS[name]
    replaced = {draft.code: draft for draft in drafts}
    strange = [draft.code for draft in drafts if draft.code not in codes]
    if strange or len(replaced) < len(drafts):
        raise TermsError(
            N_("« %(contract)s » a un document de chaque code parmi %(codes)s ; reçu : %(given)s."),
            contract=name,
            codes=", ".join(codes),
            given=", ".join(draft.code for draft in drafts),
        )
    return make_stack(name, label, [replaced.get(code) or bundled(code) for code in codes])


def stacks() -> Mapping[str, Stack]:
    return {name: find_stack(name) for name in CONTRACTS}


def fingerprint(text: str) -> str:
    """SHA-256 of a document's text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def head_of(document: TermsDocument) -> dict[str, Any]:
    return {key: getattr(document, key) for key in _HEAD}
