"""Each day, the addresses that brands write from are looked at again."""

from sqlalchemy import select

from portal import jobs
from portal.db import db
from portal.journal import SYSTEM
from portal.resellers.sender import Sender, check_sender, is_offered

CHECK = "brands.check_sender"


@jobs.periodic("brands.senders", jobs.daily)
def check_every_sender() -> None:
    if not is_offered():
        return
    for sender in db.session.scalars(select(Sender).order_by(Sender.id)).all():
        jobs.enqueue(CHECK, f"{sender.uid}:{jobs.daily()}", sender.organisation)


@jobs.job(CHECK, jobs.Lane.UPKEEP)
def check_one(claim: jobs.Claim) -> None:
    """Nothing for an address that was taken away meanwhile."""
    query = select(Sender).where(Sender.uid == claim.ref.partition(":")[0])
    sender = db.session.scalars(query).one_or_none()
    if sender is not None:
        check_sender(sender, by=SYSTEM)
    claim.step(done=1, total=1)
