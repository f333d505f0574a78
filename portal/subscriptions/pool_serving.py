"""Keys of a pool have come: the orders that wait for them go on by themselves, the oldest first."""

from sqlalchemy import select

from portal import jobs
from portal.answers.rules.periods import last_usable_day
from portal.clock import today
from portal.db import db, new_uid
from portal.journal import SYSTEM
from portal.licensing.pools import KeyPool, free_of, lock_pool
from portal.subscriptions.changes import billed_period
from portal.subscriptions.key_ends import follow_keys
from portal.subscriptions.key_mails import send_keys
from portal.subscriptions.pool_waits import PoolWait, PoolWaitState, serve, waiting_in
from portal.subscriptions.waiting_keys import is_paid

JOB = "keys.serve_pool"


def ask_to_serve(pool: KeyPool) -> None:
    """In the present transaction, after which its keys are there."""
    jobs.enqueue(JOB, f"{pool.uid}:{new_uid()}", pool.organisation)


@jobs.job(JOB, jobs.Lane.PROMPT)
def serve_pool(claim: jobs.Claim) -> None:
    """One order a transaction, each with its keys and its mail, as long as there are enough for the next.

    One whose payment has gone back is passed over; the next day asks again.

    Source: 000-10.
    """
    uid = claim.ref.partition(":")[0]
    pool = db.session.scalars(select(KeyPool).where(KeyPool.uid == uid)).one()
    waits = list(
        db.session.scalars(select(PoolWait.id).where(PoolWait.id.in_(_ids(pool))).order_by(PoolWait.id))
    )
    for number, wait_id in enumerate(waits, 1):
        if not _serve_next(lock_pool(pool), wait_id):
            break
        claim.step(done=number, total=len(waits))


def _ids(pool: KeyPool) -> list[int]:
    return [wait.id for wait in db.session.scalars(waiting_in(pool.id))]


def _serve_next(pool: KeyPool, wait_id: int) -> bool:
    """False where there are too few keys for it: those behind it wait too."""
    query = select(PoolWait).where(PoolWait.id == wait_id)
    wait = db.session.scalars(query.execution_options(populate_existing=True)).one()
    if wait.state != PoolWaitState.WAITING or not is_paid(wait.order):
        return True
    subscription = wait.subscription
    if subscription.is_over:
        wait.drop(by=SYSTEM)
        return True
    rows = free_of(pool, wait.quantity)
    if len(rows) < wait.quantity:
        return False
    first = billed_period(subscription, subscription.started_on)
    keys = serve(wait, rows, last_usable_day(first.ends_on), by=SYSTEM)
    follow_keys(subscription)
    send_keys(wait.order, keys, again=False)
    return True


@jobs.periodic("keys.serve_pools", jobs.daily)
def look_at_pools() -> None:
    """The net below every file of keys: one task a pool that somebody waits for.

    Source: 000-10.
    """
    waited_for = select(PoolWait.pool_id).where(PoolWait.state == PoolWaitState.WAITING)
    for pool in db.session.scalars(select(KeyPool).where(KeyPool.id.in_(waited_for)).order_by(KeyPool.id)):
        jobs.enqueue(JOB, f"{pool.uid}:{today():%y%m%d}", pool.organisation)
