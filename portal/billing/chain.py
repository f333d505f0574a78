"""The chain of the books: each invoice, credit note and payment carries the hash of the one before it.

The hash of a row covers all that it says, the frozen content of its paper included, and the hash before. The
head of a series stands beside its counter, and both are held by the transaction that gives the number.
Payments have no number, and banks are booked by thousands: they are joined to the chain of their legal
entity every hour, so that nobody who notes one waits for another.
"""

import hashlib
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import select, update

from portal import clock
from portal.actor import Actor
from portal.billing.credit_models import CreditNote
from portal.billing.models import Invoice, Payment
from portal.blobs import Document
from portal.canonical import canonical_json
from portal.db import db
from portal.errors import Refused, Unavailable
from portal.journal import record
from portal.resellers.models import LegalEntity, NumberSeries, next_numbers, numbers_after
from portal.wording import N_

_CLOCK_IS_LATE = N_(
    "La dernière pièce de la série porte un jour à venir : l'horloge de ce serveur est en retard."
)
PAYMENTS = "PAY"  # the series of the chain of payments, whose year is 0


def start_of(entity_uid: str, series: str) -> str:
    """What the first row of a series, such as ``FA-2026``, follows."""
    return hashlib.sha256(canonical_json({"entity": entity_uid, "series": series})).hexdigest()


def hash_after(before: str, values: dict[str, Any]) -> str:
    """SHA-256 of the canonical JSON of a row and of the hash before it, as hex."""
    return hashlib.sha256(canonical_json({"before": before, "row": values})).hexdigest()


def _paper(document: Document | None) -> str:
    """The digest of what was frozen of the paper; of its bytes where it was kept before papers were."""
    if document is None:
        return ""
    paper = getattr(document, "paper", None)
    return paper.content_sha256 if paper is not None else document.sha256


def invoice_values(invoice: Invoice) -> dict[str, Any]:
    """All that an invoice says, cents and ISO days; not whether it was paid since, nor whose row it is."""
    return {
        "number": invoice.number,
        "issued_on": invoice.issued_on.isoformat(),
        "due_on": invoice.due_on.isoformat(),
        "cents": [invoice.net_cents, invoice.vat_cents, invoice.gross_cents],
        "method": str(invoice.method.value),
        "parties": invoice.parties,
        "order": invoice.order_uid,
        "union": invoice.union_country,
        "paper": _paper(invoice.document),
        "lines": [
            [
                line.position,
                line.label,
                line.clause,
                line.quantity,
                line.unit_cents,
                bool(line.includes_vat),
                line.vat_basis_points,
                line.vat_category,
                line.vat_mention,
                line.vat_country,
                line.net_cents,
            ]
            for line in invoice.lines
        ],
    }


def credit_values(row: CreditNote) -> dict[str, Any]:
    """All that a credit note says."""
    return {
        "number": row.number,
        "invoice": row.invoice.number,
        "origin": row.origin,
        "issued_on": row.issued_on.isoformat(),
        "reason": str(row.reason.value),
        "clause": row.clause,
        "note": row.note,
        "cents": [row.net_cents, row.vat_cents, row.gross_cents],
        "refund_by": row.refund_by.isoformat(),
        "parties": row.parties,
        "paper": _paper(row.document),
        "lines": [[line.label, line.net_cents, line.vat_cents] for line in row.lines],
    }


def payment_values(row: Payment) -> dict[str, Any]:
    """All that a payment says."""
    return {
        "position": row.chain_no,
        "uid": row.uid,
        "invoice_id": row.invoice_id,
        "method": str(row.method.value),
        "cents": row.amount_cents,
        "received_on": row.received_on.isoformat(),
        "bank_on": row.bank_on.isoformat() if row.bank_on else None,
        "reference": row.reference,
        "kind": str(row.kind.value),
    }


