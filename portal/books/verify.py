"""Walks the chains of a legal entity and says what was edited, taken away or put in behind the portal."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidTag
from sqlalchemy import Select, exists, select
from sqlalchemy.orm import joinedload, selectinload

from portal import clock
from portal.billing.chain import PAYMENTS, credit_values, hash_after, invoice_values, payment_values, start_of
from portal.billing.credit_models import CreditLine, CreditNote
from portal.billing.models import Invoice, Payment, Proforma
from portal.blobs import Document, opener
from portal.crypto.sealed_file import BrokenFile
from portal.db import EVERYTHING, db, scope
from portal.papers import Paper, is_as_frozen
from portal.resellers.models import LegalEntity, NumberSeries

_AT_ONCE = 200
_PIECE = 1 << 20  # bytes
_JOINED_WITHIN = timedelta(days=1)  # a payment, even after a night without a worker

_COUNTED = ("invoices", "credit_notes", "payments", "papers")
Heads = dict[str, list[str]]  # by series, its last number and that one's hash


class Fault(NamedTuple):
    """kind: a key of :data:`portal.words.books.FAULTS`. what: a number, a reference or a file."""

    kind: str
    what: str


@dataclass
class Walk:
    """What one walk has seen."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_COUNTED, 0))
    heads: Heads = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


_Numbered = tuple[str, str, Any, Callable[[Any], dict[str, Any]]]
_NUMBERED: tuple[_Numbered, ...] = (
    ("FA", "invoices", Invoice, invoice_values),
    ("AV", "credit_notes", CreditNote, credit_values),
)


def walk(entity: LegalEntity, known: Heads | None = None, *, papers: bool = True) -> Walk:
    """Read all that an entity has issued and been paid, wherever its customers lie.

    known: heads of an earlier walk, which must still be in the chains. papers: also read every stored PDF.
    Raises Unavailable while the store of the papers is away: that is no fault of the books.

    Source: CGI art. 286 I 3° bis and 289 VII; LPF art. L102 B.
    """
    seen, known = Walk(), known or {}
    with scope(EVERYTHING):
        for prefix, counted, model, values in _NUMBERED:
            for series in _series(entity, prefix):
                seen.faults += _numbered(seen, entity, series, counted, model, values, known)
            seen.faults += _of_no_series(entity, prefix, model)
        for series in _series(entity, PAYMENTS):
            seen.faults += _payments(seen, entity, series, known)
        seen.faults += _late_payments(entity)
        if papers:
            for model in (Invoice, CreditNote, Proforma):
                seen.faults += _papers(seen, entity, model)
    return seen


def _series(entity: LegalEntity, prefix: str) -> list[NumberSeries]:
    query = select(NumberSeries).where(
        NumberSeries.legal_entity_id == entity.id, NumberSeries.prefix == prefix
    )
    return list(db.session.scalars(query.order_by(NumberSeries.year)))


def _rows(model: Any, entity: LegalEntity, name: str) -> Select[Any]:
    query = select(model).where(
        model.legal_entity_id == entity.id, model.number.startswith(f"{name}-", autoescape=True)
    )
    lines = selectinload(model.lines)
    if model is CreditNote:
        query = query.options(lines.joinedload(CreditLine.line), joinedload(CreditNote.invoice))
    else:
        query = query.options(lines)
    return query.options(joinedload(model.document).joinedload(Document.paper)).order_by(model.number)


def _numbered(
    seen: Walk,
    entity: LegalEntity,
    series: NumberSeries,
    counted: str,
    model: Any,
    values: Callable[[Any], dict[str, Any]],
    known: Heads,
) -> Iterator[Fault]:
    name = f"{series.prefix}-{series.year}"
    link = _Link(entity, name, series, known.get(name))
    query = _rows(model, entity, name).execution_options(yield_per=_AT_ONCE, populate_existing=True)
    for row in db.session.scalars(query):
        number = _number_of(row.number, name)
        yield from link.follow(row, number, row.number, values)
        seen.counts[counted] += 1
    yield from link.end()
    seen.heads |= link.heads()


def _number_of(number: str, name: str) -> int:
    """0 for one that the portal would not write so."""
    digits = number[len(name) + 1 :]
    return int(digits) if digits.isdecimal() and number == f"{name}-{int(digits):06d}" else 0


