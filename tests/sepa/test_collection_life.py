"""A debit before its batch: held, let go, split; and the limits that cut a batch."""

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from portal.db import db
from portal.mail import Mail
from portal.sepa.models import Collection, freeze_batches
from tests.builders import House, stored
from tests.conftest import MONDAY
from tests.sepa.people import a_collection, a_signed_mandate, the_entity
from tests.sepa.test_batch import DUE


def press(client, row: Collection, what: str, **data: str):
    return client.post(f"/sepa/collections/{row.uid}/{what}", data=data)


def mails(row: Collection) -> int | None:
    return db.session.scalar(select(func.count()).select_from(Mail).where(Mail.subject_uid == row.uid))


def test_held_with_a_reason_and_let_go(house: House, browser) -> None:
    row = a_collection(a_signed_mandate(house))
    client = browser(house.finance)
    assert press(client, row, "hold", reason=" ").status_code == 422
    assert press(client, row, "hold", reason="Facture contestée").status_code == 303
    assert (stored(row).state, row.hold_reason) == ("held", "Facture contestée")
    assert "Facture contestée" in client.get("/sepa/collections").text
    asked = {"entity": the_entity().uid, "scheme": "CORE", "through": "2026-12-07"}
    assert client.post("/sepa/batches", data=asked).status_code == 422
    assert press(client, row, "hold", reason="encore").status_code == 409
    assert press(client, row, "unhold").status_code == 303
    assert (stored(row).state, row.due_on, mails(row)) == ("announced", DUE, 1)
    assert press(client, row, "unhold").status_code == 409


def test_let_go_too_late_it_is_announced_anew(house: House, browser, at) -> None:
    row = a_collection(a_signed_mandate(house))
    client = browser(house.finance)
    press(client, row, "hold", reason="x")
    at(MONDAY + timedelta(days=12))
    row_page = press(browser(house.finance), row, "unhold")
    assert row_page.status_code == 303
    assert (stored(row).due_on, mails(row)) == (date(2026, 12, 21), 2)


def test_split_in_two_dates_that_sum_up(house: House, browser) -> None:
    row = a_collection(a_signed_mandate(house))
    client = browser(house.finance)
    wrong = [
        ("0", "2026-12-14"),
        ("12345", "2026-12-14"),
        ("100", "2026-12-07"),
        ("x", "2026-12-14"),
        ("100", ""),
    ]
    for cents, day in wrong:
        assert press(client, row, "split", first_cents=cents, second_on=day).status_code == 422
    assert press(client, row, "split", first_cents="123,44", second_on="2026-12-25").status_code == 303
    first, second = db.session.scalars(select(Collection).order_by(Collection.id)).all()
    assert [(one.amount_cents, one.due_on) for one in (first, second)] == [
        (12344, DUE),
        (1, date(2026, 12, 28)),
    ]
    assert first.end_to_end_id != second.end_to_end_id
    assert (mails(first), mails(second)) == (2, 1)


def test_less_may_be_debited_than_was_announced_never_more(house: House, browser) -> None:
    row = a_collection(a_signed_mandate(house))
    client = browser(house.finance)
    for typed in ("", "x", "0", "123,45", "200", "12,345"):
        answer = press(client, row, "amount", amount_cents=typed)
        assert (answer.status_code, mails(row)) == (422, 1), typed
    assert press(client, row, "amount", amount_cents="100,00").status_code == 303
    assert (stored(row).amount_cents, row.due_on, mails(row)) == (10_000, DUE, 2)
    assert "100,00" in stored(db.session.scalars(select(Mail).order_by(Mail.id.desc())).first()).body
    press(client, row, "hold", reason="x")
    assert press(client, row, "amount", amount_cents="50").status_code == 409


def test_the_cockpit_as_csv(house: House, browser) -> None:
    a_collection(a_signed_mandate(house))
    text = browser(house.operator).get("/sepa/collections.csv").text
    assert "123,45" in text and "0189" in text
    assert "FR7630006000011234567890189" not in text


@pytest.mark.parametrize(("rows", "counts"), [(5, [5]), (2, [2, 2, 1]), (1, [1] * 5)])
def test_the_banks_limit_of_rows_cuts_a_batch(house: House, rows: int, counts: list[int]) -> None:
    mandate = a_signed_mandate(house)
    for n in range(5):
        a_collection(mandate, source_uid=f"s{n}")
    the_entity().max_rows = rows
    batches = freeze_batches(the_entity(), "CORE", DUE, house.finance)
    db.session.commit()
    assert [batch.count for batch in batches] == counts
    assert sum(batch.total_cents for batch in batches) == 5 * 12345
    assert len({batch.msg_id for batch in batches}) == len(counts)


def test_no_file_is_longer_than_the_bank_takes(house: House) -> None:
    from tests.builders import work

    mandate = a_signed_mandate(house)
    for n in range(12):
        a_collection(mandate, source_uid=f"s{n}", remittance="œ" * 70)
    the_entity().max_bytes = 12_000
    batches = freeze_batches(the_entity(), "CORE", DUE, house.finance)
    db.session.commit()
    work()
    assert len(batches) > 1
    assert all(stored(batch).document.size_bytes <= 12_000 for batch in batches)