class Chain:
    """The end of one series; its counter is held by the present transaction, which took a number of it.

    on: the Paris day of the papers that join, no earlier than that of the last one: numbers follow the days
    (CGI ann. II art. 242 nonies A, I-7°). Raises Unavailable while the clock of this machine is behind it.
    """

    def __init__(self, entity: LegalEntity, prefix: str, year: int, *, on: date | None = None) -> None:
        self._where = (
            NumberSeries.legal_entity_id == entity.id,
            NumberSeries.prefix == prefix,
            NumberSeries.year == year,
        )
        columns = (NumberSeries.head, NumberSeries.last_on, NumberSeries.last)
        query = select(*columns).where(*self._where)
        row = db.session.execute(query).one_or_none()
        if row is None:
            next_numbers(entity, prefix, year, 0)  # opens the series
            row = db.session.execute(query).one()
        if on is not None and row.last_on is not None and on < row.last_on:
            raise Unavailable(_CLOCK_IS_LATE)
        self.head = row.head or start_of(entity.uid, f"{prefix}-{year}")
        self._on, self._read = on, row

    def join(self, row: Invoice | CreditNote | Payment, values: dict[str, Any]) -> None:
        """Make a row the last one, before it is written."""
        row.prev_hash, row.hash = self.head, hash_after(self.head, values)
        self.head = row.hash

    def keep(self) -> None:
        """Note the head, once per transaction."""
        noted = {"head": self.head} | ({"last_on": self._on} if self._on else {})
        change = update(NumberSeries).where(*self._where).values(**noted)
        db.session.execute(change.execution_options(synchronize_session=False))


class ForeseenChain(Chain):
    """The end of one series that nobody holds, and the numbers that follow it unless somebody is quicker.

    What they are for is prepared first, so that whoever issues meanwhile waits for the writing alone.
    """

    def __init__(self, entity: LegalEntity, prefix: str, year: int, count: int, *, on: date) -> None:
        super().__init__(entity, prefix, year, on=on)
        self._count = count
        self.numbers = numbers_after(prefix, year, self._read.last, count)

    def take(self) -> bool:
        """Take the numbers and note the head; False, and nothing is held, where somebody was quicker."""
        noted = {"last": self._read.last + self._count, "head": self.head, "last_on": self._on}
        as_read = (NumberSeries.last == self._read.last, NumberSeries.head == self._read.head)
        change = update(NumberSeries).where(*self._where, *as_read).values(**noted)
        taken: Any = db.session.execute(change.execution_options(synchronize_session=False))
        return bool(taken.rowcount)


def accept_today(entity: LegalEntity, *, by: Actor) -> dict[str, date]:
    """Number on from today although papers bear a later day, of a clock that was ahead; a line of the journal
    says so.

    Returns the last day of each series that was in the way, by its name. Raises Refused where none is.
    """
    ahead = (NumberSeries.legal_entity_id == entity.id, NumberSeries.last_on > clock.today())
    query = select(NumberSeries.prefix, NumberSeries.year, NumberSeries.last_on).where(*ahead)
    days = {f"{row.prefix}-{row.year}": row.last_on for row in db.session.execute(query)}
    if not days:
        raise Refused(N_("Aucune pièce ne porte un jour à venir."))
    db.session.execute(update(NumberSeries).where(*ahead).values(last_on=clock.today()))
    record(entity, "accept_day", by=by, **{name: day.isoformat() for name, day in days.items()})
    return days


def unchained(entity: LegalEntity) -> Sequence[Payment]:
    """Payments that no hour has joined yet, in the order of their rows."""
    query = select(Payment).where(Payment.legal_entity_id == entity.id, Payment.chain_no.is_(None))
    return db.session.scalars(query.order_by(Payment.id)).all()


def chain_payments(entity: LegalEntity) -> int:
    """Join what was noted since the last hour; says how many. One transaction at a time for an entity."""
    next_numbers(entity, PAYMENTS, 0, 0)
    rows = unchained(entity)
    if not rows:
        return 0
    first = int(next_numbers(entity, PAYMENTS, 0, len(rows))[0].rpartition("-")[2])
    chain = Chain(entity, PAYMENTS, 0)
    for number, row in enumerate(rows, first):
        row.chain_no = number
        chain.join(row, payment_values(row))
    chain.keep()
    db.session.flush()
    return len(rows)
