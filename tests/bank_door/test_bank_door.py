"""The bank door: what two people let go leaves once, an answer is booked once, the rest is told."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.bank_door.jobs import look
from portal.bank_door.models import BankDoor, DoorFile
from portal.db import EVERYTHING, db, set_scope
from portal.sepa.models import Batch, Collection, CollectionState
from portal.sepa.models.bank import BankFile, BankRecord
from portal.sepa.models.batch import BatchState
from tests.builders import House, an_outsider, stored, work
from tests.sepa.bank_files import Back, camt
from tests.sepa.people import the_entity
from tests.sepa.raw_bank_files import camt as statement
from tests.sepa.test_batch_life import a_batch, a_second, press
from tests.sepa.test_returns import exported
from tests.wires.builders import wire

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]


@pytest.fixture
def root(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setitem(app.config, "BANK_DOOR_DIR", str(tmp_path))
    return tmp_path / "banque"


def open_door(client: FlaskClient, folder: str = "banque", state: str = "y") -> int:
    form = {"folder": folder} | ({"is_open": state} if state else {})
    return client.post(f"/bank-door/{the_entity().uid}", data=form).status_code


def live(at: At, **later: int) -> None:
    """The minute of the duty, then the worker."""
    at(clock.now() + timedelta(**later or {"minutes": 1}))
    set_scope(EVERYTHING)
    look()
    db.session.commit()
    work()
    set_scope(EVERYTHING)
    db.session.expire_all()


def files() -> list[DoorFile]:
    return list(db.session.scalars(db.select(DoorFile).order_by(DoorFile.id)))


def outbox(root: Path) -> list[str]:
    return sorted(each.name for each in (root / "outbox").iterdir())


def test_a_batch_leaves_after_two_people_and_once(house: House, browser: Browser, at: At, root: Path) -> None:
    batch = a_batch(house)
    live(at)
    assert not root.exists(), "shut until somebody opens it"
    assert open_door(browser(house.operator)) == 303
    live(at)
    assert outbox(root) == [], "one person alone lets nothing leave"
    assert press(browser(a_second(house)), batch, "release").status_code == 303
    live(at)
    assert outbox(root) == [f"{batch.msg_id}.xml"]
    assert (stored(batch).state, batch.sent_on) == (BatchState.SENT, date(2026, 11, 23))
    written = (root / "outbox" / f"{batch.msg_id}.xml").read_bytes()
    assert written.startswith(b"<?xml") and batch.msg_id.encode() in written
    page = browser(house.finance).get("/bank-door").text
    assert f"{batch.msg_id}.xml" in page and "déposé pour la banque" in page
    live(at, hours=5)
    assert "Fichier déposé pour la banque" in browser(house.finance).get("/").text
    (root / "outbox" / f"{batch.msg_id}.xml").unlink()
    live(at)
    live(at)
    assert outbox(root) == [] and [row.state for row in files()] == ["door_fetched"]


def test_what_somebody_has_taken_out_by_hand_does_not_leave_again(
    house: House, browser: Browser, at: At, root: Path
) -> None:
    batch = a_batch(house)
    second = browser(a_second(house))
    press(second, batch, "release")
    assert press(second, batch, "file").status_code == 200
    open_door(browser(house.operator))
    live(at)
    assert outbox(root) == [] and stored(batch).state == BatchState.RELEASED


def test_an_answer_is_booked_once_when_it_stands_still(
    house: House, browser: Browser, at: At, root: Path
) -> None:
    _batch, (debit,) = exported(house)
    open_door(browser(house.operator))
    at(datetime(2026, 12, 10, 9, tzinfo=UTC))
    data = camt([Back(debit.end_to_end_id, debit.amount_cents, rum=debit.mandate.rum)])
    inbox = root / "inbox"
    (inbox / "retour.xml").write_bytes(data[:200])
    live(at)
    (inbox / "retour.xml").write_bytes(data[:400])
    live(at)
    assert db.session.scalars(db.select(BankFile)).all() == [], "it still grows"
    live(at)
    assert [row.state for row in files()] == ["door_broken"] and (inbox / "retour.xml").exists()
    live(at, hours=2)
    finance = browser(house.finance)
    assert "incomplet ou illisible" in finance.get("/").text
    (inbox / "retour.xml").write_bytes(data)
    live(at)
    live(at)
    assert stored(debit).state == CollectionState.RETURNED
    (row,) = files()
    assert row.state == "door_read" and not (inbox / "retour.xml").exists()
    assert [each.name for each in (root / "done").iterdir()] == [f"{row.uid}-retour.xml"]
    (inbox / "encore.xml").write_bytes(data)
    live(at)
    live(at)
    assert len(db.session.scalars(db.select(BankRecord)).all()) == 1, "the same file twice is nothing"
    page = finance.get(f"/bank-door/files/{row.uid}").text
    assert f"/sepa/returns/{row.bank_file.uid}" in page
    assert browser(an_outsider(house)).get(f"/bank-door/files/{row.uid}").status_code == 403


def test_a_half_written_file_waits_under_its_name_and_a_foreign_one_is_told_and_set_aside(
    house: House, browser: Browser, at: At, root: Path
) -> None:
    open_door(browser(house.operator))
    (root / "inbox" / "a.xml.part").write_bytes(statement(wire(100, "X")))
    foreign = camt([Back("E", 100)], iban="FR1420041010050500013M02606")
    (root / "inbox" / "b.xml").write_bytes(foreign)
    (root / "inbox" / "lien.xml").symlink_to("/etc/passwd")
    live(at)
    live(at)
    live(at)
    assert [(row.name, row.state) for row in files()] == [
        ("a.xml.part", "door_arriving"),
        ("b.xml", "door_refused"),
    ]
    assert [each.name.endswith("b.xml") for each in (root / "refused").iterdir()] == [True]
    finance = browser(house.finance)
    assert "autre compte" in finance.get("/").text
    refused = files()[1]
    assert finance.post(f"/bank-door/files/{refused.uid}/closing").status_code == 303
    assert stored(refused).state == "door_closed"


def test_a_folder_is_tried_before_the_door_opens(house: House, browser: Browser, at: At, root: Path) -> None:
    operator = browser(house.operator)
    for wrong in ("../etc", "a/b", "", "É"):
        assert open_door(operator, wrong) == 422
    root.write_text("a file where the folder should be")
    assert open_door(operator) == 422
    root.unlink()
    assert open_door(operator) == 303 and open_door(operator, "autre") == 422
    assert open_door(operator, state="") == 303
    door = db.session.scalars(db.select(BankDoor)).one()
    assert stored(door).is_open is False
    assert browser(house.finance).get(f"/bank-door/{the_entity().uid}").status_code == 403


def test_a_folder_that_is_gone_is_told_and_what_waited_leaves_afterwards(
    house: House, browser: Browser, at: At, root: Path
) -> None:
    batch = a_batch(house)
    operator = browser(house.operator)
    open_door(operator)
    root.rename(root.with_name("away"))
    root.write_text("")
    press(browser(a_second(house)), batch, "release")
    live(at)
    door = db.session.scalars(db.select(BankDoor)).one()
    assert door.fault and stored(batch).state == BatchState.RELEASED
    at(clock.now() + timedelta(hours=2))
    assert "ne répond pas" in browser(house.operator).get("/").text
    root.unlink()
    db.session.execute(db.text("update task set not_before = 0"))
    live(at)
    assert outbox(root) == [f"{batch.msg_id}.xml"] and stored(door).fault == ""
    assert db.session.scalars(db.select(Batch.state)).one() == BatchState.SENT
    assert db.session.scalars(db.select(Collection)).all()
