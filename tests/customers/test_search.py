"""Customers are found by the beginning of any word of their name, each once, page by page."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from portal import paging
from portal.customers.models import Customer
from portal.customers.words import CustomerWord, words_of_customer
from portal.db import db
from tests.builders import House, a_customer, an_outsider

Browser = Callable[..., FlaskClient]
NAMES = ("Atelier du Port", "Portail & Portes", "L'Étude du Port-Vieux", "Boulangerie Martin", "Œuvres 2000")


def some_customers(house: House) -> None:
    for name in NAMES:
        a_customer(house.reseller, name=name, siren=None, accepted="")


def found(client: FlaskClient, text: str) -> list[str]:
    page = client.get("/customers", query_string={"q": text}).text
    return [
        name.replace("&amp;", "&").replace("&#39;", "'")
        for name in re.findall(r'/customers/\w{16}">([^<]+)', page)
    ]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("port", {NAMES[0], NAMES[1], NAMES[2]}),
        ("PORT du", {NAMES[0], NAMES[2]}),
        ("etude", {NAMES[2]}),
        ("vieux", {NAMES[2]}),
        ("oeuv", {NAMES[4]}),
        ("œuvres 20", {NAMES[4]}),
        ("martin boulangerie", {NAMES[3]}),
        ("ort", set()),
        ("port martin", set()),
        ("&", set(NAMES)),  # no word: everybody
    ],
)
def test_any_word_finds_its_customers(house: House, browser: Browser, text: str, names: set[str]) -> None:
    some_customers(house)
    for person in (house.owner, house.operator):
        rows = found(browser(person), text)
        assert (len(rows), set(rows)) == (len(names), names)
    assert found(browser(an_outsider(house)), text) == []


def test_a_new_name_is_found_and_the_old_one_is_not(house: House, browser: Browser) -> None:
    some_customers(house)
    customer = db.session.scalars(db.select(Customer).where(Customer.name == NAMES[3])).one()
    customer.name, customer.name_folded = "Moulin Neuf", "moulin neuf"
    db.session.commit()
    assert found(browser(house.owner), "neuf") == ["Moulin Neuf"]
    assert found(browser(house.owner), "martin") == []
    kept = db.session.scalars(db.select(CustomerWord.word).where(CustomerWord.customer_id == customer.id))
    assert sorted(kept) == sorted(words_of_customer(customer, customer.contacts))


def test_a_figure_says_where_it_stopped_counting(
    house: House, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    some_customers(house)
    monkeypatch.setattr(paging, "COUNTED", 2)
    assert "plus de 2" in browser(house.owner).get("/").text.replace("\u00a0", " ")
    monkeypatch.setattr(paging, "COUNTED", len(NAMES))
    page = browser(house.owner).get("/").text
    assert "plus de" not in page and f"<b>{len(NAMES)}</b>" in page
