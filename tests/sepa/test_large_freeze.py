"""A freeze of many debits is a task of the worker; the cockpit shows it until it is done."""

import pytest

from portal.db import db
from portal.jobs import Task, TaskState
from portal.journal import SYSTEM
from portal.sepa.batches import views as batch_views
from portal.sepa.batches.large_freeze import FREEZE, due_count, latest_freeze
from portal.sepa.models import Batch
from tests.builders import House, stored, work
from tests.sepa.people import a_collection, a_signed_mandate, the_entity
from tests.sepa.test_batch import DUE


@pytest.fixture(autouse=True)
def two_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_views, "AT_ONCE", 1)


def ask(client):
    asked = {"entity": the_entity().uid, "scheme": "CORE", "through": DUE.isoformat()}
    return client.post("/sepa/batches", data=asked)


def the_task() -> Task:
    return stored(db.session.scalars(db.select(Task).where(Task.kind == FREEZE)).one())


def test_many_debits_are_frozen_by_the_worker(house: House, browser) -> None:
    mandate = a_signed_mandate(house)
    rows = [a_collection(mandate, source_uid=str(number)) for number in range(3)]
    client = browser(house.finance)
    assert due_count(the_entity(), "CORE", DUE) == 3
    assert ask(client).headers["Location"] == "/sepa/collections"
    task = the_task()
    assert (task.state, task.total) == (TaskState.QUEUED, 3)
    page = client.get("/sepa/collections").text
    assert f"/sepa/freezes/{task.uid}" in page and "Figer la remise" not in page
    assert ask(client).status_code == 409
    assert client.get(f"/sepa/freezes/{task.uid}").status_code == 200
    work()
    answer = client.get(f"/sepa/freezes/{task.uid}")
    assert (answer.status_code, answer.headers["HX-Refresh"]) == (286, "true")
    batch = db.session.scalars(db.select(Batch)).one()
    assert (batch.count, batch.frozen_by_id) == (3, house.finance.id)
    assert {stored(row).batch_id for row in rows} == {batch.id}
    assert latest_freeze(the_entity(), "CORE") is None


def test_a_freeze_that_is_refused_says_why_and_may_be_asked_again(house: House, browser) -> None:
    mandate = a_signed_mandate(house)
    rows = [a_collection(mandate, source_uid=str(number)) for number in range(2)]
    client = browser(house.finance)
    ask(client)
    for row in rows:
        row.hold("contestée", by=SYSTEM)
    third = a_collection(mandate, source_uid="third", notice_days=40)
    third.notice_days, third.due_on = 60, DUE  # announced too late for its date
    db.session.commit()
    work()
    assert the_task().state == TaskState.FAILED
    page = client.get("/sepa/collections").text
    assert "rien n" in page and "Aucun prélèvement à remettre" in page
    for row in rows:
        stored(row).unhold(by=SYSTEM)
    db.session.commit()
    assert ask(client).status_code == 303


def test_a_freeze_done_but_not_noted_is_not_done_again(house: House, browser) -> None:
    mandate = a_signed_mandate(house)
    for number in range(2):
        a_collection(mandate, source_uid=str(number))
    ask(browser(house.finance))
    work()
    task = the_task()
    task.state, task.lease_until = TaskState.RUNNING, 0  # killed between its commit and its last note
    late = a_collection(mandate, source_uid="late")
    db.session.commit()
    work()
    assert the_task().state == TaskState.DONE
    assert stored(late).batch_id is None


def test_another_reseller_sees_nothing(house: House, browser) -> None:
    mandate = a_signed_mandate(house)
    for number in range(2):
        a_collection(mandate, source_uid=str(number))
    ask(browser(house.finance))
    assert browser(house.owner).get(f"/sepa/freezes/{the_task().uid}").status_code in (403, 404)
    assert browser(house.operator).get("/sepa/freezes/nothing").status_code == 404
