"""How each offer is left, on a page for everybody (Data Act, art. 25 to 29)."""

from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape

import pytest
from flask.testing import FlaskClient

from portal.catalogue.models import Product
from portal.db import db
from tests.builders import House
from tests.contracts.builders import dobaas
from tests.subscriptions.builders import a_flat_product, a_monthly_product, a_product

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


def said_of_the_place(**changed: str) -> dict[str, str]:
    said = {
        "place": "Roubaix",
        "state": "FR",
        "operator": "Centre du Nord SAS",
        "measures": "Clés gardées en France.\nAucun accès depuis un autre État.",
        "version": "1",
        "effective_on": "2026-12-01",
    }
    return {**said, **changed}


def test_the_place_and_its_jurisdiction_are_public_from_their_day_on_with_their_history(
    house: House, browser: Browser, at: At
) -> None:
    """Data Act, art. 28."""
    subscription = dobaas(house)
    product = subscription.product
    path, public = f"/setup/products/{product.uid}/hosting", f"/leaving/{product.code}"
    assert "n'a pas encore dit" in unescape(browser(None).get(public).text)
    assert browser(house.finance).get(path).status_code == 403
    assert browser(house.owner).post(path, data=said_of_the_place()).status_code == 403
    operator = browser(house.operator)
    assert operator.post(path, data=said_of_the_place()).status_code == 303
    assert "Centre du Nord" not in browser(None).get(public).text.split("Autres versions")[0]
    at(datetime(2026, 12, 1, 9, tzinfo=UTC))
    page = browser(None).get(public).text
    for word in ("Roubaix", "France", "Centre du Nord SAS", "Clés gardées en France."):
        assert word in page
    assert "Centre du Nord" in browser(house.owner).get(f"/contracts/{subscription.uid}").text
    again = said_of_the_place(version="2", operator="Autre SAS", effective_on="2027-02-01")
    assert browser(house.operator).post(path, data=again).status_code == 303
    at(datetime(2027, 2, 1, 9, tzinfo=UTC))
    page = browser(None).get(public).text
    assert page.index("Autre SAS") < page.index("Autres versions") < page.index("Centre du Nord SAS")


def test_001_18_002_02_another_state_than_the_contracts_is_warned_of(house: House, browser: Browser) -> None:
    for product, clause in ((a_flat_product(house), "002-02"), (a_monthly_product(house), "001-18")):
        warned(house, browser, product, clause)


def warned(house: House, browser: Browser, product: Product, clause: str) -> None:
    path, operator = f"/setup/products/{product.uid}/hosting", browser(house.operator)
    typed = said_of_the_place(state="DE", effective_on="2026-12-01")
    answer = operator.post(path, data=typed)
    assert (answer.status_code, clause in answer.text) == (422, True)
    assert operator.post(path, data={**typed, "elsewhere": "y"}).status_code == 303
    for wrong in ({"version": "1", "elsewhere": "y"}, {"effective_on": "2026-11-01"}, {"place": ""}):
        again = said_of_the_place(**{"version": "2", **wrong})
        assert operator.post(path, data=again).status_code == 422
