"""Numbered papers (pièces): what they say is frozen when the number is taken; the PDF follows.

The counter of a series stays locked until the commit, so nothing slow may stand before it: a task prints the
paper from the frozen values alone, keeps it, and only then asks for the mails that carry it. Whoever opens
it earlier prints it at once. However often it is printed, it is one document.
"""

import hashlib
import json
import zlib
from base64 import b32encode, b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, BinaryIO

from blinker import Signal
from flask_babel import gettext as _
from sqlalchemy import JSON, ForeignKey, String, Text, inspect, select
from sqlalchemy.orm import Mapped, backref, mapped_column, relationship

from portal import jobs
from portal.actor import owner_of
from portal.blobs import Document, discard, opener, write_blob
from portal.crypto.seals import seal_pdf
from portal.crypto.secrets import Sealed, keyring
from portal.db import EVERYTHING, Tenant, commits, db, new_uid, reading, scope, writing
from portal.errors import NotYet, Unavailable, Unreadable
from portal.facturx.engine import EngineAway
from portal.facturx.making import Made, make
from portal.facturx.pdfa import embed, flattened
from portal.facturx.values import EInvoice
from portal.pdf.draft import Draft
from portal.pdf.mark import for_print

KIND = "paper.print"  # the task of a paper; its ref is the document's uid

# Sent with a document whose paper was to be an e-invoice, made=, in the transaction that says it is printed.
einvoice_made = Signal()


class Paper(Tenant, db.Model):
    """What a document says, for good; and the tasks that wait until it is there."""

    __tablename__ = "paper"

    document_id: Mapped[int] = mapped_column(ForeignKey("document.id"), unique=True)
    content_sealed: Mapped[str] = mapped_column(Text)  # names, accounts and amounts
    content_sha256: Mapped[str] = mapped_column(String(64))  # never changes: see the triggers
    content = Sealed()
    followers: Mapped[list[list[str]]] = mapped_column(JSON, default=list)  # kind, ref, lane of each

    document: Mapped[Document] = relationship(backref=backref("paper", uselist=False))


@dataclass(frozen=True, slots=True)
class Seal:
    """The company's seal that the PDF will carry: for what, and of which instant (UTC)."""

    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class _Frozen:
    """All that printing needs: no transaction is open while it lasts."""

    uid: str
    storage_key: str
    values: dict[str, Any]
    logo: Callable[[], BinaryIO] | None  # how to open what its mark shows


@dataclass(frozen=True, slots=True)
class _Written:
    """What was put into the store: columns of the document, and what the rules said of its e-invoice."""

    columns: dict[str, Any]
    made: Made | None


def promise(
    draft: Draft,
    *,
    owner: Any,
    subject: Any,
    kind: str,
    filename: str,
    urgent: bool = False,
    seal: Seal | None = None,
    einvoice: EInvoice | None = None,
) -> Document:
    """Freeze a paper in the present transaction and ask for its PDF; the document's row is there at once.

    urgent: a person waits for it. einvoice: what its PDF carries as XML, once the rules have passed it.
    """
    document = Document(
        organisation=owner,
        kind=kind,
        subject_uid=subject.uid,
        filename=filename,
        media_type="application/pdf",
        size_bytes=0,
        sha256="",
        storage_key=new_uid(),
    )
    paper = Paper(organisation=owner, document=document, followers=[])
    stamp = [seal.reason, seal.at.isoformat()] if seal else None
    values = {"draft": draft.as_values(), "seal": stamp}
    packed = _packed(values | ({"einvoice": einvoice.as_values()} if einvoice else {}))
    paper.content, paper.content_sha256 = packed, _digest(packed)
    db.session.add(paper)
    jobs.enqueue_first(KIND, document.uid, owner, lane=jobs.Lane.PROMPT if urgent else None)
    return document


def _packed(values: dict[str, Any]) -> str:
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return b64encode(zlib.compress(text.encode())).decode()


def _unpacked(paper: Paper) -> dict[str, Any]:
    """Raises Unreadable for another content than the one that was frozen."""
    packed = paper.content
    if _digest(packed) != paper.content_sha256:
        raise Unreadable(_("Ce document ne peut pas être relu : son contenu a été changé."))
    values: dict[str, Any] = json.loads(zlib.decompress(b64decode(packed)))
    return values


def is_as_frozen(paper: Paper) -> bool:
    """Is its content still what its digest says?"""
    return _digest(paper.content) == paper.content_sha256


def paper_digest(document: Document) -> str:
    """The SHA-256 of what a paper says, which is known before it is printed."""
    query = select(Paper.content_sha256).where(Paper.document_id == document.id)
    return db.session.scalars(query).one()


def _digest(packed: str) -> str:
    return hashlib.sha256(packed.encode()).hexdigest()


def enqueue_behind(documents: list[Document], kind: str, ref: str, owner: Any, lane: jobs.Lane) -> None:
    """Ask for a task as soon as these documents are there: now, where they are."""
    missing = [document for document in documents if not document.is_there]
    if not missing:
        jobs.enqueue(kind, ref, owner, lane=lane)
        return
    if inspect(missing[0]).pending:  # promised a moment ago: nobody else can know it
        paper: Paper = missing[0].paper
        paper.followers = [*paper.followers, [kind, ref, lane.value]]
        return
    paper = _locked(missing[0].uid)  # the last step of printing takes the same lock
    if missing[0].is_there:
        enqueue_behind(documents, kind, ref, owner, lane)
        return
    paper.followers = [*paper.followers, [kind, ref, lane.value]]


