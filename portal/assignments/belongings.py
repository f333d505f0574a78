"""What belongs to a contract, and goes with it to another customer: keys, machines, vaults, measures, papers.

What was issued stays with whom it was issued to: orders, invoices, pro-formas, mails, the journal of before.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Table, or_, select, update

from portal import clock
from portal.blobs import Document
from portal.customers.models import Customer
from portal.db import Base, db
from portal.engine.models import Vault
from portal.licensing.lots import KeyLot
from portal.licensing.models import ActivationKey
from portal.links import SignedLink
from portal.notes.models import Note
from portal.subscriptions.models import Subscription

_STAYS = {"contract_assignment", "subscription"}  # reached from below; each contract is moved by itself
Part = tuple[Table, ColumnElement[bool]]


def hand_over(subscription: Subscription, before: Customer, after: Customer) -> list[str]:
    """Move all that belongs to the contract; the uids of the records that links may speak of.

    Rows that are frozen move too, since only their place changes. Loaded rows are read afresh.
    """
    roots = _roots(subscription, before)
    uids = [uid for table, one in roots for uid in db.session.scalars(select(table.c.uid).where(one))]
    parts = [part for table, one in roots for part in _below(table, one)]
    papers = _papers(parts)
    for table, one in reversed(parts):
        _move(table, one, before, after)
    if papers:
        _move(_table(Document), Document.__table__.c.id.in_(papers), before, after)
    db.session.flush()
    db.session.expire_all()
    return uids


def _table(model: type[Base]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table


def _roots(subscription: Subscription, customer: Customer) -> list[Part]:
    """By the numbers of their rows, which stay while the columns that found them change."""
    found: list[tuple[type[Any], ColumnElement[bool]]] = [
        (Subscription, Subscription.id == subscription.id),
        (
            ActivationKey,
            (ActivationKey.source_uid == subscription.order_uid) & (ActivationKey.customer_id == customer.id),
        ),
        (Vault, Vault.subscription_uid == subscription.uid),
        (KeyLot, KeyLot.subscription_uid == subscription.uid),
        (Note, Note.subject_uid == subscription.uid),
    ]
    return [
        (_table(model), _table(model).c.id.in_(list(db.session.scalars(select(model.id).where(one)))))
        for model, one in found
    ]


def _below(table: Table, one: ColumnElement[bool]) -> Iterator[Part]:
    """A table's rows and whatever points at them, the pointed at first."""
    yield table, one
    rows = select(table.c.id).where(one)
    for child in Base.metadata.tables.values():
        columns = [each.parent for each in child.foreign_keys if each.column.table is table]
        if columns and "org_path" in child.c and child.name not in _STAYS:
            yield from _below(child, or_(*(column.in_(rows) for column in columns)))


def _papers(parts: list[Part]) -> list[int]:
    """Of the stored files, those that one of these rows names."""
    document, found = _table(Document), set[int]()
    for table, one in parts:
        for column in (each.parent for each in table.foreign_keys if each.column.table is document):
            found.update(db.session.scalars(select(column).where(one, column.is_not(None))))
    return sorted(found)


def _move(table: Table, one: ColumnElement[bool], before: Customer, after: Customer) -> None:
    place: dict[str, Any] = {"org_path": after.org_path}
    mine = table.c.org_path == before.org_path
    if "organisation_id" in table.c:
        place["organisation_id"] = after.organisation_id
    if "customer_id" in table.c:
        place["customer_id"] = after.id
    db.session.execute(update(table).where(one, mine).values(place))


def close_links(uids: list[str]) -> None:
    """Links that were sent for these records open nothing any more: they are the transferor's."""
    mine = SignedLink.subject_uid.in_(uids), SignedLink.revoked_at.is_(None)
    db.session.execute(update(SignedLink).where(*mine).values(revoked_at=clock.now()))
