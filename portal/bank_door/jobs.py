"""Each minute the doors at which something lies are seen to, one after the other."""

from sqlalchemy import select

from portal import clock, jobs
from portal.accounts.models import Organisation
from portal.bank_door.coming import take_in
from portal.bank_door.leaving import let_leave, released, rows_of
from portal.bank_door.models import BankDoor, DoorFile, S
from portal.db import db
from portal.folders import Folder
from portal.jobs import TaskState

CARRY = "bank_door.carry"


def _minute() -> str:
    return clock.now().strftime("%Y-%m-%dT%H:%M")


@jobs.periodic("bank_door.look", _minute)
def look() -> None:
    doors = select(BankDoor).where(BankDoor.is_open).order_by(BankDoor.id)
    for door in db.session.scalars(doors):
        if has_work(door) and not _is_carried(door):
            owner = db.session.get_one(Organisation, door.organisation_id)
            jobs.enqueue(CARRY, f"{door.uid}:{_minute()}", owner)


def _is_carried(door: BankDoor) -> bool:
    alive = jobs.Task.state.in_([TaskState.QUEUED, TaskState.RUNNING])
    query = select(jobs.Task.id).where(jobs.Task.kind == CARRY, alive, jobs.Task.ref.startswith(door.uid))
    return db.session.scalar(query) is not None


def has_work(door: BankDoor) -> bool:
    """Is there anything to move, to write or to look at? A file that is broken and has not changed is not."""
    if door.fault or rows_of(door, S.READY) or next(released(door), None) is not None:
        return True
    folder = Folder(door.folder)
    try:
        known = {row.name: row for row in rows_of(door, S.ARRIVING, S.BROKEN)}
        lying = {each.name: each for each in folder.lying()}
    except OSError:
        return True
    if set(known) - set(lying) or _undecided(door):
        return True
    if any(not (folder.outbox / row.name).exists() for row in rows_of(door, S.WRITTEN)):
        return True
    return any(
        name not in known
        or known[name].state == S.ARRIVING
        or known[name].changed_ns != each.changed_ns
        or known[name].size_bytes != each.size_bytes
        for name, each in lying.items()
    )


def _undecided(door: BankDoor) -> bool:
    decided = DoorFile.state.in_([S.READ, S.REFUSED, S.CLOSED]), DoorFile.is_moved.is_(False)
    return db.session.scalar(select(DoorFile.id).where(DoorFile.door_id == door.id, *decided)) is not None


@jobs.job(CARRY, jobs.Lane.RUNS)
def carry(claim: jobs.Claim) -> None:
    """One file is one step. A folder that does not answer is told on the page and tried again."""
    uid = claim.ref.partition(":")[0]
    door = db.session.scalars(select(BankDoor).where(BankDoor.uid == uid)).one()
    if not door.is_open:
        return
    folder = Folder(door.folder)
    try:
        folder.make()
        let_leave(claim, door, folder)
        take_in(claim, door, folder)
    except OSError as error:
        db.session.rollback()
        door.fault, door.fault_since = type(error).__name__, door.fault_since or clock.now()
        claim.step()
        raise jobs.Later(f"{type(error).__name__}: {folder.path}") from None
    if door.fault:
        door.fault, door.fault_since = "", None
    claim.step()
