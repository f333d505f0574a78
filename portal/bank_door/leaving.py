"""Files that leave: released by two people, handed over in one commit, moved into the outbox once."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from portal import clock, jobs
from portal.accounts.models import Organisation
from portal.bank_door.models import BankDoor, DoorFile, S
from portal.billing.credit_models import RefundFile, RefundFileState
from portal.blobs import opener
from portal.db import db, new_uid
from portal.folders import Folder
from portal.journal import SYSTEM, JournalEntry
from portal.paging import chunk_of
from portal.refunds.files import send_file
from portal.resellers.models import LegalEntity
from portal.sepa.models import Batch, BatchState

_TAKEN = 50  # of one turn


def released(door: BankDoor) -> Iterator[Batch | RefundFile]:
    """What two people let go and nobody has taken out by hand: nothing is carried twice."""
    for model, state in ((Batch, BatchState.RELEASED), (RefundFile, RefundFileState.RELEASED)):
        by_hand = select(JournalEntry.subject_uid).where(JournalEntry.what == "download")
        query: Any = select(model).where(
            model.legal_entity_id == door.legal_entity_id,
            model.state == state,
            model.uid.not_in(by_hand.where(JournalEntry.subject_uid == model.uid)),
        )
        yield from chunk_of(query.order_by(model.id), _TAKEN)


def let_leave(claim: jobs.Claim, door: BankDoor, folder: Folder) -> None:
    """Killed at any line and run again, each file is in the outbox once.

    One commit says that the batch is handed over and names the file that is ready for it; the move into the
    outbox happens wholly or not at all, and what is no longer ready has been moved. So a file that the bank's
    software has taken meanwhile is not written a second time.
    """
    _finish(claim, door, folder)
    for each in list(released(door)):
        _hand_over(claim, door, folder, each)
    _finish(claim, door, folder)
    _note_fetched(claim, door, folder)


def rows_of(door: BankDoor, *states: S) -> list[DoorFile]:
    query = select(DoorFile).where(DoorFile.door_id == door.id, DoorFile.state.in_(states))
    return list(db.session.scalars(query.order_by(DoorFile.id)))


def _finish(claim: jobs.Claim, door: BankDoor, folder: Folder) -> None:
    waiting = rows_of(door, S.READY)
    folder.tidy_ready({row.place for row in waiting})
    for row in waiting:
        folder.put_out(row.place, row.name)
        row.place, row.seen_at = "", clock.now()
        row.move_on("write", by=SYSTEM)
        claim.step()


def _hand_over(claim: jobs.Claim, door: BankDoor, folder: Folder, file: Batch | RefundFile) -> None:
    place, document = f"{file.uid}-{new_uid()}.xml", file.document
    assert document is not None, "what is released has its file"
    with opener(document)() as source:
        size = folder.write_ready(place, source)
    _lock(door)
    db.session.refresh(file, with_for_update=True)
    if file.state not in (BatchState.RELEASED, RefundFileState.RELEASED):  # cancelled meanwhile
        db.session.rollback()
        return
    row = DoorFile(
        organisation=db.session.get_one(Organisation, door.organisation_id),
        door_id=door.id,
        state=S.READY,
        name=f"{file.msg_id}.xml",
        place=place,
        size_bytes=size,
        seen_at=clock.now(),
        sha256=document.sha256,
        batch_id=file.id if isinstance(file, Batch) else None,
        refund_file_id=file.id if isinstance(file, RefundFile) else None,
    )
    db.session.add(row)
    if isinstance(file, Batch):
        file.send(on=clock.today(), by=SYSTEM)
    else:
        send_file(file, clock.today(), by=SYSTEM)
    claim.step()


def _lock(door: BankDoor) -> None:
    """Nobody takes a file of this creditor out by hand meanwhile."""
    db.session.execute(
        select(LegalEntity.id).where(LegalEntity.id == door.legal_entity_id).with_for_update(key_share=True)
    )


def _note_fetched(claim: jobs.Claim, door: BankDoor, folder: Folder) -> None:
    for row in rows_of(door, S.WRITTEN):
        if not (folder.outbox / row.name).exists():
            row.move_on("fetch", by=SYSTEM)
            claim.step()
