"""Real processes: nothing that a person waits for waits for an export, and who dies is replaced."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select, text, update

from faults.clocks import wrong_by
from portal.accounts.models import Organisation
from portal.db import db
from portal.jobs import Task, TaskState, WorkerRow, find_task, tickets
from portal.jobs.models import JOBS, LANES, Lane, enqueue
from tests import crew_worker  # noqa: F401 (its jobs may be asked for)
from tests.builders import a_house
from tests.installation import Installation, Installs, kill

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.slow


@pytest.fixture
def place(an_installation: Installs, tmp_path: Path) -> Iterator[Installation]:
    with an_installation(tmp_path) as place:
        with place.context():
            a_house()
            db.session.commit()
        yield place


@contextmanager
def crew(place: Installation, ahead: float = 0) -> Iterator["subprocess.Popen[bytes]"]:
    """ahead: seconds by which its clock is wrong."""
    environment = {**place.environment, "WORKER_PATIENCE_SECONDS": "3"}
    clock = place.folder / "clock"
    wrong_by(clock, ahead)
    with (place.folder / "worker.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "faults.clocks", str(clock), "-m", "tests.crew_worker"],
            env=environment,
            cwd=ROOT,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            kill(process)


def ask(place: Installation, kind: str, ref: str) -> None:
    with place.context():
        owner = db.session.scalars(select(Organisation).order_by(Organisation.id)).first()
        enqueue(kind, ref, owner)
        db.session.commit()


def task(place: Installation, kind: str, ref: str) -> Task:
    with place.context():
        row = find_task(kind, ref)
        assert row is not None
        db.session.refresh(row)
        db.session.expunge(row)
        return row


def wait_for(true: Callable[[], bool], seconds: float = 30) -> float:
    """How long it took."""
    started = time.monotonic()
    while not true():
        assert time.monotonic() - started < seconds
        time.sleep(0.05)
    return time.monotonic() - started


def living(place: Installation) -> list[int]:
    """Processes that say that they live, by their rows."""
    with place.context():
        names = db.session.scalars(select(WorkerRow.name))
        return [pid for pid in (int(name.split(":")[1]) for name in names) if Path(f"/proc/{pid}").exists()]


def test_what_a_person_waits_for_waits_for_no_export(place: Installation) -> None:
    for number in range(3):  # one more than there are processes for exports
        ask(place, "test.silent", f"s{number}")
    with crew(place):
        wait_for(lambda: task(place, "test.silent", "s1").state == TaskState.RUNNING)
        for number in range(5):
            ask(place, "test.quick", f"q{number}")
        wait_for(lambda: task(place, "test.quick", "q4").state == TaskState.DONE)
        assert task(place, "test.silent", "s0").state == TaskState.RUNNING
        wait_for(lambda: task(place, "test.silent", "s2").state == TaskState.DONE)
    # four seconds of silence under a lease of two: nobody took them from whoever does them
    assert [task(place, "test.silent", f"s{n}").claims for n in range(3)] == [1, 1, 1]
    assert len((place.folder / "silent.log").read_text().split()) == 3


def test_a_worker_that_is_told_to_end_stops_between_two_steps(place: Installation) -> None:
    ask(place, "test.steps", "x")
    with crew(place) as process:
        wait_for(lambda: task(place, "test.steps", "x").done >= 3)
        process.terminate()
        assert process.wait(10) == 0
    row = task(place, "test.steps", "x")
    assert row.state == TaskState.QUEUED and 3 <= int(row.cursor) < 100
    assert row.attempts == 0
    assert living(place) == []
    with place.context():
        assert db.session.scalars(select(WorkerRow)).all() == []  # they have signed off


def test_who_dies_is_replaced_and_the_work_goes_on(place: Installation) -> None:
    with crew(place) as process:
        wait_for(lambda: len(living(place)) >= len(Lane) + 3)  # two prompt, two exports, the duties
        ask(place, "test.dies", "x")
        wait_for(lambda: task(place, "test.dies", "x").state == TaskState.DONE)
        row = task(place, "test.dies", "x")
        assert (row.claims, row.attempts) == (2, 0)
        os.kill(process.pid, signal.SIGKILL)  # the parent alone
        wait_for(lambda: not living(place))  # its children do not stay behind


@pytest.mark.server
def test_a_clock_that_was_a_day_ahead_holds_nothing(place: Installation) -> None:
    """Killed meanwhile: what they held, and what they had put off, goes on within seconds all the same."""
    ask(place, "test.silent", "held")
    ask(place, "test.busy", "put-off")
    with crew(place, ahead=86_400) as process:
        wait_for(lambda: task(place, "test.silent", "held").state == TaskState.RUNNING)
        wait_for(lambda: bool(task(place, "test.busy", "put-off").put_off_ms))
        kill(process)
    with place.context():  # as if they had been of another machine, whose dead nobody buries
        db.session.execute(update(Task).where(Task.kind == "test.silent").values(owner="elsewhere:1:x"))
        db.session.commit()
    (place.folder / "free").touch()
    with crew(place):
        wait_for(lambda: task(place, "test.silent", "held").state == TaskState.DONE)
        wait_for(lambda: task(place, "test.busy", "put-off").state == TaskState.DONE)


def test_work_that_nobody_is_woken_for_is_found(place: Installation) -> None:
    """As after a restore: the tickets are gone, and one is held by a worker that is no more."""
    with crew(place):
        wait_for(lambda: len(living(place)) >= len(Lane) + 3)
        with place.context():
            owner = db.session.scalars(select(Organisation).order_by(Organisation.id)).first()
            enqueue("test.quick", "x", owner)
            if tickets.are_used():
                db.session.execute(text("delete from procrastinate_jobs where task_name = 'ticket'"))
                held = "insert into procrastinate_jobs (queue_name, task_name, status)"
                db.session.execute(text(f"{held} values ('mail', 'ticket', 'doing')"))
            db.session.commit()
        wait_for(lambda: task(place, "test.quick", "x").state == TaskState.DONE)
        wait_for(lambda: held_by_nobody(place) == 0)


def held_by_nobody(place: Installation) -> int:
    with place.context():
        if not tickets.are_used():
            return 0
        query = "select count(*) from procrastinate_jobs where status = 'doing' and worker_id is null"
        return int(db.session.scalar(text(query)) or 0)


def test_the_jobs_of_the_test_are_known() -> None:
    assert {LANES[kind] for kind in JOBS if kind.startswith("test.")} >= {Lane.EXPORTS, Lane.PROMPT}
