"""Freezing: which announced debits go into which batch."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select, update
from sqlalchemy.orm import joinedload

from portal import clock, jobs
from portal.accounts.models import Organisation
from portal.actor import Actor
from portal.db import db
from portal.errors import Conflict, Refused
from portal.journal import record
from portal.resellers.models import LegalEntity
from portal.sepa.formats.countries import needs_address
from portal.sepa.formats.values import Scheme
from portal.sepa.models.amendment import pin_amendments
from portal.sepa.models.bank import stopping_reason
from portal.sepa.models.batch import EXPORT, B, Batch
from portal.sepa.models.collection import Collection, CollectionState
from portal.sepa.models.mandate import Mandate

_CHUNK = 1000  # rows claimed per statement
_FRAME = 8_000  # bytes around the rows: header, creditor and groups
_ROW = 500  # bytes of a row around its own texts, which letters such as œ may lengthen
_PLACE = 250  # bytes of an address


def due_collections(entity: LegalEntity, scheme: Scheme, through: date) -> Any:
    """Query of what is announced and due up to a day, oldest first, with its mandates."""
    return (
        select(Collection)
        .join(Collection.mandate)
        .options(joinedload(Collection.mandate, innerjoin=True))
        .where(Collection.legal_entity_id == entity.id, Collection.state == CollectionState.ANNOUNCED)
        .where(Collection.batch_id.is_(None), Collection.due_on <= through, Mandate.scheme == scheme)
        .order_by(Collection.due_on, Collection.id)
    )


@dataclass(frozen=True, slots=True)
class Ready:
    """A debit that nothing stops."""

    id: int
    cents: int
    size: int  # bytes in the file, at most


def freeze_batches(entity: LegalEntity, scheme: Scheme, through: date, by: Actor) -> list[Batch]:
    """Claim every announced debit due up to ``through`` that nothing stops; ask for the files.

    As many batches as the bank's limits on one file demand; the same rows give the same split. Rows
    with a problem stay announced: the cockpit says why. Raises Refused when nothing is left, or while a
    return stops this creditor's batches.

    Source: 003-49, 003-50.
    """
    db.session.refresh(entity, with_for_update=True)  # one freeze at a time for each creditor
    if code := stopping_reason(entity):
        raise Refused(_("Un retour de motif %(code)s arrête les remises : traitez-le d'abord.", code=code))
    today = clock.today()
    query = due_collections(entity, scheme, through).with_for_update(of=Collection)
    rows = db.session.scalars(query, execution_options={"yield_per": _CHUNK})
    ready = [Ready(row.id, row.amount_cents, _size(row)) for row in rows if row.problem(today) is None]
    if not ready:
        raise Refused(_("Aucun prélèvement à remettre jusqu'à cette date."))
    return [_open(entity, scheme, part, by) for part in split_by_limits(ready, entity)]


def split_by_limits(ready: list[Ready], entity: LegalEntity) -> list[list[Ready]]:
    """The rows in their order, cut before a file would exceed what the bank takes."""
    parts: list[list[Ready]] = []
    size = 0
    for row in ready:
        if not parts or len(parts[-1]) == entity.max_rows or size + row.size > entity.max_bytes:
            parts.append([])
            size = _FRAME
        parts[-1].append(row)
        size += row.size
    return parts


def _size(row: Collection) -> int:
    place = _PLACE if needs_address(row.mandate.iban_masked or "") else 0
    return _ROW + place + 2 * (len(row.mandate.debtor_name) + len(row.remittance))


def _open(entity: LegalEntity, scheme: Scheme, ready: list[Ready], by: Actor) -> Batch:
    batch = Batch(
        organisation=db.session.get_one(Organisation, entity.organisation_id),
        legal_entity=entity,
        scheme=scheme,
        state=B.FROZEN,
        msg_id="",
        frozen_on=clock.today(),
        frozen_by_id=by.id,
        count=len(ready),
        total_cents=sum(row.cents for row in ready),
    )
    batch.msg_id = f"REM-{batch.uid.upper()}"
    db.session.add(batch)
    db.session.flush()  # the rows need the batch's id
    _claim(batch, [row.id for row in ready])
    record(batch, "freeze", by=by, after=B.FROZEN.value, count=batch.count, total_cents=batch.total_cents)
    jobs.enqueue(EXPORT, batch.uid, batch.organisation, total=batch.count, unit="rows")
    return batch


def _claim(batch: Batch, ids: list[int]) -> None:
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        result: Any = db.session.execute(
            update(Collection)
            .where(Collection.id.in_(chunk), Collection.state == CollectionState.ANNOUNCED)
            .values(state=CollectionState.FROZEN, batch_id=batch.id, version=Collection.version + 1)
            .execution_options(synchronize_session=False)
        )
        if result.rowcount != len(chunk):
            raise Conflict(_("Un prélèvement a changé entre-temps. Recommencez."))
    if batch.legal_entity.writes_first:
        _mark_first(batch)
    batch.count_presented(select(Collection.mandate_id).where(Collection.batch_id == batch.id))
    pin_amendments(batch)
    db.session.expire_all()


def _mark_first(batch: Batch) -> None:
    """FRST for the earliest row of each mandate that no file has used yet."""
    place = func.row_number().over(
        partition_by=Collection.mandate_id, order_by=(Collection.due_on, Collection.id)
    )
    rows = (
        select(Collection.id.label("id"), place.label("place"))
        .join(Mandate, Mandate.id == Collection.mandate_id)
        .where(Collection.batch_id == batch.id, Mandate.last_presented_on.is_(None))
        .subquery()
    )
    db.session.execute(
        update(Collection)
        .where(Collection.id.in_(select(rows.c.id).where(rows.c.place == 1)))
        .values(sequence_type="FRST")
        .execution_options(synchronize_session=False)
    )
