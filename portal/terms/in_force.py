"""Which document versions apply: those that ship with the portal, and those that the operator published."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy import select

from portal.db import db
from portal.terms.models import TermsState, TermsVersion
from portal.terms.rules import PublishedVersion, version_on
from portal.terms.shipped import CONTRACTS, TermsDocument, bundled, documents, find_stack, parse_document
from portal.terms.stack import Stack, make_stack

# Parsed once per process. A text is known by its hash, so nothing here is ever out of date.
_parsed: dict[str, TermsDocument] = {}
_stacks: dict[tuple[str, tuple[str, ...]], Stack] = {}


def document_of(row: TermsVersion) -> TermsDocument:
    """What a version says; its dates are those of its publication, where it has been published."""
    if row.sha256 not in _parsed:
        _parsed[row.sha256] = parse_document(f"{row.version}.toml", row.text)
    found = _parsed[row.sha256]
    if row.published_on is None or row.effective_on is None:
        return found
    return replace(found, published_on=row.published_on, effective_on=row.effective_on)


def published_versions(code: str) -> list[PublishedVersion]:
    """Every version of a document that is on line or will apply, the one that ships first."""
    shipped = bundled(code)
    columns = (
        TermsVersion.version,
        TermsVersion.sha256,
        TermsVersion.published_on,
        TermsVersion.effective_on,
    )
    query = (
        select(*columns)
        .where(TermsVersion.code == code, TermsVersion.state == TermsState.PUBLISHED)
        .order_by(TermsVersion.effective_on)
    )
    first = PublishedVersion(shipped.version, shipped.sha256, shipped.published_on, shipped.effective_on)
    return [
        first,
        *(
            PublishedVersion(version, sha256, published_on, effective_on)
            for version, sha256, published_on, effective_on in db.session.execute(query)
            if published_on and effective_on
        ),
    ]


def version_in_force(code: str, on: date) -> str:
    """The version of one document that applies to an order of that day. Raises Refused when none does.

    Source: 000-01, 001-02.
    """
    return version_on(published_versions(code), on).version


def document_in_force(code: str, on: date) -> TermsDocument:
    return get_document(version_in_force(code, on))


def stack_in_force(name: str, on: date) -> Stack:
    """The contract that an order of that day is placed under.

    name: key of the library's contracts. Raises KeyError for an unknown one.

    Source: 000-01, 001-02.
    """
    _label, codes = CONTRACTS[name]
    return pinned_stack(name, [version_in_force(code, on) for code in codes])


def stacks_in_force(on: date) -> Mapping[str, Stack]:
    return {name: stack_in_force(name, on) for name in CONTRACTS}


def pinned_stack(name: str, versions: Sequence[str]) -> Stack:
    """The contract in exactly these document versions, whatever is in force now.

    Raises LookupError when one of them neither ships nor was published.
    """
    shipped = find_stack(name)
    if sorted(versions) == sorted(shipped.versions):
        return shipped
    return _stack(name, [get_document(version) for version in versions])


def _stack(name: str, pinned: Sequence[TermsDocument]) -> Stack:
    key = (name, tuple(f"{one.version}:{id(one.values)}" for one in pinned))  # values live as long as _parsed
    if key not in _stacks:
        _stacks[key] = make_stack(name, CONTRACTS[name][0], pinned)
    return _stacks[key]


def get_document(version: str) -> TermsDocument:
    """A version that ships or was published; raises LookupError for any other."""
    for document in documents().values():
        if document.version == version:
            return document
    query = select(TermsVersion).where(TermsVersion.version == version)
    row = db.session.scalars(query.where(TermsVersion.state == TermsState.PUBLISHED)).one_or_none()
    if row is None:
        raise LookupError(f"pinned version {version} is not in the library")
    return document_of(row)


def contracts_with(code: str) -> list[str]:
    """The contracts that comprise a document, by their short names."""
    return [name for name, (_label, codes) in CONTRACTS.items() if code in codes]


def check_fits(document: TermsDocument, on: date) -> None:
    """Would each contract that comprises this document still stand with it? Raises TermsError if not."""
    for name in contracts_with(document.code):
        _label, codes = CONTRACTS[name]
        others = [document_in_force(code, on) for code in codes if code != document.code]
        make_stack(name, CONTRACTS[name][0], [*others, document])


def neighbours(document: TermsDocument, on: date) -> list[TermsDocument]:
    """The other documents that share a contract with this one, as they are in force."""
    codes = {code for name in contracts_with(document.code) for code in CONTRACTS[name][1]}
    return [document_in_force(code, on) for code in sorted(codes - {document.code})]
