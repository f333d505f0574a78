"""Freezing: which announced debits go into which batch, some thousands in one transaction.

Few are frozen at once, in a request. Many are joined step by step to batches that nobody sees until the
last row is there: a task goes on at its cursor after a kill, or gives everything back.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, Self

from flask_babel import gettext as _
from sqlalchemy import func, select, tuple_, update
from sqlalchemy.orm import selectinload

from portal import clock, jobs
from portal.accounts.models import Organisation
from portal.actor import Actor
from portal.db import db
from portal.errors import Conflict, Refused
from portal.paging import chunk_of
from portal.resellers.models import LegalEntity
from portal.sepa.formats.countries import needs_address
from portal.sepa.formats.values import Scheme
from portal.sepa.models.amendment import forget_batch, pin_amendments
from portal.sepa.models.bank import stopping_reason
from portal.sepa.models.batch import EXPORT, UNSEEN, B, Batch, count_presented, give_back
from portal.sepa.models.collection import Collection, CollectionState
from portal.sepa.models.mandate import Mandate
from portal.sepa.rules import bank_day

STEP = 2_000  # debits judged and joined in one transaction
_FRAME = 8_000  # bytes around the rows: header, creditor and groups
_ROW = 500  # bytes of a row around its own texts, which letters such as œ may lengthen
_PLACE = 250  # bytes of an address


def due_collections(entity: LegalEntity, scheme: Scheme, through: date) -> Any:
    """Query of what is announced and due up to a day, oldest first, with its mandates."""
    return (
        select(Collection)
        .options(selectinload(Collection.mandate))  # a join would be planned for every row that is due
        .where(Collection.legal_entity_id == entity.id, Collection.state == CollectionState.ANNOUNCED)
        .where(Collection.batch_id.is_(None), Collection.due_on <= through, Collection.scheme == scheme)
        .order_by(Collection.due_on, Collection.id)
    )


@dataclass(frozen=True, slots=True)
class Ready:
    """A debit that nothing stops."""

    id: int
    cents: int
    size: int  # bytes in the file, at most


@dataclass(frozen=True, slots=True)
class Place:
    """How far a freeze is; as text it is the cursor of its task."""

    judged_on: date  # first day on which the bank may take the file: every row is judged by the same
    due_on: date = date.min
    id: int = 0
    size: int = _FRAME  # bytes of the last file so far

    def __str__(self) -> str:
        return f"{self.judged_on}|{self.due_on}|{self.id}|{self.size}"

    @classmethod
    def of(cls, text: str) -> Self:
        judged_on, due_on, row, size = text.split("|")
        return cls(date.fromisoformat(judged_on), date.fromisoformat(due_on), int(row), int(size))


def freeze_batches(entity: LegalEntity, scheme: Scheme, through: date, by: Actor) -> list[Batch]:
    """Claim every announced debit due up to ``through`` that nothing stops, in the present transaction; ask
    for the files.

    As many batches as the bank's limits on one file demand; the same rows give the same split. Rows
    with a problem stay announced: the cockpit says why. Raises Refused when nothing is left, or while a
    return stops this creditor's batches; Conflict while a freeze in steps is at it.

    Source: 003-49, 003-50.
    """
    lock_creditor(entity)
    if batches_in_making(entity, scheme):
        raise Conflict(_("Un gel est déjà en cours pour ce créancier."))
    place: Place | None = begin(entity, scheme, by)
    while place is not None:
        place = join_next(entity, scheme, through, place)
    if not (batches := complete(entity, scheme, by)):
        raise Refused(_("Aucun prélèvement à remettre jusqu'à cette date."))
    return batches


def lock_creditor(entity: LegalEntity) -> None:
    """One step of one freeze at a time for each creditor; rows that only name it may still be written."""
    db.session.refresh(entity, with_for_update={"key_share": True})


def batches_in_making(entity: LegalEntity, scheme: Scheme) -> list[Batch]:
    """What a freeze in steps has begun, oldest first; nobody is shown it."""
    query = select(Batch).where(Batch.legal_entity_id == entity.id, Batch.scheme == scheme)
    return list(db.session.scalars(query.where(Batch.state.in_(UNSEEN)).order_by(Batch.id)))


def judged_on(entity: LegalEntity) -> date:
    return max(clock.today(), bank_day(clock.now(), entity.cutoff_hour))


def begin(entity: LegalEntity, scheme: Scheme, by: Actor) -> Place:
    """Open the first batch of a freeze. Raises Refused while a return stops this creditor's batches."""
    if code := stopping_reason(entity):
        raise Refused(_("Un retour de motif %(code)s arrête les remises : traitez-le d'abord.", code=code))
    _open(entity, scheme, by.id)
    return Place(judged_on(entity))


