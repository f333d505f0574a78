"""Every day: procedures whose delay is over, and ends whose day has come."""

from sqlalchemy import select

from portal import clock, jobs
from portal.db import db
from portal.endings import nature
from portal.endings.acting import go_on
from portal.endings.models import OPEN, ProviderEnding
from portal.endings.nature import EndByNature, NatureState
from portal.journal import SYSTEM


@jobs.periodic("endings.day", jobs.daily)
def begin_the_day() -> None:
    """One task for each open procedure: what breaks on one stops nobody else."""
    query = select(ProviderEnding).where(ProviderEnding.state.in_(OPEN)).order_by(ProviderEnding.id)
    for row in db.session.scalars(query):
        owner = row.subscription.customer.organisation
        jobs.enqueue("endings.step", f"{row.uid}:{clock.today():%y%m%d}", owner)


@jobs.job("endings.step", jobs.Lane.RUNS)
def take_the_step(claim: jobs.Claim) -> None:
    """Twice on a day it does nothing more."""
    uid = claim.ref.partition(":")[0]
    row = db.session.scalars(select(ProviderEnding).where(ProviderEnding.uid == uid)).one()
    go_on(row)
    claim.step(done=1, total=1)


@jobs.periodic("endings.nature", jobs.daily)
def follow_receiverships() -> None:
    """Every day: the silence of an administrator whose time is over ends the contract.

    Source: 004-39.
    """
    query = select(EndByNature).where(EndByNature.state == NatureState.WAITS).order_by(EndByNature.id)
    for row in db.session.scalars(query.with_for_update(of=EndByNature)):
        nature.go_on(row, by=SYSTEM)