class _Link:
    """Where the walk stands in one series."""

    def __init__(self, entity: LegalEntity, name: str, series: NumberSeries, known: list[str] | None) -> None:
        self.name, self.series, self.known = name, series, known
        self.before, self.next = start_of(entity.uid, name), series.taken_over + 1
        self.last, self.gap, self.head_seen = "", False, not series.head

    def _named(self, number: int) -> str:
        return f"{self.name}-{number:06d}"

    def follow(
        self, row: Any, number: int, label: str, values: Callable[[Any], dict[str, Any]]
    ) -> Iterator[Fault]:
        if not self.next <= number <= self.series.last:
            yield Fault("inserted", label)
            return
        yield from self._missing(number)
        if not row.hash:
            yield Fault("unlinked", label)
            return
        if row.prev_hash != self.before and not self.gap:
            yield Fault("edited" if self.last else "broken", self.last or label)
        if hash_after(row.prev_hash, values(row)) != row.hash:
            yield Fault("edited", label)
        if self.known and self.known[0] == label and self.known[1] != row.hash:
            yield Fault("remade", label)
        self.before, self.last, self.gap = row.hash, label, False
        self.head_seen = self.head_seen or row.hash == self.series.head

    def _missing(self, until: int) -> Iterator[Fault]:
        for number in range(self.next, until):
            self.gap = True
            yield Fault("missing", self._named(number))
        self.next = until + 1

    def end(self) -> Iterator[Fault]:
        tail = list(self._missing(self.series.last + 1))
        yield from tail
        if not tail and self.last and self.series.head != self.before:
            yield Fault("inserted" if self.head_seen and self.series.head else "edited", self.last)

    def heads(self) -> Heads:
        return {self.name: [self.last, self.before]} if self.last else {}


def _of_no_series(entity: LegalEntity, prefix: str, model: Any) -> Iterator[Fault]:
    """Numbers that no series has given."""
    own = select(model.number).where(model.legal_entity_id == entity.id)
    for series in _series(entity, prefix):
        own = own.where(~model.number.startswith(f"{prefix}-{series.year}-", autoescape=True))
    for number in db.session.scalars(own.order_by(model.number)):
        yield Fault("inserted", number)


def _payments(seen: Walk, entity: LegalEntity, series: NumberSeries, known: Heads) -> Iterator[Fault]:
    name = f"{series.prefix}-{series.year}"
    link = _Link(entity, name, series, known.get(name))
    query = select(Payment).where(Payment.legal_entity_id == entity.id, Payment.chain_no.is_not(None))
    query = query.order_by(Payment.chain_no).execution_options(yield_per=_AT_ONCE, populate_existing=True)
    for row in db.session.scalars(query):
        number = row.chain_no or 0
        yield from (
            Fault(fault.kind, f"{fault.what} ({row.reference})" if fault.what == _pay(number) else fault.what)
            for fault in link.follow(row, number, _pay(number), payment_values)
        )
        seen.counts["payments"] += 1
    yield from link.end()
    seen.heads |= link.heads()


def _pay(number: int) -> str:
    return f"{PAYMENTS}-0-{number:06d}"


def _late_payments(entity: LegalEntity) -> Iterator[Fault]:
    query = select(Payment.reference).where(
        Payment.legal_entity_id == entity.id,
        Payment.chain_no.is_(None),
        Payment.created_at < clock.now() - _JOINED_WITHIN,
    )
    for reference in db.session.scalars(query.order_by(Payment.id)):
        yield Fault("unlinked", reference)


def _papers(seen: Walk, entity: LegalEntity, model: Any) -> Iterator[Fault]:
    """Every stored PDF has the bytes that were noted, and every paper the content that was frozen."""
    query = select(Document).where(
        exists().where(model.document_id == Document.id, model.legal_entity_id == entity.id),
        Document.erased.is_(False),
    )
    ids = list(db.session.scalars(query.with_only_columns(Document.id).order_by(Document.id)))
    for start in range(0, len(ids), _AT_ONCE):
        some = select(Document).where(Document.id.in_(ids[start : start + _AT_ONCE])).order_by(Document.id)
        for document in db.session.scalars(some.execution_options(populate_existing=True)).all():
            seen.counts["papers"] += 1
            if not _is_whole(document):
                yield Fault("paper", document.filename)


def _is_whole(document: Document) -> bool:
    paper = db.session.scalars(select(Paper).where(Paper.document_id == document.id)).one_or_none()
    try:
        if paper is not None and not is_as_frozen(paper):
            return False
        return not document.is_there or _sha256(document) == document.sha256
    except (BrokenFile, InvalidTag, FileNotFoundError):
        return False


def _sha256(document: Document) -> str:
    digest = hashlib.sha256()
    with opener(document)() as source:
        while piece := source.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()
