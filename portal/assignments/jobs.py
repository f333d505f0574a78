"""Every day: contracts whose day has come pass, and requests that nobody has answered in time lapse."""

from sqlalchemy import select

from portal import clock, jobs
from portal.assignments.models import OPEN, ContractAssignment
from portal.assignments.passing import go_on
from portal.db import db


@jobs.periodic("assignments.day", jobs.daily)
def begin_the_day() -> None:
    """One task for each open assignment: what breaks on one stops nobody else."""
    query = select(ContractAssignment).where(ContractAssignment.state.in_(OPEN))
    for row in db.session.scalars(query.order_by(ContractAssignment.id)):
        jobs.enqueue("assignments.step", f"{row.uid}:{clock.today():%y%m%d}", row.organisation)


@jobs.job("assignments.step", jobs.Lane.RUNS)
def take_the_step(claim: jobs.Claim) -> None:
    """Twice on a day it does nothing more."""
    uid = claim.ref.partition(":")[0]
    query = select(ContractAssignment).where(ContractAssignment.uid == uid)
    row = db.session.scalars(query.with_for_update(of=ContractAssignment)).one()
    go_on(row)
    claim.step(done=1, total=1)
