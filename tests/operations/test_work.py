"""The operator's page of work: red where nothing moves, with the reason and the way to go on."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import clock, jobs
from portal.access import Role
from portal.db import EVERYTHING, db, set_scope
from portal.jobs import Lane, Task, TaskState, WorkerRow, duties, enqueue, find_task, run_one
from portal.jobs.models import JOBS, LANES
from portal.operations.state import work_state
from portal.words.tasks import DUTIES as DUTY_WORDS
from portal.words.tasks import LANES as LANE_WORDS
from portal.words.tasks import TASKS as TASK_WORDS
from tests.builders import House

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """One periodic duty, which does nothing."""
    monkeypatch.setattr(duties, "DUTIES", {"vault.measure": (jobs.hourly, lambda: None)})
    monkeypatch.setattr("portal.operations.state.DUTIES", duties.DUTIES)


def alive(lane: str, seen_ms: int | None = None) -> None:
    db.session.add(WorkerRow(name=f"host:1:{lane}", lane=lane, seen_ms=seen_ms or clock.machine_ms()))
    db.session.commit()


def a_task(house: House, state: TaskState, error: str = "Le dépôt est abîmé.") -> Task:
    enqueue("vault.measure", f"x:{state}", house.reseller)
    task = find_task("vault.measure", f"x:{state}")
    assert task is not None
    task.state, task.error, task.attempts = state, error, 6
    db.session.commit()
    return task


def test_every_task_lane_and_duty_has_a_word(app: Flask) -> None:
    assert {kind for kind in JOBS if not kind.startswith("test")} == set(TASK_WORDS)
    assert {*map(str, Lane), "duties"} == set(LANE_WORDS)
    assert set(duties.DUTIES) == set(DUTY_WORDS)


def test_nobody_works_is_red(house: House, quiet: None) -> None:
    jobs.run_periodic()
    set_scope(EVERYTHING)
    assert not work_state().is_well
    alive("all")
    assert work_state().is_well
    db.session.execute(db.update(WorkerRow).values(seen_ms=clock.machine_ms() - 31_000))
    assert not work_state().is_well
    alive("duties")
    assert [lane.name for lane in work_state().lanes if lane.is_well] == ["duties"]


def test_a_duty_that_missed_its_slot_is_red(
    house: House, quiet: None, at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    alive("all")
    assert not work_state().is_well  # it was never done
    jobs.run_periodic()
    set_scope(EVERYTHING)
    assert work_state().is_well
    at(MONDAY + timedelta(hours=1))
    assert work_state().is_well  # due a moment ago, and nothing is wrong with it

    def breaks() -> None:
        raise LookupError("001-2031")

    duties.DUTIES["vault.measure"] = (jobs.hourly, breaks)
    jobs.run_periodic()
    set_scope(EVERYTHING)
    assert [(duty.failures, duty.error) for duty in work_state().duties] == [(1, "LookupError: 001-2031")]
    assert not work_state().is_well


def test_a_failed_task_says_why_and_is_run_again(house: House, browser: Browser) -> None:
    task = a_task(house, TaskState.FAILED)
    waits = a_task(house, TaskState.WAITING, "La phrase secrète n'est plus en mémoire.")
    uid = task.uid
    page = browser(house.operator).get("/work").text
    for text in ("Mesurer un coffre", "Le dépôt est abîmé.", "Attendent quelqu'un", ">Relancer<"):
        assert text in page, text
    assert ">Relancer<" not in browser(house.finance).get("/work").text
    assert browser(house.finance).post(f"/work/tasks/{uid}/run").status_code == 403
    assert browser(house.operator).post(f"/work/tasks/{uid}/run").status_code == 303
    set_scope(EVERYTHING)
    db.session.expire_all()
    assert (task.state, task.attempts, task.error) == (TaskState.QUEUED, 0, "")
    assert browser(house.operator).post(f"/work/tasks/{uid}/run").status_code == 422
    assert browser(house.operator).post(f"/work/tasks/{waits.uid}/run").status_code == 303


def test_resellers_do_not_see_the_work(house: House, browser: Browser) -> None:
    assert browser(house.people[Role.OWNER]).get("/work").status_code == 403


def test_what_is_put_off_is_shown_with_its_reason(house: House, browser: Browser) -> None:
    a_task(house, TaskState.QUEUED, "Le serveur de messagerie ne répond pas.")
    page = browser(house.operator).get("/work").text
    assert "Remises à plus tard" in page and "Le serveur de messagerie ne répond pas." in page


def test_a_task_of_a_kind_that_is_gone_is_still_shown(
    house: House, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(JOBS, "test.old", lambda _held: None)
    monkeypatch.setitem(LANES, "test.old", Lane.RUNS)
    enqueue("test.old", "x", house.reseller)
    db.session.commit()
    monkeypatch.delitem(JOBS, "test.old")
    operator = browser(house.operator)
    assert run_one() is not None
    set_scope(EVERYTHING)
    task = find_task("test.old", "x")
    assert task is not None and task.state == TaskState.QUEUED and "test.old" in task.error
    assert "test.old" in operator.get("/work").text