def _locked(uid: str) -> Paper:
    query = select(Paper).join(Paper.document).where(Document.uid == uid)
    paper = db.session.scalars(query.with_for_update(of=Paper)).one()
    db.session.refresh(paper.document)
    return paper


@jobs.job(KIND, jobs.Lane.PAPERS)
def print_paper(claim: jobs.Claim) -> None:
    """The task: print, keep, and let the mails go that carry it."""
    with reading():
        frozen = _frozen(claim.ref)
        db.session.rollback()
    if frozen is not None:
        _finish(frozen, _write(frozen))
        claim.step(done=1, total=1)


@commits
def have_document(document: Document) -> None:
    """Print a document that is not there yet, now, because somebody asks for it.

    Raises NotYet while the store is away: the task goes on trying.
    """
    uid = document.uid
    frozen = _frozen(uid)
    db.session.rollback()
    if frozen is None:
        return
    try:
        written = _write(frozen)
    except EngineAway as error:
        message = _("Ce document est émis, et sera imprimé dès que son contrôle électronique répond.")
        raise NotYet(message) from error
    except Unavailable as error:
        message = _("Ce document est émis, et sera imprimé dès que le stockage répond à nouveau.")
        raise NotYet(message) from error
    with writing():
        _finish(frozen, written)
        db.session.commit()
    db.session.refresh(document)


def _frozen(uid: str) -> _Frozen | None:
    """None for a document that is there already."""
    query = select(Paper).join(Paper.document).where(Document.uid == uid, Document.sha256 == "")
    paper = db.session.scalars(query).one_or_none()
    if paper is None:
        return None
    values = _unpacked(paper)
    mark = values["draft"].get("mark")
    return _Frozen(uid, paper.document.storage_key, values, _logo_opener(mark[0]) if mark else None)


def _logo_opener(uid: str) -> Callable[[], BinaryIO] | None:
    """The logo belongs to a house above whoever receives the paper."""
    with scope(EVERYTHING):
        found = db.session.scalars(select(Document).where(Document.uid == uid)).one_or_none()
    return opener(found) if found is not None else None


@lru_cache(maxsize=64)
def picture_of(uid: str) -> bytes:
    """The logo of a mark as it is printed; no other bytes ever come under its id."""
    open_it = _logo_opener(uid)
    return _read(open_it) if open_it else b""


def _read(open_it: Callable[[], BinaryIO]) -> bytes:
    with open_it() as source:
        return for_print(source.read())


def build(values: dict[str, Any], picture: bytes = b"", made: Made | None = None) -> bytes:
    """The PDF of frozen values: always the same bytes, as long as the company keeps its seal.

    made: its e-invoice, as the rules found it; what broke one of them is printed without XML.
    """
    archival = made is not None
    picture = flattened(picture) if archival and picture else picture
    draft = Draft.of(values["draft"])
    pdf = draft.build(picture, archival=archival)
    if made is not None and not made.findings:
        own = EInvoice.of(values["einvoice"])
        pdf = embed(
            pdf,
            made.xml,
            title=f"{draft.title} {own.number}",
            author=draft.issuer.name,
            issued_on=date.fromisoformat(own.issued_on),
            language=draft.language,
        )
    if values["seal"]:
        reason, at = values["seal"]
        ring = keyring()
        pdf = seal_pdf(
            pdf,
            key_pem=ring.seal_key_pem,
            cert_pem=ring.seal_certificate_pem,
            reason=reason,
            at=datetime.fromisoformat(at),
        )
    return pdf


def values_of(document: Document) -> dict[str, Any]:
    """What was frozen for this document."""
    paper = db.session.scalars(select(Paper).where(Paper.document_id == document.id)).one()
    return _unpacked(paper)


def _write(frozen: _Frozen) -> _Written:
    """Into the store; the columns of the document that say so.

    Every try writes the same bytes at the same place. Another seal makes others: it has a place of its own.
    """
    key = frozen.storage_key
    if frozen.values["seal"]:
        place = hashlib.sha256(key.encode() + keyring().seal_certificate_pem)
        key = b32encode(place.digest()[:10]).decode().lower()
    picture = _read(frozen.logo) if frozen.logo else b""
    own = frozen.values.get("einvoice")
    made = make(EInvoice.of(own)) if own else None
    written = write_blob(key, build(frozen.values, picture, made))
    columns = {"storage_key": key, "size_bytes": written.size_bytes, "sha256": written.sha256}
    return _Written(columns, made)


def _finish(frozen: _Frozen, written: _Written) -> None:
    paper = _locked(frozen.uid)
    document = paper.document
    if document.is_there:  # a page and the task at once
        if document.storage_key != written.columns["storage_key"]:
            discard(written.columns["storage_key"])
        return
    for name, value in written.columns.items():
        setattr(document, name, value)
    if written.made is not None:
        einvoice_made.send(document, made=written.made)
    owner = owner_of(paper)
    for kind, ref, lane in paper.followers:
        jobs.enqueue(kind, ref, owner, lane=jobs.Lane(lane))
    paper.followers = []
