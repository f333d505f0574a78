"""Lint one file beside the documents of its contract."""

import tomllib
from collections.abc import Sequence
from pathlib import Path

from portal.terms.lint import Finding, lint
from portal.terms.shipped import CONTRACTS, TermsDocument, bundled, documents, read_document


def lint_file(file: Path, beside: Sequence[Path] = ()) -> list[Finding]:
    """Everything to settle in a document file.

    beside: the other documents of its contract; without any, those of the contract on sale that has a
    document of the same code. Raises TermsError for an unreadable file beside it.
    """
    text = file.read_text(encoding="utf-8")
    code = _code(text)
    others = [read_document(path) for path in beside] or _siblings(code)
    previous = documents().get(code)
    return lint(file.name, text, beside=others, previous=previous)


def _code(text: str) -> str:
    try:
        return str(tomllib.loads(text).get("document", {}).get("code", ""))
    except tomllib.TOMLDecodeError:
        return ""


def _siblings(code: str) -> list[TermsDocument]:
    for _label, codes in CONTRACTS.values():
        if code in codes:
            return [bundled(other) for other in codes if other != code]
    return []
