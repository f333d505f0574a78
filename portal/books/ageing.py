"""What customers owe an issuer, by how long it has been due (balance âgée)."""

from collections import defaultdict
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from portal import clock
from portal.billing.credit_models import CreditNote
from portal.billing.models import Invoice, InvoiceState, Payment
from portal.db import EVERYTHING, db, scope
from portal.resellers.models import LegalEntity

EDGES = (0, 30, 60, 90)  # days after the due day; what is later comes last


class Owed(NamedTuple):
    """Cents that one customer owes: not due yet, up to 30, 60 and 90 days late, later."""

    name: str
    uid: str
    cents: list[int]


def aged_balance(entity: LegalEntity) -> list[Owed]:
    """By customer, what is left of each open invoice today; who owes longest comes first.

    Source: C. com. art. L441-6, R123-173.
    """
    today = clock.today()
    with scope(EVERYTHING):
        query = select(Invoice).where(
            Invoice.legal_entity_id == entity.id, Invoice.state == InvoiceState.ISSUED
        )
        rows = db.session.scalars(query.options(joinedload(Invoice.customer)).order_by(Invoice.id)).all()
        taken = _sums(Payment.invoice_id, Payment.amount_cents, entity)
        credited = _sums(CreditNote.invoice_id, CreditNote.gross_cents, entity)
        found: dict[str, Owed] = {}
        for row in rows:
            own = found.setdefault(
                row.customer.uid, Owed(row.customer.name, row.customer.uid, [0] * (len(EDGES) + 1))
            )
            late = (today - row.due_on).days
            at = sum(late > edge for edge in EDGES)
            own.cents[at] += row.gross_cents - taken[row.id] - credited[row.id]
    return sorted(found.values(), key=lambda each: ([-cents for cents in reversed(each.cents)], each.name))


def _sums(invoice_id: object, cents: object, entity: LegalEntity) -> dict[int, int]:
    column: object = invoice_id
    query = (
        select(column, func.sum(cents))  # type: ignore[call-overload]
        .join(Invoice, Invoice.id == column)
        .where(Invoice.legal_entity_id == entity.id, Invoice.state == InvoiceState.ISSUED)
        .group_by(column)
    )
    sums: dict[int, int] = defaultdict(int)
    for key, total in db.session.execute(query):
        sums[key] = int(total)
    return sums