def join_next(entity: LegalEntity, scheme: Scheme, through: date, place: Place) -> Place | None:
    """Join the next debits, ``STEP`` at most, to the batches in making; None when there are no more."""
    query = due_collections(entity, scheme, through).with_for_update(of=Collection)
    query = query.where(tuple_(Collection.due_on, Collection.id) > (place.due_on, place.id))
    if not (rows := chunk_of(query, STEP)):
        return None
    today = clock.today()
    ready = [Ready(row.id, row.amount_cents, _size(row)) for row in rows if row.problem(today) is None]
    last = rows[-1].due_on, rows[-1].id
    batch = batches_in_making(entity, scheme)[-1]
    parts, size = split_by_limits(ready, entity, held=batch.count, size=place.size)
    for number, part in enumerate(parts):
        if number:
            batch = _open(entity, scheme, batch.frozen_by_id)
        if part:
            _claim(batch, part)
    db.session.flush()
    db.session.expire_all()
    return Place(place.judged_on, *last, size)


def split_by_limits(
    ready: list[Ready], entity: LegalEntity, *, held: int, size: int
) -> tuple[list[list[Ready]], int]:
    """The rows in their order, cut before a file would exceed what the bank takes, and the size of the last.

    The first part goes on with a batch that holds ``held`` rows and ``size`` bytes.
    """
    parts: list[list[Ready]] = [[]]
    for row in ready:
        if held and (held == entity.max_rows or size + row.size > entity.max_bytes):
            parts.append([])
            held, size = 0, _FRAME
        parts[-1].append(row)
        held, size = held + 1, size + row.size
    return parts, size


def complete(entity: LegalEntity, scheme: Scheme, by: Actor) -> list[Batch]:
    """All rows are joined: the batches are seen from now on, and their files are asked for."""
    full = []
    for batch in batches_in_making(entity, scheme):
        if not batch.count:
            db.session.delete(batch)
            continue
        batch.freeze(by=by)
        jobs.enqueue(EXPORT, batch.uid, batch.organisation, total=batch.count, unit="rows")
        full.append(batch)
    db.session.flush()
    return full


def give_back_next(entity: LegalEntity, scheme: Scheme) -> bool:
    """Free the next debits of batches that were given up; after the last one these batches are gone.

    Says whether there are more.
    """
    batches = batches_in_making(entity, scheme)
    query = select(Collection.id).where(Collection.batch_id.in_([batch.id for batch in batches]))
    if ids := chunk_of(query.order_by(Collection.batch_id, Collection.id), STEP):
        give_back(Collection.id.in_(ids))
        count_presented(select(Collection.mandate_id).where(Collection.id.in_(ids)))
        db.session.expire_all()
        return True
    for batch in batches:
        forget_batch(batch)
        db.session.delete(batch)
    db.session.flush()
    return False


def _size(row: Collection) -> int:
    place = _PLACE if needs_address(row.mandate.iban_masked or "") else 0
    return _ROW + place + 2 * (len(row.mandate.debtor_name) + len(row.remittance))


def _open(entity: LegalEntity, scheme: Scheme, by_id: int | None) -> Batch:
    batch = Batch(
        organisation=db.session.get_one(Organisation, entity.organisation_id),
        legal_entity=entity,
        scheme=scheme,
        state=B.MAKING,
        msg_id="",
        frozen_on=clock.today(),
        frozen_by_id=by_id,
        count=0,
        total_cents=0,
    )
    batch.msg_id = f"REM-{batch.uid.upper()}"
    db.session.add(batch)
    db.session.flush()  # the rows need the batch's id
    return batch


def _claim(batch: Batch, ready: list[Ready]) -> None:
    ids = [row.id for row in ready]
    result: Any = db.session.execute(
        update(Collection)
        .where(Collection.id.in_(ids), Collection.state == CollectionState.ANNOUNCED)
        .values(state=CollectionState.FROZEN, batch_id=batch.id, version=Collection.version + 1)
        .execution_options(synchronize_session=False)
    )
    if result.rowcount != len(ids):
        raise Conflict(_("Un prélèvement a changé entre-temps. Recommencez."))
    batch.count += len(ids)
    batch.total_cents += sum(row.cents for row in ready)
    if batch.legal_entity.writes_first:
        _mark_first(ids)
    count_presented(select(Collection.mandate_id).where(Collection.id.in_(ids)))
    pin_amendments(batch, ids)


def _mark_first(ids: list[int]) -> None:
    """FRST for the earliest row of each mandate that no file has used yet: rows are joined by their day."""
    place = func.row_number().over(
        partition_by=Collection.mandate_id, order_by=(Collection.due_on, Collection.id)
    )
    rows = (
        select(Collection.id.label("id"), place.label("place"))
        .join(Mandate, Mandate.id == Collection.mandate_id)
        .where(Collection.id.in_(ids), Mandate.last_presented_on.is_(None))
        .subquery()
    )
    db.session.execute(
        update(Collection)
        .where(Collection.id.in_(select(rows.c.id).where(rows.c.place == 1)))
        .values(sequence_type="FRST")
        .execution_options(synchronize_session=False)
    )
