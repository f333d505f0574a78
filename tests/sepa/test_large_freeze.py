"""A freeze of many debits is a task of the worker; the cockpit shows it until it is done."""

import hashlib
import io
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import current_app

from portal.db import db, set_scope
from portal.jobs import Task, TaskState, claims, run_one, run_periodic
from portal.journal import SYSTEM
from portal.mail import Mail
from portal.sepa.batches import schedule
from portal.sepa.batches import views as batch_views
from portal.sepa.batches.export import write_batch
from portal.sepa.batches.large_freeze import FREEZE, due_count, latest_freeze
from portal.sepa.models import (
    Batch,
    BatchState,
    Collection,
    CollectionState,
    Mandate,
    freeze_batches,
    freezing,
)
from tests.builders import House, a_customer, stored, work
from tests.conftest import MONDAY
from tests.sepa.people import IBAN, OTHER_IBAN, a_collection, a_signed_mandate, the_entity
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


# In steps: two rows in each, the worker killed behind any of them.


class Killed(BaseException):
    """The process is gone: nobody cleans up."""


@pytest.fixture
def two_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freezing, "STEP", 2)


def killed_after(steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker commits so many steps and dies."""
    step, left = claims.Claim.step, [steps]

    def last(claim: claims.Claim, **values: object) -> None:
        if not left[0]:
            raise Killed
        left[0] -= 1
        step(claim, **values)

    db.session.commit()
    with monkeypatch.context() as patch:
        patch.setattr(claims.Claim, "step", last)
        with pytest.raises(Killed), current_app.app_context():
            run_one()
    set_scope("/")
    db.session.execute(db.update(Task).where(Task.kind == FREEZE).values(lease_until=0))
    db.session.commit()


def seven_rows(house: House) -> None:
    """Of two mandates, in an order that mixes them; the bank takes three rows in one file."""
    entity = the_entity()
    entity.max_rows, entity.writes_first = 3, True
    mandates = [
        a_signed_mandate(house, a_customer(house.reseller, name=name, siren=None), iban)
        for name, iban in (("Un", IBAN), ("Deux", OTHER_IBAN))
    ]
    for number in range(7):
        row = a_collection(mandates[number % 2], source_uid=str(number), amount_cents=100 + number)
        row.due_on += timedelta(days=number % 3)
    work()


def batches() -> list[Batch]:
    set_scope("/")
    db.session.rollback()
    query = db.select(Batch).where(Batch.state != BatchState.CANCELLED)
    return list(db.session.scalars(query.order_by(Batch.id)))


def files() -> list[str]:
    """What would be written now, without what names the message and its instant."""
    found = []
    for batch in batches():
        out = io.BytesIO()
        write_batch(batch, out)
        text = out.getvalue().replace(stored(batch).msg_id.encode(), b"MSG")
        found.append(hashlib.sha256(re.sub(rb"<CreDtTm>[^<]*", b"", text)).hexdigest())
    return found


def in_one_go(house: House) -> list[str]:
    """The files of the same rows frozen in one transaction; the batches are cancelled again."""
    freeze_batches(the_entity(), "CORE", DUE + timedelta(days=9), house.finance)
    db.session.commit()
    wanted = files()
    for batch in batches():
        stored(batch).cancel(by=house.finance)
        db.session.commit()
    work()
    return wanted


def ask_all(client):
    asked = {"entity": the_entity().uid, "scheme": "CORE", "through": (DUE + timedelta(days=9)).isoformat()}
    return client.post("/sepa/batches", data=asked)


def states() -> dict[str, int]:
    set_scope("/")
    db.session.rollback()
    return dict(
        db.session.execute(db.select(Collection.state, db.func.count()).group_by(Collection.state)).all()
    )


@pytest.mark.parametrize("steps", [1, 2, 4, 5])
def test_killed_behind_any_step_it_gives_the_same_files(
    house: House, browser, monkeypatch: pytest.MonkeyPatch, two_a_step: None, steps: int
) -> None:
    seven_rows(house)
    wanted = in_one_go(house)
    client = browser(house.finance)
    assert ask_all(client).status_code == 303
    killed_after(steps, monkeypatch)
    pages = client.get("/sepa/batches").text + client.get("/sepa/collections").text
    making = batches()
    assert not any(batch.msg_id in pages for batch in making)
    assert {batch.state for batch in making} == {BatchState.MAKING}
    for batch in making:
        assert client.get(f"/sepa/batches/{batch.uid}").status_code == 404
        assert client.post(f"/sepa/batches/{batch.uid}/release").status_code == 404
        assert client.get(f"/sepa/batches/{batch.uid}/rows.csv").status_code == 404
    assert ask_all(client).status_code == 409
    with current_app.app_context():
        run_one()
    assert [batch.count for batch in batches()] == [3, 3, 1]
    assert files() == wanted
    work()
    assert states() == {CollectionState.EXPORTED: 7}


def test_given_up_it_gives_everything_back(
    house: House, browser, monkeypatch: pytest.MonkeyPatch, two_a_step: None
) -> None:
    seven_rows(house)
    client = browser(house.finance)
    ask_all(client)
    killed_after(3, monkeypatch)
    assert states() == {CollectionState.ANNOUNCED: 3, CollectionState.FROZEN: 4}
    path = f"/sepa/freezes/{the_task().uid}"
    assert "Abandonner le gel" in client.get("/sepa/collections").text
    assert browser(house.owner).post(f"{path}/cancellation").status_code in (403, 404)
    assert client.post(f"{path}/cancellation").status_code == 303
    work()
    assert states() == {CollectionState.ANNOUNCED: 7}
    assert db.session.scalars(db.select(Batch)).all() == []
    assert {mandate.last_presented_on for mandate in db.session.scalars(db.select(Mandate))} == {None}
    assert {row.sequence_type for row in db.session.scalars(db.select(Collection))} == {"RCUR"}
    assert client.post(f"{path}/cancellation").status_code == 422
    assert ask_all(client).status_code == 303
    work()
    assert states() == {CollectionState.EXPORTED: 7}


def test_given_up_before_it_began_it_does_nothing(house: House, browser) -> None:
    seven_rows(house)
    client = browser(house.finance)
    ask_all(client)
    assert client.post(f"/sepa/freezes/{the_task().uid}/cancellation").status_code == 303
    work()
    assert states() == {CollectionState.ANNOUNCED: 7}
    assert (the_task().state, db.session.scalars(db.select(Batch)).all()) == (TaskState.DONE, [])


def test_what_was_judged_for_another_day_is_judged_anew(
    house: House, browser, at: Callable, monkeypatch: pytest.MonkeyPatch, two_a_step: None
) -> None:
    seven_rows(house)
    the_entity().max_rows = 100
    ask_all(browser(house.finance))
    killed_after(3, monkeypatch)
    at(MONDAY + timedelta(days=11))  # too late for the bank, but for what is due on the last days
    work()
    frozen_on = {batch.frozen_on for batch in db.session.scalars(db.select(Batch))}
    assert frozen_on == {(MONDAY + timedelta(days=11)).date()}
    rows = db.session.scalars(db.select(Collection).where(Collection.batch_id.is_not(None))).all()
    assert 0 < len(rows) < 7
    assert all(row.hand_in_by >= (MONDAY + timedelta(days=11)).date() for row in rows)


def test_the_portal_freezes_many_by_the_same_task_and_tells_finance(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    seven_rows(house)
    monkeypatch.setattr(schedule, "AT_ONCE", 1)
    the_entity().freeze_day = 23
    db.session.commit()
    run_periodic()
    set_scope("/")
    assert db.session.scalars(db.select(Batch)).all() == []
    work()
    batches = db.session.scalars(db.select(Batch)).all()
    assert {batch.frozen_by_id for batch in batches} == {None}
    told = db.session.scalars(db.select(Mail.subject_uid).where(Mail.recipient == house.finance.email))
    assert set(told) == {batch.uid for batch in batches}
