"""The words of a contract document, kept beside its values: the file whose fingerprint the document names."""

import hashlib
from collections.abc import Iterable
from typing import Any

from flask import Response, abort, make_response
from sqlalchemy import LargeBinary, String, select
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Row, db
from portal.errors import Refused
from portal.terms.stack import Document
from portal.wording import N_

LARGEST_TEXT = 5 * 1024 * 1024  # bytes


class TermsText(Row, db.Model):
    """One file, for everybody to read: a contract is public to whoever shall accept it."""

    __tablename__ = "terms_text"

    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    suffix: Mapped[str] = mapped_column(String(4))  # "pdf" or "txt"

    @property
    def media_type(self) -> str:
        return "application/pdf" if self.suffix == "pdf" else "text/plain; charset=utf-8"


def keep_text(document: Document, content: bytes) -> TermsText:
    """Keep the file of a document's words, once.

    Raises Refused for another file than the one whose SHA-256 the document names, or for one that is
    neither a PDF nor a text in UTF-8.
    """
    if hashlib.sha256(content).hexdigest() != document.sha256:
        raise Refused(
            N_("Ce n'est pas le texte de cette version : son empreinte SHA-256 est une autre."), field="file"
        )
    if known := text_of(document.sha256):
        return known
    row = TermsText(sha256=document.sha256, content=content, suffix=_suffix(content))
    db.session.add(row)
    db.session.flush()
    return row


def _suffix(content: bytes) -> str:
    if content.startswith(b"%PDF-"):
        return "pdf"
    try:
        content.decode()
    except UnicodeDecodeError:
        raise Refused(N_("Déposez un PDF, ou un texte en UTF-8."), field="file") from None
    return "txt"


def text_of(sha256: str) -> TermsText | None:
    return db.session.scalars(select(TermsText).where(TermsText.sha256 == sha256)).one_or_none()


def texts_of(documents: Any) -> dict[str, TermsText]:
    """The texts that are there, by fingerprint, of some documents."""
    wanted = [document.sha256 for document in documents]
    return {
        row.sha256: row for row in db.session.scalars(select(TermsText).where(TermsText.sha256.in_(wanted)))
    }


def text_answer(documents: Iterable[Document], version: str) -> Response:
    """The words of that version, to read in the browser; 404 where none of the documents has it."""
    document = next((each for each in documents if each.version == version), None) or abort(404)
    text = text_of(document.sha256) or abort(404)
    response = make_response(text.content)
    response.headers["Content-Type"] = text.media_type
    response.headers["Content-Disposition"] = f'inline; filename="{version}.{text.suffix}"'
    return response
