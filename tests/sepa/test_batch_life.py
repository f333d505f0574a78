"""A batch after its file: two people, the bank, or a cancellation."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from portal.access import Role
from portal.db import EVERYTHING, db, set_scope
from portal.errors import Conflict, Refused
from portal.journal import SYSTEM, JournalEntry
from portal.sepa.models import Batch, Collection, Mandate
from tests.builders import PASSWORD, House, a_user, stored, work
from tests.conftest import MONDAY
from tests.sepa.people import a_collection, a_signed_mandate, freeze_batch, the_entity
from tests.sepa.test_batch import DUE, TODAY, _together


def a_batch(house: House, by=None, amount_cents: int = 12345) -> Batch:
    a_collection(a_signed_mandate(house), amount_cents=amount_cents)
    batch = freeze_batch(the_entity(), "CORE", DUE, by or house.finance)
    db.session.commit()
    work()
    return stored(batch)


def a_second(house: House):
    user = a_user(house.provider, Role.FINANCE, "Deuxième")
    user.email = "second@house.example"
    db.session.commit()
    return user


def press(client, batch: Batch, what: str, **data: str):
    return client.post(f"/sepa/batches/{batch.uid}/{what}", data=data, buffered=True)


def confirm(client, password: str = PASSWORD):
    return client.post("/password", data={"password": password, "next": "/sepa/batches"})


def test_two_people_and_then_the_bank(house: House, browser) -> None:
    batch = a_batch(house)
    first, second = browser(house.finance), browser(a_second(house))
    assert "deuxième personne" in first.get(f"/sepa/batches/{batch.uid}").text
    refused = press(first, batch, "release")
    assert refused.status_code == 422
    assert "deuxième personne" in refused.text
    assert stored(batch).state == "exported"
    assert press(second, batch, "sending", on="2026-11-23").status_code == 409
    assert press(second, batch, "release").status_code == 303
    assert stored(batch).state == "released"
    assert press(second, batch, "release").status_code == 409
    for wrong in ("2026-11-24", "2026-11-22", "demain", ""):
        assert press(first, batch, "sending", on=wrong).status_code == 422
    assert press(first, batch, "sending", on="2026-11-23").status_code == 303
    assert (stored(batch).state, batch.sent_on) == ("sent", TODAY)
    assert press(first, batch, "cancellation").status_code == 409
    events = db.session.scalars(
        select(JournalEntry.what).where(JournalEntry.subject_uid == batch.uid).order_by(JournalEntry.id)
    )
    assert list(events) == ["freeze", "export", "confirm_order", "release", "send"]


def test_what_the_portal_froze_is_read_by_one_and_released_by_another(house: House, browser) -> None:
    batch = a_batch(house, by=SYSTEM)
    first, second = browser(house.finance), browser(a_second(house))
    assert press(first, batch, "release").status_code == 422
    assert press(first, batch, "reading").status_code == 303
    assert press(second, batch, "reading").status_code == 422
    assert press(first, batch, "release").status_code == 422
    assert press(second, batch, "release").status_code == 303
    with pytest.raises(Refused, match="jamais par le portail"):
        stored(batch).release(by=SYSTEM)


def test_the_file_asks_for_the_password_again_for_five_minutes(house: House, browser, at) -> None:
    batch = a_batch(house)
    client = browser(house.finance, confirmed=False)
    asked = press(client, batch, "file")
    assert asked.location == f"/password?next=/sepa/batches/{batch.uid}"
    assert confirm(client, "wrong").status_code == 422
    assert press(client, batch, "file").status_code == 303
    assert confirm(client).location == "/sepa/batches"
    file = press(client, batch, "file")
    assert b"pain.008.001.08" in file.data
    at(MONDAY + timedelta(minutes=4, seconds=59))
    assert press(client, batch, "file").status_code == 200
    at(MONDAY + timedelta(minutes=5))
    assert press(client, batch, "file").status_code == 303
    query = select(JournalEntry).where(JournalEntry.what == "download")
    found = db.session.scalars(query).all()
    assert [entry.details["sha256"] for entry in found] == [batch.sha256] * 2
    assert {entry.by_user_id for entry in found} == {house.finance.id}


def test_a_wrong_password_is_throttled(house: House, browser) -> None:
    client = browser(house.finance)
    answers = [confirm(client, "wrong").status_code for _ in range(7)]
    assert answers[:5] == [422] * 5
    assert answers[-1] == 429
    assert confirm(client).status_code == 429


def test_a_confirmed_password_is_of_one_session(house: House, browser) -> None:
    batch = a_batch(house)
    assert confirm(browser(house.finance)).status_code == 303
    assert press(browser(house.finance, confirmed=False), batch, "file").status_code == 303


@pytest.mark.parametrize(("cents", "leaves"), [(1_000_000, True), (1_000_001, False)])
def test_above_the_limit_the_file_waits_for_two(house: House, browser, cents: int, leaves: bool) -> None:
    batch = a_batch(house, amount_cents=cents)
    client = browser(house.finance)
    confirm(client)
    assert press(client, batch, "file").status_code == (200 if leaves else 422)
    assert press(browser(a_second(house)), batch, "release").status_code == 303
    assert press(client, batch, "file").status_code == 200


def test_the_file_has_no_other_door(house: House, browser) -> None:
    batch = a_batch(house)
    path = f"/documents/{batch.document.uid}"
    for person in (house.finance, house.technician, house.operator):
        assert browser(person).get(path).status_code == 403


def test_a_cancelled_batch_gives_its_rows_back(house: House, browser) -> None:
    batch = a_batch(house)
    old, sha = batch.uid, batch.sha256
    client = browser(house.finance)
    assert stored(db.session.scalars(select(Mandate)).one()).last_presented_on == DUE
    assert press(client, batch, "cancellation").status_code == 303
    assert (stored(batch).state, batch.sha256) == ("cancelled", sha)
    row = stored(db.session.scalars(select(Collection)).one())
    assert (row.state, row.batch_id, row.problem(TODAY)) == ("announced", None, None)
    assert row.mandate.last_presented_on is None
    confirm(client)
    assert press(client, batch, "file").status_code == 422
    assert "annulée" in client.get(f"/sepa/batches/{old}").text
    again = freeze_batch(the_entity(), "CORE", DUE, house.finance)
    db.session.commit()
    assert again.msg_id != batch.msg_id
    for what in ("release", "cancellation"):
        assert press(client, batch, what).status_code in {409, 422}


def test_a_date_that_has_become_impossible_is_told(house: House, browser, at) -> None:
    batch = a_batch(house)
    at(MONDAY + timedelta(days=12))  # three days before the debit, the weekend between
    client = browser(house.finance)
    assert press(client, batch, "cancellation").status_code == 303
    assert "demande une nouvelle date" in client.get(f"/sepa/batches/{batch.uid}").text
    row = db.session.scalars(select(Collection)).one()
    assert "Trop tard" in row.problem(date(2026, 12, 5))
    assert client.post(f"/sepa/collections/{row.uid}/new-date").status_code == 303


def test_cancelled_before_the_file_there_is_no_file(house: House, browser) -> None:
    a_collection(a_signed_mandate(house))
    batch = freeze_batch(the_entity(), "CORE", DUE, house.finance)
    db.session.commit()
    assert press(browser(house.finance), batch, "cancellation").status_code == 303
    work()
    assert (stored(batch).state, batch.document_id) == ("cancelled", None)


def test_once_the_bank_has_answered_nothing_is_cancelled(house: House) -> None:
    batch = a_batch(house)
    row = db.session.scalars(select(Collection)).one()
    row.state = "cancelled"  # stands for every state after the export
    db.session.commit()
    with pytest.raises(Conflict, match="déjà répondu"):
        batch.cancel(by=house.finance)


def test_the_rows_as_csv_show_no_account(house: House, browser) -> None:
    batch = a_batch(house)
    row = db.session.scalars(select(Collection)).one()
    row.reference = "=1+1"
    db.session.commit()
    text = browser(house.operator).get(f"/sepa/batches/{batch.uid}/rows.csv").text
    assert "123,45" in text and "0189" in text and "'=1+1" in text
    assert "FR7630006000011234567890189" not in text


@pytest.mark.slow
def test_released_and_cancelled_at_once_is_one_of_both(island) -> None:
    from tests.builders import a_house

    house = a_house()
    batch = a_batch(house)
    uid, second = batch.uid, a_second(house).id
    db.session.rollback()

    def act(n: int) -> str:
        from portal.accounts.models import User

        batch = db.session.scalars(select(Batch).where(Batch.uid == uid).with_for_update()).one()
        person = db.session.get_one(User, second)
        if n:
            batch.release(by=person)
        else:
            batch.cancel(by=person)
        own = batch.state.value  # after the commit it may be the other one's
        db.session.commit()
        return own

    results = _together(island, 2, act)
    set_scope(EVERYTHING)
    states = [r for r in results if isinstance(r, str)]
    assert states in (["cancelled"], ["cancelled", "released"])  # released first, then cancelled
    assert db.session.scalars(select(Batch.state)).one() == "cancelled"


@pytest.mark.slow
def test_four_releases_at_once_are_one(island) -> None:
    from portal.accounts.models import User
    from tests.builders import a_house

    house = a_house()
    batch = a_batch(house)
    uid, second = batch.uid, a_second(house).id
    db.session.rollback()

    def release(_n: int) -> str:
        batch = db.session.scalars(select(Batch).where(Batch.uid == uid).with_for_update()).one()
        batch.release(by=db.session.get_one(User, second))
        db.session.commit()
        return "released"

    results = _together(island, 4, release)
    assert results.count("released") == 1
    query = select(JournalEntry).where(JournalEntry.what == "release")
    assert len(db.session.scalars(query).all()) == 1
