"""What is old and of no more use goes; what remembers that something was done stays."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from flask import Flask, current_app

from portal import jobs
from portal.accounts.models import SignIn, open_sign_in
from portal.db import EVERYTHING, db, set_scope
from portal.jobs import Task, TaskState, enqueue
from portal.jobs.duties import PeriodicRun
from portal.operations.purge import FORGETTABLE
from tests.builders import House

At = Callable[[datetime], None]
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def test_the_dated_rule(house: House, at: At) -> None:
    for kind, state in (
        ("vault.measure", TaskState.DONE),
        ("vault.open", TaskState.FAILED),
        ("sepa.warn_lapse", TaskState.DONE),
    ):
        enqueue(kind, "old", house.reseller)
        db.session.execute(db.update(Task).where(Task.kind == kind).values(state=state))
    assert jobs.first_time("vault.measure", "2026-11-23T1")
    assert jobs.first_time("sepa.freeze:uid", "2026-11")
    open_sign_in(house.owner, address="127.0.0.1", browser="test")
    db.session.commit()
    at(MONDAY + timedelta(days=89))
    with current_app.app_context():
        jobs.run_periodic()
    set_scope(EVERYTHING)
    assert len(db.session.scalars(db.select(Task).where(Task.ref == "old")).all()) == 3
    assert len(db.session.scalars(db.select(SignIn)).all()) == 1
    at(MONDAY + timedelta(days=91))
    with current_app.app_context():
        jobs.run_periodic()
    set_scope(EVERYTHING)
    left = db.session.scalars(db.select(Task.kind).where(Task.ref == "old"))
    assert set(left) == {"vault.open", "sepa.warn_lapse"}
    slots = {(row.name, row.slot) for row in db.session.scalars(db.select(PeriodicRun))}
    assert ("vault.measure", "2026-11-23T1") not in slots
    assert ("sepa.freeze:uid", "2026-11") in slots
    assert db.session.scalars(db.select(SignIn)).all() == []


def test_only_known_kinds_are_forgotten(app: Flask) -> None:
    assert set(FORGETTABLE) <= set(jobs.models.JOBS)
