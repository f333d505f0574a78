"""More machines than seats: a week of grace, told to both houses, then the latest lose theirs."""

from sqlalchemy import and_, or_, select

from portal import clock, jobs
from portal.backups.gaps import GapKind, note_gap
from portal.backups.telling import tell_both
from portal.db import db
from portal.journal import SYSTEM, record
from portal.licensing.machines import lock_seats, take_latest_seats
from portal.licensing.models import ActivationKey
from portal.subscriptions.models import Subscription


@jobs.periodic("seats.above", jobs.hourly)
def look_at_seats() -> None:
    """One task for each key with too many machines, or that had too many when somebody last looked.

    Source: 000-58, 002-18.
    """
    above = and_(ActivationKey.seats_used > ActivationKey.seats, ActivationKey.revoked_at.is_(None))
    query = select(ActivationKey).where(or_(above, ActivationKey.over_since.is_not(None)))
    for key in db.session.scalars(query.order_by(ActivationKey.id)):
        jobs.enqueue("seats.above", f"{key.uid}:{clock.now():%y%m%d%H}", key.customer.organisation.parent)


@jobs.job("seats.above", jobs.Lane.RUNS)
def follow_seats(claim: jobs.Claim) -> None:
    """Whole or not at all: begin the grace, end it, or take the seats of the latest machines.

    Source: 000-58, 002-18.
    """
    uid = claim.ref.partition(":")[0]
    key = db.session.scalars(select(ActivationKey).where(ActivationKey.uid == uid)).one()
    more = lock_seats(key)
    if not more or key.revoked_at is not None:
        _fits(key)
    elif key.over_since is None:
        _begin(key)
    elif key.over_until is not None and clock.today() >= key.over_until:
        _take(key)
    claim.step(done=1, total=1)


def _fits(key: ActivationKey) -> None:
    if key.over_since is not None:
        key.over_since = None
        record(key, "fit", by=SYSTEM)


def _begin(key: ActivationKey) -> None:
    key.over_since = clock.today()
    record(key, "over", by=SYSTEM, seats=key.seats, used=key.seats_used)
    tell_both(key, "backups/mail_seats.txt", "backups/mail_seats_staff.txt", product=key.product, lost=[])


def _take(key: ActivationKey) -> None:
    used = key.seats_used
    lost = take_latest_seats(key, by=SYSTEM)
    query = select(Subscription).where(
        Subscription.order_uid == key.source_uid, Subscription.customer_id == key.customer_id
    )
    for subscription in db.session.scalars(query):
        others = _machines_of_others(subscription, key)
        note_gap(subscription, GapKind.SEATS, used + others)
    tell_both(
        key, "backups/mail_seats_lost.txt", "backups/mail_seats_staff.txt", product=key.product, lost=lost
    )


def _machines_of_others(subscription: Subscription, key: ActivationKey) -> int:
    query = select(db.func.sum(ActivationKey.seats_used)).where(
        ActivationKey.source_uid == subscription.order_uid,
        ActivationKey.customer_id == subscription.customer_id,
        ActivationKey.id != key.id,
        ActivationKey.revoked_at.is_(None),
    )
    return int(db.session.scalar(query) or 0)
