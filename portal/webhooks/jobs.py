"""Each minute who has something to hear is called, one event after the other."""

import time

from sqlalchemy import select

from portal import clock, jobs
from portal.accounts.models import Organisation
from portal.db import commits, db
from portal.public_places import Line
from portal.webhooks import acts
from portal.webhooks.models import W, Webhook

CALL = "webhooks.call"
SHARE_SECONDS = 20.0  # of one task: then another house has its turn


def _minute() -> str:
    return clock.now().strftime("%Y-%m-%dT%H:%M")


@jobs.periodic("webhooks.look", _minute)
def look() -> None:
    for row in db.session.scalars(acts.due().order_by(Webhook.id)):
        if acts.has_work(row):
            owner = db.session.get_one(Organisation, row.organisation_id)
            jobs.enqueue(CALL, f"{row.uid}:{_minute()}", owner)


@jobs.periodic("webhooks.forget", jobs.daily)
def forget() -> None:
    acts.forget_old()


@jobs.job(CALL, jobs.Lane.UPKEEP)
def call(claim: jobs.Claim) -> None:
    """In their order: the first that is not answered holds the others until its next try.

    After a kill those whose answers were not noted, of a second at most, are told again with their numbers.
    """
    uid = claim.ref.partition(":")[0]
    row = db.session.scalars(select(Webhook).where(Webhook.uid == uid)).one()
    if row.state != W.OPEN or not acts.take(row):
        return
    until, done = time.monotonic() + SHARE_SECONDS, 0
    try:
        while acts.gather(row):
            claim.step()
        db.session.commit()
        with Line(str(row.address)) as line:
            while row.state == W.OPEN and (events := acts.waiting(row)):
                told = acts.call(row, events, line)
                done += told
                claim.step(done=done)
                if not told or row.next_at is not None or time.monotonic() > until:
                    return
    finally:
        _release(uid)


@commits
def _release(uid: str) -> None:
    db.session.rollback()
    row = db.session.scalars(select(Webhook).where(Webhook.uid == uid)).one()
    row.busy_until = None
    db.session.commit()
