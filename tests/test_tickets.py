"""On PostgreSQL a task that is free has a ticket that wakes a worker; on SQLite there are no tickets."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import text

from portal import jobs
from portal.db import EVERYTHING, db, set_scope
from portal.jobs import Lane, Later, enqueue, find_task, resume, run_one, tickets, waking
from portal.jobs.models import JOBS, LANES, enqueue_first
from portal.leaves import leaves_together
from tests.builders import House


@pytest.fixture
def act(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Callable[[], None]]]:
    """What the task of the tests does: the last of these."""
    acts: list[Callable[[], None]] = [lambda: None]
    monkeypatch.setitem(JOBS, "test.woken", lambda _claim: acts[-1]())
    monkeypatch.setitem(LANES, "test.woken", Lane.PAPERS)
    yield acts


def ask(owner: Any, ref: str) -> None:
    set_scope(EVERYTHING)
    enqueue("test.woken", ref, owner)


def count(when: str = "true") -> int:
    set_scope(EVERYTHING)
    if not tickets.are_used():
        return 0
    query = f"select count(*) from procrastinate_jobs where queue_name = 'papers' and {when}"
    return int(db.session.scalar(text(query)) or 0)


def on_postgresql(number: int) -> int:
    """So many tickets there, and none where nobody needs them."""
    return number if tickets.are_used() else 0


def raises(error: Exception) -> Callable[[], None]:
    def act() -> None:
        raise error

    return act


def test_the_ticket_is_part_of_the_transaction_that_asks(house: House, act: list[Callable[[], None]]) -> None:
    db.session.commit()
    ask(house.reseller, "x")
    assert count() == on_postgresql(1)
    db.session.rollback()
    assert count() == 0
    for _each in range(2):
        ask(house.reseller, "x")
    db.session.commit()
    assert count("status = 'todo' and scheduled_at is null") == on_postgresql(1)


def test_what_is_put_off_or_asked_for_again_has_a_ticket_for_its_time(
    house: House, act: list[Callable[[], None]]
) -> None:
    ask(house.reseller, "x")
    db.session.commit()
    act.append(raises(Later("busy")))
    assert run_one([Lane.PAPERS])
    set_scope(EVERYTHING)
    task = find_task("test.woken", "x")
    assert task is not None and task.not_before > time.time() * 1000
    at = f"abs(extract(epoch from scheduled_at) * 1000 - {task.not_before}) < 2"
    assert count(at) == on_postgresql(1)
    act.append(raises(jobs.Wait("a passphrase")))
    db.session.execute(db.update(jobs.Task).values(not_before=0))
    db.session.commit()
    assert run_one([Lane.PAPERS])
    before = count()
    resume("test.woken", "x")
    assert count() == before + on_postgresql(1)
    resume("test.woken", "x")  # it waits no more
    assert count() == before + on_postgresql(1)


def test_missing_tickets_are_made_up_for_and_no_more(house: House, act: list[Callable[[], None]]) -> None:
    for number in range(5):
        ask(house.reseller, f"x{number}")
    db.session.execute(db.update(jobs.Task).where(jobs.Task.ref == "x4").values(not_before=2**53))
    if tickets.are_used():
        db.session.execute(text("delete from procrastinate_jobs"))
    db.session.commit()
    for _each in range(2):
        waking.make_up()
        assert count() == on_postgresql(4)


def test_what_is_written_together_has_its_tickets_together(
    house: House, act: list[Callable[[], None]]
) -> None:
    set_scope(EVERYTHING)
    with leaves_together():
        for number in range(3):
            enqueue_first("test.woken", f"x{number}", house.reseller)
        assert count() == 0
    assert count("status = 'todo'") == on_postgresql(3)
    enqueue_first("test.woken", "alone", house.reseller)
    assert count() == on_postgresql(4)
