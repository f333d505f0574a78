"""Each minute what waits for a platform is said, what it says is kept; a night without it loses nothing."""

from datetime import timedelta

from sqlalchemy import or_, select

from portal import clock, jobs
from portal.accounts.models import Organisation
from portal.db import db
from portal.jobs import TaskState
from portal.journal import SYSTEM
from portal.paging import chunk_of
from portal.platform.gateway import Away, Fetched, Gateway, gateway_of
from portal.platform.hearing import keep_status
from portal.platform.models import M, Platform, PlatformMessage, Way
from portal.platform.saying import body_of, gather, has_new

CARRY = "platform.carry"
RETRY, LONGEST = timedelta(minutes=1), timedelta(hours=1)
ASKING = 15  # minutes between two questions for statuses


def _minute() -> str:
    return clock.now().strftime("%Y-%m-%dT%H:%M")


@jobs.periodic("platform.look", _minute)
def look() -> None:
    now = clock.now()
    due = select(Platform).where(
        Platform.way != Way.OFF,
        Platform.send_from <= clock.today(),
        or_(Platform.next_at.is_(None), Platform.next_at <= now),
    )
    for platform in db.session.scalars(due.order_by(Platform.id)):
        if (has_work(platform) or now.minute % ASKING == 0) and not _is_carried(platform):
            owner = db.session.get_one(Organisation, platform.organisation_id)
            jobs.enqueue(CARRY, f"{platform.uid}:{_minute()}", owner)


def has_work(platform: Platform) -> bool:
    return platform.way == Way.FOLDER or has_new(platform) or bool(_waiting(platform))


def _waiting(platform: Platform) -> list[PlatformMessage]:
    query = select(PlatformMessage).where(PlatformMessage.platform_id == platform.id)
    return chunk_of(
        query.where(PlatformMessage.state.in_([M.WAITING, M.READY])).order_by(PlatformMessage.id), 1
    )


def _is_carried(platform: Platform) -> bool:
    alive = jobs.Task.state.in_([TaskState.QUEUED, TaskState.RUNNING])
    mine = jobs.Task.kind == CARRY, jobs.Task.ref.startswith(platform.uid)
    return db.session.scalar(select(jobs.Task.id).where(*mine, alive)) is not None


@jobs.job(CARRY, jobs.Lane.UPKEEP)
def carry(claim: jobs.Claim) -> None:
    """One message is one step, in order; where nobody answers, the rest waits for the next try.

    Killed between the sending and its note, the same message is sent again under the same identifier.
    """
    uid = claim.ref.partition(":")[0]
    platform = db.session.scalars(select(Platform).where(Platform.uid == uid)).one()
    if platform.way == Way.OFF:
        return
    try:
        gateway = gateway_of(platform)
        while gather(platform):
            claim.step()
        _say_all(claim, platform, gateway)
        for fetched in gateway.statuses(platform.cursor):
            _keep(claim, platform, gateway, fetched)
    except (Away, OSError) as error:
        db.session.rollback()
        _note_fault(platform, str(error) if isinstance(error, Away) else type(error).__name__)
    else:
        platform.failures, platform.failing_since, platform.next_at, platform.fault = 0, None, None, ""
    claim.step()


def _say_all(claim: jobs.Claim, platform: Platform, gateway: Gateway) -> None:
    done = 0
    while waiting := _waiting(platform):
        (message,) = waiting
        if message.report is not None and not message.report.can("send"):  # a person has told it meanwhile
            message.move_on("withdraw", by=SYSTEM)
            claim.step()
            continue
        body = body_of(message)
        if message.state == M.WAITING and gateway.prepare(message, body):
            claim.step()
        answer = gateway.send(message, body)
        message.sent_at = clock.now()
        message.note_answer(answer.refused, by=SYSTEM)
        done += 1
        claim.step(done=done)


def _keep(claim: jobs.Claim, platform: Platform, gateway: Gateway, fetched: Fetched) -> None:
    for told in fetched.told:
        keep_status(platform, told)
    platform.cursor = fetched.cursor
    claim.step()
    gateway.settle(fetched)


def _note_fault(platform: Platform, fault: str) -> None:
    now = clock.now()
    platform.fault, platform.failing_since = fault[:200], platform.failing_since or now
    platform.next_at = now + min(RETRY * 2**platform.failures, LONGEST)
    platform.failures = min(platform.failures + 1, 30)
