"""Each minute who has something to hear is called, one event after the other."""

import time

from sqlalchemy import select

from portal import clock, jobs
from portal.accounts.models import Organisation
from portal.db import commits, db
from portal.webhooks import acts
from portal.webhooks.models import W, Webhook, WebhookEvent

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
    """One event is one step, in order: the first that is not answered holds the others until its next try.

    After a kill the event whose answer was not noted is told again with the same number.
    """
    uid = claim.ref.partition(":")[0]
    row = db.session.scalars(select(Webhook).where(Webhook.uid == uid)).one()
    if row.state != W.OPEN or not acts.take(row):
        return
    until = time.monotonic() + SHARE_SECONDS
    try:
        while acts.gather(row):
            claim.step()
        db.session.commit()
        for done, event_id in enumerate(acts.waiting(row.id), 1):
            if row.state != W.OPEN or not acts.call(row, db.session.get_one(WebhookEvent, event_id)):
                return
            claim.step(done=done)
            if time.monotonic() > until:
                return
    finally:
        _release(uid)


@commits
def _release(uid: str) -> None:
    db.session.rollback()
    row = db.session.scalars(select(Webhook).where(Webhook.uid == uid)).one()
    row.busy_until = None
    db.session.commit()
