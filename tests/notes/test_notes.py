"""Notes beside a record: kept for colleagues, never for the customer."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from portal.db import db
from portal.notes import Note
from portal.notes.subjects import SUBJECTS
from tests.builders import House, a_customer, an_outsider

Browser = Callable[..., FlaskClient]
TEXT = "Rappeler Mme Roux le mardi <b>seulement</b>"


def leave(client: FlaskClient, uid: str, text: str = TEXT, kind: str = "customer") -> int:
    return client.post(f"/notes/{uid}/beside/{kind}", data={"text": text}).status_code


def test_a_note_is_read_by_colleagues_as_it_was_typed(house: House, browser: Browser) -> None:
    customer = a_customer(house.reseller)
    assert leave(browser(house.sales), customer.uid) == 303
    page = browser(house.support).get(f"/customers/{customer.uid}").text
    assert "Rappeler Mme Roux le mardi &lt;b&gt;seulement&lt;/b&gt;" in page


def test_what_the_provider_notes_stays_with_the_provider(house: House, browser: Browser) -> None:
    customer = a_customer(house.reseller)
    assert leave(browser(house.operator), customer.uid, "Client difficile") == 303
    address = f"/customers/{customer.uid}"
    assert "Client difficile" in browser(house.technician).get(address).text
    assert "Client difficile" not in browser(house.owner).get(address).text


def test_the_provider_reads_what_the_reseller_notes(house: House, browser: Browser) -> None:
    customer = a_customer(house.reseller)
    assert leave(browser(house.sales), customer.uid) == 303
    assert "Mme Roux" in browser(house.operator).get(f"/customers/{customer.uid}").text


def test_nobody_notes_beside_a_record_of_another_reseller(house: House, browser: Browser) -> None:
    customer = a_customer(house.reseller)
    db.session.commit()
    assert leave(browser(an_outsider(house)), customer.uid) == 404
    assert leave(browser(house.sales), customer.uid, kind="organisation") == 404
    assert db.session.scalars(db.select(Note)).all() == []


def test_a_note_is_taken_away_by_its_writer_alone(house: House, browser: Browser) -> None:
    customer = a_customer(house.reseller)
    leave(browser(house.sales), customer.uid)
    note = db.session.scalars(db.select(Note)).one().uid
    assert browser(house.owner).post(f"/notes/{note}/removal").status_code == 404
    assert browser(house.sales).post(f"/notes/{note}/removal").status_code == 303
    assert db.session.scalars(db.select(Note)).all() == []


@pytest.mark.parametrize("text", ["", "   ", "x" * 4001])
def test_an_empty_or_endless_note_is_refused(house: House, browser: Browser, text: str) -> None:
    customer = a_customer(house.reseller)
    assert leave(browser(house.sales), customer.uid, text) in {409, 422}
    assert db.session.scalars(db.select(Note)).all() == []


def test_every_kind_of_record_with_a_page_of_its_own_takes_notes() -> None:
    assert {
        "customer",
        "customer_order",
        "subscription",
        "invoice",
        "mandate",
        "collection",
        "vault",
        "machine",
        "restore_request",
        "reversibility_case",
    } <= set(SUBJECTS)
