"""The processes of the work: lanes that never wait for each other, a pulse, and an end between two steps."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from portal import jobs
from portal.db import EVERYTHING, db, set_scope
from portal.jobs import Duty, Lane, Later, Task, TaskState, duties, enqueue, find_task, run_one
from portal.jobs.claims import ORDERS
from portal.jobs.models import JOBS, LANES
from tests.builders import House

At = Callable[[datetime], None]
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def does(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """``does["ref"]`` is what a task of that reference does; ``does.seen`` the references in their order."""
    acts: dict[str, Any] = {"seen": []}

    def work(held: jobs.Claim) -> None:
        acts["seen"].append(held.ref)
        if held.ref in acts:
            acts[held.ref](held)

    for lane in Lane:
        monkeypatch.setitem(JOBS, f"test.{lane}", work)
        monkeypatch.setitem(LANES, f"test.{lane}", lane)
    ORDERS.forget_pauses()
    yield acts


def ask(owner: Any, ref: str, lane: Lane = Lane.RUNS) -> None:
    set_scope(EVERYTHING)
    enqueue(f"test.{lane}", ref, owner)
    db.session.commit()


def task(ref: str, lane: Lane = Lane.RUNS) -> Task:
    set_scope(EVERYTHING)
    db.session.expire_all()
    row = find_task(f"test.{lane}", ref)
    assert row is not None
    return row


def hurry() -> None:
    """As if every pause were over."""
    set_scope(EVERYTHING)
    ORDERS.forget_pauses()
    db.session.execute(db.update(Task).values(not_before=0))
    db.session.commit()


def test_a_lane_takes_its_own_tasks_only(house: House, does: dict[str, Any]) -> None:
    ask(house.reseller, "vault", Lane.EXPORTS)
    ask(house.reseller, "code", Lane.PROMPT)
    assert run_one([Lane.PROMPT], 0)
    assert run_one([Lane.PROMPT], 0) is None
    assert does["seen"] == ["code"]
    assert run_one([Lane.EXPORTS], 0)


def test_every_kind_of_job_has_a_lane_that_a_worker_serves(app: Flask) -> None:
    from portal.cli import workers_wanted

    assert set(JOBS) == set(LANES)
    assert set(workers_wanted(app.config["WORKERS"])) == {str(lane) for lane in Lane}


def test_organisations_take_turns(house: House, does: dict[str, Any]) -> None:
    for number in range(4):
        ask(house.reseller, f"a{number}", Lane.MAIL)
    for number in range(2):
        ask(house.other, f"b{number}", Lane.MAIL)
    turn = 0
    while done := run_one([Lane.MAIL], turn):
        turn = done.organisation_id
    assert does["seen"] == ["a0", "b0", "a1", "b1", "a2", "a3"]


def test_what_is_put_off_counts_no_failure(house: House, does: dict[str, Any]) -> None:
    def busy(_held: jobs.Claim) -> None:
        raise Later("Le dépôt est occupé.")

    does["x"] = busy
    ask(house.reseller, "x")
    for _ in range(20):
        assert run_one()
        hurry()
    row = task("x")
    assert (row.state, row.attempts, row.claims, row.error) == (
        TaskState.QUEUED,
        0,
        20,
        "Le dépôt est occupé.",
    )
    del does["x"]
    assert run_one()
    assert task("x").state == TaskState.DONE
    assert task("x").error == ""


def test_a_fault_of_all_leaves_the_kind_alone_for_a_while(house: House, does: dict[str, Any]) -> None:
    def down(_held: jobs.Claim) -> None:
        raise Later("Le serveur ne répond pas.", for_all=True)

    does["m0"] = down
    ask(house.reseller, "m0", Lane.MAIL)
    ask(house.reseller, "m1", Lane.MAIL)
    assert run_one([Lane.MAIL], 0)
    assert run_one([Lane.MAIL], 0) is None  # m1 would only meet the same
    del does["m0"]
    hurry()
    while run_one([Lane.MAIL], 0):
        pass
    assert does["seen"] == ["m0", "m0", "m1"]  # in order


def test_claims_and_kills_are_no_failures(house: House, does: dict[str, Any]) -> None:
    ask(house.reseller, "x")
    for _ in range(30):
        assert jobs.claim()  # and the worker is killed
        set_scope(EVERYTHING)
        db.session.execute(db.update(Task).values(lease_until=0))
        db.session.commit()
    assert run_one()
    row = task("x")
    assert (row.state, row.attempts, row.claims) == (TaskState.DONE, 0, 31)


def test_failures_count_since_the_last_progress(house: House, does: dict[str, Any]) -> None:
    steps = iter(range(100))

    def stumbles(held: jobs.Claim) -> None:
        number = next(steps)
        if number % 5 == 0:
            held.step(cursor=str(number))
        raise ZeroDivisionError("par zéro")

    does["x"] = stumbles
    ask(house.reseller, "x")
    for _ in range(30):
        assert run_one()
        hurry()
    assert task("x").state == TaskState.QUEUED
    does["x"] = lambda held: 1 / 0
    for _ in range(6):
        run_one()
        hurry()
    assert task("x").state == TaskState.FAILED
    assert task("x").error == "ZeroDivisionError: division by zero"


def test_a_busy_database_is_no_failure_and_shows_no_values(house: House, does: dict[str, Any]) -> None:
    def locked(_held: jobs.Claim) -> None:
        raise OperationalError("update x", {"iban": "FR76"}, Exception("database is locked"))

    does["x"] = locked
    ask(house.reseller, "x")
    assert run_one()
    assert (task("x").attempts, task("x").state) == (0, TaskState.QUEUED)
    assert "FR76" not in task("x").error


def test_a_worker_that_ends_gives_its_task_back_between_two_steps(
    house: House, does: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[int] = []

    def long(held: jobs.Claim) -> None:
        for number in range(int(held.cursor or 0), 5):
            done.append(number)
            if number == 2:
                monkeypatch.setattr(ORDERS, "stop", lambda: len(done) == 3)
            held.step(cursor=str(number + 1), done=number + 1, total=5)

    does["x"] = long
    ask(house.reseller, "x")
    assert run_one()
    assert (task("x").state, task("x").cursor, task("x").attempts) == (TaskState.QUEUED, "3", 0)
    assert run_one()
    assert done == [0, 1, 2, 3, 4]
    assert task("x").state == TaskState.DONE


def test_a_duty_that_fails_touches_no_other(house: House, monkeypatch: pytest.MonkeyPatch, at: At) -> None:
    done: list[str] = []

    def breaks() -> None:
        done.append("breaks")
        house.reseller.name = "never"
        db.session.flush()
        raise LookupError("pinned version 001-2031 is not in the library")

    table = {"a": (jobs.daily, breaks), "b": (jobs.daily, lambda: done.append("b"))}
    monkeypatch.setattr(duties, "DUTIES", table)
    for _ in range(3):
        jobs.run_periodic()
    assert done == ["breaks", "b"]  # and not again within the minute
    set_scope(EVERYTHING)
    row = db.session.scalars(db.select(Duty).where(Duty.name == "a")).one()
    assert (row.failures, row.slot) == (1, "")
    assert row.error == "LookupError: pinned version 001-2031 is not in the library"
    db.session.refresh(house.reseller)
    assert house.reseller.name == "Revendeur"
    at(MONDAY + timedelta(seconds=61))
    table["a"] = (jobs.daily, lambda: done.append("a"))
    jobs.run_periodic()
    jobs.run_periodic()
    assert done == ["breaks", "b", "a"]
    set_scope(EVERYTHING)
    db.session.expire_all()
    row = db.session.scalars(db.select(Duty).where(Duty.name == "a")).one()
    assert (row.failures, row.error, row.slot) == (0, "", "2026-11-23")


def test_the_pause_of_a_duty_grows_to_an_hour() -> None:
    row = duties.Standing(failures=1, failed_at=MONDAY)
    assert not row.may_run(MONDAY + timedelta(seconds=59))
    assert row.may_run(MONDAY + timedelta(seconds=60))
    row = row._replace(failures=40)
    assert not row.may_run(MONDAY + timedelta(minutes=59))
    assert row.may_run(MONDAY + timedelta(minutes=60))
