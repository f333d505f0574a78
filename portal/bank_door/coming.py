"""Files that come: read once they stand still, by the very function that the page of returns uses."""

from datetime import timedelta

from portal import clock, jobs
from portal.accounts.models import Organisation
from portal.bank_door.leaving import rows_of
from portal.bank_door.models import BankDoor, DoorFile, S
from portal.db import db
from portal.errors import Refused
from portal.folders import Folder, Lying
from portal.i18n import said
from portal.journal import SYSTEM
from portal.sepa.formats.bank_elements import BankFileError
from portal.sepa.returns.book import LARGEST, import_bank_file
from portal.wording import N_

STILL = timedelta(seconds=30)  # without any change, before a file counts as whole
_DECIDED = (S.READ, S.REFUSED, S.CLOSED)


def take_in(claim: jobs.Claim, door: BankDoor, folder: Folder) -> None:
    """Book what has come. Killed at any line and run again, each file is booked once.

    Source: EPC130-08 (the bank answers by files of its own).
    """
    _move_decided(claim, door, folder)
    lying = {each.name: each for each in folder.lying()}
    known = {row.name: row for row in rows_of(door, S.ARRIVING, S.BROKEN)}
    for name, row in known.items():
        if name not in lying:
            row.move_on("vanish", by=SYSTEM)
            claim.step()
    for name, each in lying.items():
        row = known.get(name) or _first_seen(door, each)
        if _stands_still(row, each):
            _read(door, folder, row, each)
        claim.step()
    _move_decided(claim, door, folder)


def _first_seen(door: BankDoor, each: Lying) -> DoorFile:
    row = DoorFile(
        organisation=db.session.get_one(Organisation, door.organisation_id),
        door_id=door.id,
        door=door,
        state=S.ARRIVING,
        name=each.name,
        size_bytes=each.size_bytes,
        changed_ns=each.changed_ns,
        seen_at=clock.now(),
    )
    db.session.add(row)
    return row


def _stands_still(row: DoorFile, each: Lying) -> bool:
    """May it be read now? One that has grown is looked at afresh."""
    if (row.size_bytes, row.changed_ns) != (each.size_bytes, each.changed_ns):
        row.size_bytes, row.changed_ns, row.why = each.size_bytes, each.changed_ns, ""
        row.seen_at = clock.now()
        if row.state == S.BROKEN:
            row.move_on("grow", by=SYSTEM)
        return False
    return row.state == S.ARRIVING and not each.is_half and row.seen_at <= clock.now() - STILL


def _read(door: BankDoor, folder: Folder, row: DoorFile, each: Lying) -> None:
    try:
        if each.size_bytes > LARGEST:
            raise Refused(N_("Ce fichier dépasse 64 Mo."))
        data = (folder.inbox / each.real).read_bytes()
        result = import_bank_file(door.legal_entity, data, each.name, by=SYSTEM)
    except BankFileError as fault:
        db.session.rollback()
        row.why = said(fault)[:300]
        row.move_on("break_off", by=SYSTEM)
    except Refused as refusal:
        db.session.rollback()
        row.why = said(refusal)[:300]
        row.move_on("refuse", by=SYSTEM)
    else:
        row.bank_file_id, row.sha256 = result.file.id, result.file.sha256
        row.move_on("read", by=SYSTEM, entries=result.entries, duplicates=result.duplicates)


def _move_decided(claim: jobs.Claim, door: BankDoor, folder: Folder) -> None:
    for row in rows_of(door, *_DECIDED):
        if not row.is_moved:
            to = folder.done if row.state == S.READ else folder.refused
            folder.move_aside(row.name, row.changed_ns, to=to, uid=row.uid)
            row.is_moved = True
            claim.step()
