"""What the work leaves behind is removed by a dated rule: finished tasks, slots, web sessions, cut files."""

from datetime import UTC, datetime, timedelta

import structlog
from flask import current_app
from sqlalchemy import delete

from portal import clock, jobs
from portal.accounts.factors import forget_half_sign_ins
from portal.accounts.floods import forget_floods
from portal.accounts.models import SignIn
from portal.blob_stores import store
from portal.blobs import store_faults_told
from portal.db import db
from portal.jobs import Task, TaskState
from portal.jobs.duties import DUTIES, PeriodicRun
from portal.people.own_email import forget_email_changes

log = structlog.get_logger()
_LONGEST_WRITE = timedelta(days=2)  # no file is written into the store for longer

# Kinds that nobody asks for again with the same reference; the others remember that they were done.
FORGETTABLE = (
    "mail.send",
    "paper.print",
    "vault.measure",
    "vault.open",
    "vault.forget",
    "restore.list",
    "restore.fetch",
    "restore.clean",
    "safekeeping.backup",
    "safekeeping.drill",
)


@jobs.periodic("operations.purge", jobs.daily)
def purge() -> None:
    """Remove what is older than ``PURGE_AFTER_DAYS`` days and of no more use. Mails and journal stay."""
    before = clock.now() - timedelta(days=int(current_app.config["PURGE_AFTER_DAYS"]))
    done = Task.state == TaskState.DONE, Task.kind.in_(FORGETTABLE), Task.created_at < before
    slots = PeriodicRun.name.in_(DUTIES), PeriodicRun.created_at < before
    for statement in (
        delete(Task).where(*done),
        delete(PeriodicRun).where(*slots),
        delete(SignIn).where(SignIn.last_seen_at < before),
    ):
        db.session.execute(statement.execution_options(synchronize_session=False))
    forget_half_sign_ins(clock.now() - timedelta(days=1))
    forget_floods(clock.now() - timedelta(days=1))
    forget_email_changes(before)


@jobs.periodic("operations.tidy", jobs.daily)
def tidy() -> None:
    """Remove from the store what was begun more than two days ago and never finished."""
    with store_faults_told():
        if left := store().tidy(datetime.fromtimestamp(clock.machine_ms() / 1000, UTC) - _LONGEST_WRITE):
            log.warning("unfinished files removed from the store", count=left)
