"""The task that turns a frozen batch into a bank file. May be killed at any line and run again."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

from flask import current_app
from sqlalchemy import select

from portal import jobs
from portal.blobs import discard, keep_file
from portal.crypto.secrets import keyring
from portal.db import db, new_uid, reading
from portal.errors import Refused
from portal.paging import chunk_of
from portal.sepa.formats import pain008, sepaxml_file
from portal.sepa.formats.countries import needs_address
from portal.sepa.formats.values import Address, BatchHeader, CollectionLine, Group
from portal.sepa.models import Batch, BatchState, Collection, Mandate
from portal.sepa.models.batch import EXPORT, Lot
from portal.sepa.models.creditor import creditor_of

_CHUNK = 2000  # rows read at a time: the memory used does not grow with the batch

Progress = Callable[[int], None]


@jobs.job(EXPORT)
def export_batch(claim: jobs.Claim) -> None:
    """Write, check and store the file; then one commit moves the batch, its rows and its mandates.

    The rows of a frozen batch cannot change, so the file is written outside of that transaction.
    """
    batch = _find(claim.ref)
    key = f"{batch.uid}-file"  # whoever was killed here has written the same bytes at the same place
    if batch.state != BatchState.FROZEN:
        if batch.document is None:  # cancelled
            discard(key)
        return
    total, version = batch.count, batch.legal_entity.message_version
    part = _part(batch.uid)
    try:
        if not _write(claim, batch, part, total):
            return
        pain008.validate(part, version)  # type: ignore[arg-type]
        batch = _find(claim.ref, lock=True)
        if batch.state != BatchState.FROZEN:  # cancelled meanwhile
            return
        document = keep_file(
            part,
            owner=batch.organisation,
            subject=batch,
            kind="batch",
            filename=f"{batch.msg_id}.xml",
            media_type="application/xml",
            key=key,
        )
        batch.finish(document)
        claim.step(done=total, total=total)
    finally:
        part.unlink(missing_ok=True)


def _write(claim: jobs.Claim, batch: Batch, part: Path, total: int) -> bool:
    """False when the batch was cancelled while its file was being written."""
    try:
        with part.open("wb") as out:
            write_batch(batch, out, lambda done: claim.progress(done, total))
    except Refused:
        if _find(claim.ref).state == BatchState.FROZEN:
            raise
        return False
    return True


def write_batch(batch: Batch, out: BinaryIO, progress: Progress = lambda done: None) -> None:
    """Write the file of a batch: the same rows give the same bytes, whenever and wherever it runs.

    Raises Refused, naming the row, if a rule of the scheme is broken.
    """
    creditor, frozen_on = creditor_of(batch.legal_entity), batch.frozen_on
    header = BatchHeader(
        msg_id=batch.msg_id,
        created_at=batch.created_at,
        scheme=batch.scheme,  # type: ignore[arg-type]
        count=batch.count,
        total_cents=batch.total_cents,
        version=batch.legal_entity.message_version,  # type: ignore[arg-type]
        hybrid_addresses=batch.legal_entity.hybrid_addresses,
    )
    writer = _writer(batch, header)
    groups = _groups(batch.id, batch.msg_id, batch.lots(), batch.legal_entity.one_booking, progress)
    writer.write(out, header, creditor, groups, as_of=frozen_on)


def _writer(batch: Batch, header: BatchHeader) -> ModuleType:
    """The library that the creditor prefers, where it can write this file; else our own."""
    entity = batch.legal_entity
    if entity.file_writer != "sepaxml":
        return pain008
    query = select(Collection.id).where(Collection.batch_id == batch.id, Collection.amendment.is_not(None))
    amended = db.session.scalar(query.limit(1)) is not None
    fits = sepaxml_file.can_write(header, one_booking=entity.one_booking, has_amendments=amended)
    return sepaxml_file if fits else pain008


def _groups(
    batch_id: int, msg_id: str, lots: list[Lot], one_booking: bool, progress: Progress
) -> Iterator[Group]:
    done = 0
    for number, lot in enumerate(lots, 1):
        yield Group(
            payment_info_id=f"{msg_id}-{number}",
            sequence_type=lot.sequence_type,  # type: ignore[arg-type]
            collect_on=lot.due_on,
            count=lot.count,
            total_cents=lot.total_cents,
            lines=_lines(_rows(batch_id, lot), done, progress),
            one_booking=one_booking,
        )
        done += lot.count


_COLUMNS = (
    Collection.id,
    Collection.end_to_end_id,
    Collection.amount_cents,
    Collection.remittance,
    Collection.amendment,
    Mandate.rum,
    Mandate.signed_on,
    Mandate.uid,
    Mandate.iban_sealed,
    Mandate.debtor_name,
    Mandate.street,
    Mandate.postcode,
    Mandate.town,
    Mandate.country,
)


def _rows(batch_id: int, lot: Lot) -> Any:
    query: Any = (
        select(*_COLUMNS)
        .join(Mandate, Mandate.id == Collection.mandate_id)
        .where(Collection.batch_id == batch_id, Collection.due_on == lot.due_on)
        .where(Collection.sequence_type == lot.sequence_type)
        .order_by(Collection.id)
    )
    return query


def _lines(query: Any, done: int, progress: Progress) -> Iterable[CollectionLine]:
    """Rows in chunks by key. Between two chunks nothing is held, so the lease can be renewed."""
    ring, last = keyring(), 0
    while True:
        with reading():
            rows = chunk_of(query.where(Collection.id > last), _CHUNK)
            db.session.rollback()
        for _id, end_to_end_id, cents, text, amendment, rum, signed_on, uid, sealed, name, *place in rows:
            iban = ring.open(sealed, f"mandate.iban:{uid}")
            yield CollectionLine(
                end_to_end_id=end_to_end_id,
                amount_cents=cents,
                rum=rum,
                signed_on=signed_on,
                debtor_name=name,
                debtor_iban=iban,
                remittance=text,
                address=_address(*place) if needs_address(iban) else None,
                **(amendment or {}),
            )
        if len(rows) < _CHUNK:
            return
        last, done = rows[-1].id, done + len(rows)
        progress(done)


def _address(street: str, postcode: str, town: str, country: str) -> Address:
    return Address(street=street, postcode=postcode, town=town, country=country)


def _find(uid: str, *, lock: bool = False) -> Batch:
    query = select(Batch).where(Batch.uid == uid)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return db.session.scalars(query).one()


def _part(uid: str) -> Path:
    """A file of this attempt only, readable by nobody else; those of killed attempts are removed."""
    folder = Path(current_app.config["DATA_DIR"]) / "work"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for leftover in folder.glob(f"{uid}-*.xml"):
        leftover.unlink(missing_ok=True)
    part = folder / f"{uid}-{new_uid()}.xml"
    part.touch(mode=0o600, exist_ok=False)
    return part
