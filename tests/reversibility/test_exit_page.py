"""How each offer is left, on a page for everybody (Data Act, art. 25 to 29)."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from portal.db import db
from tests.builders import House
from tests.subscriptions.builders import a_flat_product, a_product

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]


def test_anybody_reads_how_an_offer_is_left(house: House, browser: Browser, at: At) -> None:
    """A switch asked for on 1 December 2026 costs what it costs; from 12 January 2027 it costs nothing."""
    product = a_flat_product(house)
    db.session.commit()
    at(datetime(2026, 12, 1, 9, tzinfo=UTC))
    visitor = browser(None)
    assert f"/leaving/{product.code}" in visitor.get("/leaving").text
    page = visitor.get(f"/leaving/{product.code}").text
    assert "À partir du 12 janvier 2027" in page and "coût réel du transfert" in page
    assert "3 mars 2027" in page, "two months of notice, then thirty days of transition"
    assert "L5" in page and "archives ZIP lisibles" in page and "dépôt chiffré" in page
    at(datetime(2027, 1, 12, 9, tzinfo=UTC))
    page = visitor.get(f"/leaving/{product.code}").text
    assert "À partir du" not in page and "le coût réel du transfert" not in page


@pytest.mark.parametrize("terms", ["natso", "dropcloud", "numspot", "dobaas"])
def test_each_contract_has_its_page_in_both_languages(house: House, browser: Browser, terms: str) -> None:
    product = a_product(house, terms_stack=terms)
    db.session.commit()
    visitor = browser(None)
    for language in ("fr", "en"):
        answer = visitor.get(f"/leaving/{product.code}", headers={"Accept-Language": language})
        assert answer.status_code == 200
    assert "How to do it" in answer.text


def test_an_offer_that_is_not_sold_has_none(house: House, browser: Browser) -> None:
    product = a_product(house, is_on_sale=False)
    db.session.commit()
    assert browser(None).get(f"/leaving/{product.code}").status_code == 404
    assert browser(None).get("/leaving/nothing").status_code == 404
