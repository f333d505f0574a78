"""Looks addresses up: of new customers within a quarter of an hour, of each again every month."""

from datetime import timedelta

from sqlalchemy import or_, select

from portal import clock, jobs
from portal.accounts.models import Organisation
from portal.db import db
from portal.eaddresses.keeping import asked_of, due, enrol, has_newcomers, keep_told
from portal.eaddresses.models import EAddressDirectory, Way
from portal.eaddresses.sources import Away, source_of
from portal.jobs import TaskState
from portal.paging import chunk_of

CARRY = "eaddresses.carry"
RETRY, LONGEST = timedelta(minutes=1), timedelta(hours=1)
ASKING = 15  # minutes between two looks at who is new


def _minute() -> str:
    return clock.now().strftime("%Y-%m-%dT%H:%M")


@jobs.periodic("eaddresses.look", _minute)
def look() -> None:
    now = clock.now()
    wanted = select(EAddressDirectory).where(
        EAddressDirectory.way != Way.OFF,
        or_(EAddressDirectory.next_at.is_(None), EAddressDirectory.next_at <= now),
    )
    for directory in db.session.scalars(wanted.order_by(EAddressDirectory.id)):
        if has_work(directory) and not _is_carried(directory):
            owner = db.session.get_one(Organisation, directory.organisation_id)
            jobs.enqueue(CARRY, f"{directory.uid}:{_minute()}", owner)


def has_work(directory: EAddressDirectory) -> bool:
    """A folder is looked into each minute; who is new is looked for every quarter of an hour."""
    if directory.way == Way.FILES or chunk_of(due(directory), 1):
        return True
    return clock.now().minute % ASKING == 0 and has_newcomers(directory)


def _is_carried(directory: EAddressDirectory) -> bool:
    alive = jobs.Task.state.in_([TaskState.QUEUED, TaskState.RUNNING])
    mine = jobs.Task.kind == CARRY, jobs.Task.ref.startswith(directory.uid)
    return db.session.scalar(select(jobs.Task.id).where(*mine, alive)) is not None


@jobs.job(CARRY, jobs.Lane.UPKEEP)
def carry(claim: jobs.Claim) -> None:
    """One answer is one step. Where nobody answers, what is known counts on, and it is tried again later."""
    uid = claim.ref.partition(":")[0]
    directory = db.session.scalars(select(EAddressDirectory).where(EAddressDirectory.uid == uid)).one()
    if directory.way == Way.OFF:
        return
    last = 0
    while last := enrol(directory, last):
        claim.step()
    try:
        for step in source_of(directory).steps(asked_of(directory)):
            if step.told is not None:
                keep_told(directory, step.told)
            claim.step()
    except (Away, OSError) as error:
        db.session.rollback()
        _note_fault(directory, str(error) if isinstance(error, Away) else type(error).__name__)
        return
    if directory.fault or directory.failures:
        directory.fault, directory.failing_since, directory.failures, directory.next_at = "", None, 0, None


def _note_fault(directory: EAddressDirectory, fault: str) -> None:
    now = clock.now()
    directory.fault, directory.failing_since = fault[:200], directory.failing_since or now
    directory.next_at = now + min(RETRY * 2**directory.failures, LONGEST)
    directory.failures = min(directory.failures + 1, 30)
