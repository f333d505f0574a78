"""Each hour every address is called; what becomes of a call stops nothing and is said on the page."""

from sqlalchemy import select

from portal import clock, jobs
from portal.accounts.models import Organisation
from portal.db import db
from portal.healthchecks.models import HealthCheck, is_well
from portal.public_places import ask

FAIL = "/fail"


@jobs.periodic("healthchecks.call", jobs.hourly)
def call_every_address() -> None:
    for row in db.session.scalars(select(HealthCheck).order_by(HealthCheck.id)):
        owner = db.session.get_one(Organisation, row.organisation_id)
        jobs.enqueue("healthchecks.call", f"{row.uid}:{jobs.hourly()}", owner)


@jobs.job("healthchecks.call", jobs.Lane.UPKEEP)
def call(claim: jobs.Claim) -> None:
    """At ``/fail`` while a machine is silent or its last run failed; not at all while none is watched."""
    uid = claim.ref.partition(":")[0]
    row = db.session.scalars(select(HealthCheck).where(HealthCheck.uid == uid)).one_or_none()
    if row is None:  # taken away meanwhile
        return
    well, address = is_well(row.org_path), str(row.address)
    if well is None:
        return
    db.session.rollback()  # no transaction is held while the network works
    answer = ask("GET", address if well else address + FAIL)
    row = db.session.scalars(select(HealthCheck).where(HealthCheck.uid == uid)).one_or_none()
    if row is not None and row.address == address:
        row.called_at, row.was_well, row.answer = clock.now(), well, answer[:80]
    claim.step(done=1, total=1)
