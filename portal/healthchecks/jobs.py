"""Each hour every address is called; what becomes of a call stops nothing and is said on the page."""

from urllib.parse import urlsplit

import urllib3
from flask import current_app
from sqlalchemy import select
from urllib3.connection import HTTPSConnection
from urllib3.exceptions import HTTPError, NewConnectionError
from urllib3.util.connection import create_connection

from portal import clock, jobs
from portal.accounts.models import Organisation
from portal.db import db
from portal.healthchecks.models import HealthCheck, is_well
from portal.reversibility.public_places import public_addresses

SECONDS = 10.0
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
    answer = ask(address if well else address + FAIL)
    row = db.session.scalars(select(HealthCheck).where(HealthCheck.uid == uid)).one_or_none()
    if row is not None and row.address == address:
        row.called_at, row.was_well, row.answer = clock.now(), well, answer[:80]
    claim.step(done=1, total=1)


class _Public(HTTPSConnection):
    """Resolves its host once, and goes to the very address that was looked at."""

    def _new_conn(self):  # type: ignore[no-untyped-def]
        try:
            place = public_addresses(self.host, self.port)[0]
            return create_connection((place, self.port), SECONDS, socket_options=self.socket_options)
        except OSError as error:
            raise NewConnectionError(self, type(error).__name__) from error


class _PublicPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Public


def ask(address: str) -> str:
    """The status of the answer, or the kind of error; redirections are not followed."""
    parts = urlsplit(address)
    wait = urllib3.Timeout(SECONDS)
    try:
        if current_app.config["PRIVATE_TARGETS"]:
            manager = urllib3.PoolManager(timeout=wait, retries=False)
            return str(manager.request("GET", address, redirect=False).status)
        pool = _PublicPool(parts.hostname or "", parts.port or 443, timeout=wait, retries=False)
        return str(pool.request("GET", parts.path or "/", redirect=False).status)
    except (HTTPError, OSError, ValueError) as error:
        return type(error).__name__
