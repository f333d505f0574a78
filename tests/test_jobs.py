"""Tasks: once, by one worker at a time, whatever is killed."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from portal import jobs
from portal.db import EVERYTHING, db, set_scope
from portal.errors import Refused
from portal.jobs import (
    Lane,
    LostLease,
    Task,
    TaskState,
    Wait,
    claim,
    claims,
    drain,
    duties,
    enqueue,
    find_task,
    resume,
    run_one,
)
from portal.jobs.claims import catch_up_with_clock, release_dead_owners
from portal.jobs.models import JOBS, LANES
from tests.builders import House


@pytest.fixture
def kind(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """A job that does what the test tells it to, and notes the references that it was run for."""
    done: list[Any] = []

    def work(held: jobs.Claim) -> None:
        done.append(held.ref)
        if held.ref == "waits":
            raise Wait("phrase")
        if held.ref == "refused":
            raise Refused("Non.")
        if held.ref == "breaks":
            raise ZeroDivisionError

    monkeypatch.setitem(JOBS, "test", work)
    monkeypatch.setitem(LANES, "test", Lane.RUNS)
    yield done


def ask(house: House, ref: str) -> Task:
    set_scope(EVERYTHING)
    enqueue("test", ref, house.reseller)
    db.session.commit()
    task = find_task("test", ref)
    assert task is not None
    return task


def state_of(ref: str) -> TaskState:
    set_scope(EVERYTHING)
    db.session.expire_all()
    task = find_task("test", ref)
    assert task is not None
    return task.state


def test_a_task_asked_twice_is_done_once(house: House, kind: list[Any]) -> None:
    ask(house, "a")
    ask(house, "a")
    assert drain() == 1
    assert kind == ["a"]
    assert state_of("a") == TaskState.DONE


def test_a_rolled_back_request_leaves_no_task(house: House, kind: list[Any]) -> None:
    enqueue("test", "a", house.reseller)
    db.session.rollback()
    assert drain() == 0


def test_a_job_runs_inside_its_organisation(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setitem(LANES, "test", Lane.RUNS)
    monkeypatch.setitem(JOBS, "test", lambda held: seen.append(db.session().info["scope"]))
    ask(house, "a")
    path = house.reseller.org_path
    run_one()
    assert seen == [path]


def test_a_refusal_is_final_and_keeps_its_sentence(house: House, kind: list[Any]) -> None:
    ask(house, "refused")
    run_one()
    assert state_of("refused") == TaskState.FAILED
    task = find_task("test", "refused")
    assert task is not None and task.error == "Non."


def test_an_accident_is_tried_again_later(house: House, kind: list[Any]) -> None:
    ask(house, "breaks")
    assert run_one()
    assert state_of("breaks") == TaskState.QUEUED
    assert not run_one()  # not before its pause is over
    db.session.execute(db.update(Task).values(not_before=0))
    db.session.commit()
    assert run_one()
    assert kind == ["breaks", "breaks"]


def test_a_waiting_task_goes_on_when_resumed(house: House, kind: list[Any]) -> None:
    ask(house, "waits")
    run_one()
    assert state_of("waits") == TaskState.WAITING
    assert not run_one()
    set_scope(EVERYTHING)
    resume("test", "waits")
    db.session.commit()
    assert run_one()


def test_a_held_task_is_not_taken_and_an_expired_lease_is(house: House, kind: list[Any], app: Flask) -> None:
    ask(house, "a")
    first = claim()
    assert first is not None
    assert claim() is None
    set_scope(EVERYTHING)
    db.session.execute(db.update(Task).values(lease_until=int(time.time() * 1000) - 1))
    db.session.commit()
    second = claim()
    assert second is not None
    set_scope(EVERYTHING)
    with pytest.raises(LostLease):
        first.step(done=1)
    second.step(done=1, total=2)
    assert state_of("a") == TaskState.RUNNING


def test_a_stale_worker_loses_its_uncommitted_writes(house: House, kind: list[Any]) -> None:
    ask(house, "a")
    stale = claim()
    assert stale is not None
    set_scope(EVERYTHING)
    db.session.execute(db.update(Task).values(owner="somebody else"))
    db.session.commit()
    set_scope(EVERYTHING)
    house.reseller.name = "never"
    with pytest.raises(LostLease):
        stale.step()
    db.session.refresh(house.reseller)
    assert house.reseller.name == "Revendeur"


def test_a_periodic_slot_runs_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[int] = []
    monkeypatch.setattr(duties, "DUTIES", {"t": (lambda: "2026-11-23", lambda: runs.append(1))})
    jobs.run_periodic()
    jobs.run_periodic()
    assert runs == [1]
    set_scope(EVERYTHING)


def test_a_clock_that_was_set_back_holds_no_task(
    house: House, kind: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for ref in ("a", "breaks"):
        ask(house, ref)
    day = 24 * 3_600_000
    ahead = int(time.time() * 1000) + day
    monkeypatch.setattr(claims, "machine_ms", lambda: ahead)
    assert claim() is not None  # « a » is held by somebody who dies
    run_one()
    assert kind == ["breaks"]
    monkeypatch.undo()
    monkeypatch.setitem(LANES, "test", Lane.RUNS)
    catch_up_with_clock()
    set_scope(EVERYTHING)
    now = int(time.time() * 1000)
    rows = {task.ref: task for task in db.session.scalars(db.select(Task))}
    assert now < rows["a"].lease_until < now + 40_000
    assert now < rows["breaks"].not_before < now + 10_000


def test_a_process_that_has_ended_and_that_nobody_has_buried_holds_no_task(
    house: House, kind: list[Any]
) -> None:
    ask(house, "a")
    assert claim() is not None
    child = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and is a zombie until waited for
    set_scope(EVERYTHING)
    owner = f"{socket.gethostname()}:{child.pid}:x"
    db.session.execute(db.update(Task).values(owner=owner))
    db.session.commit()
    release_dead_owners()
    child.wait()
    set_scope(EVERYTHING)
    assert db.session.scalars(db.select(Task.lease_until)).one() == 0
