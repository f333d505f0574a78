"""The order form: what this customer may buy, how he may pay, and what it costs, before it is ordered."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from portal.catalogue.models import Product
from portal.customers.models import CustomerKind
from portal.db import db
from portal.subscriptions.models import Order
from tests.builders import House, a_customer
from tests.customers.test_acceptance import accept, ask, the_request
from tests.sepa.people import last_mail
from tests.subscriptions.builders import a_flat_product, a_monthly_product, a_product

Browser = Callable[..., FlaskClient]


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).replace("\u202f", " ").replace("\xa0", " ").split())


def test_the_price_is_shown_without_and_with_vat_before_the_order(house: House, browser: Browser) -> None:
    customer, product = a_customer(house.reseller), a_product(house)
    address = f"/customers/{customer.uid}/orders/new?product={product.uid}&quantity=5"
    page = text_of(browser(house.sales).get(address).text)
    assert "Total HT 249,50 €" in page and "TVA 20 % 49,90 €" in page
    assert "Total TTC par an 299,40 €" in page
    assert db.session.scalars(db.select(Order)).all() == []


def test_what_was_typed_since_the_price_was_shown_is_priced_before_it_is_ordered(
    house: House, browser: Browser
) -> None:
    customer, product = a_customer(house.reseller), a_product(house)
    client, address = browser(house.sales), f"/customers/{customer.uid}/orders"
    shown = client.get(f"{address}/new?product={product.uid}&quantity=1").text
    priced = re.search(r'name="priced" value="([^"]+)"', shown)
    assert priced
    form = {"product": product.uid, "quantity": "5", "method": "wire", "priced": priced[1]}
    answer = client.post(address, data=form)
    assert answer.status_code == 422 and "299,40 €" in text_of(answer.text)
    assert db.session.scalars(db.select(Order)).all() == []
    priced = re.search(r'name="priced" value="([^"]+)"', answer.text)
    assert priced and client.post(address, data={**form, "priced": priced[1]}).status_code == 303
    assert db.session.scalars(db.select(Order)).one().quantity == 5


def test_asking_for_the_price_orders_nothing(house: House, browser: Browser) -> None:
    customer, product = a_customer(house.reseller), a_product(house)
    form = {"product": product.uid, "quantity": "5", "method": "wire", "ask": "price"}
    answer = browser(house.sales).post(f"/customers/{customer.uid}/orders", data=form)
    assert answer.status_code == 200 and "299,40 €" in text_of(answer.text)
    assert db.session.scalars(db.select(Order)).all() == []


def means_in(page: str) -> list[str]:
    return re.findall(r'name="method"[^>]*value="(\w+)"', page)


def test_only_the_means_of_the_chosen_offer_are_offered(house: House, browser: Browser) -> None:
    """000-16, 001-12: a plan by the month is paid by debit alone."""
    customer, yearly, monthly = a_customer(house.reseller), a_product(house), a_monthly_product(house)
    client = browser(house.sales)
    page = f"/customers/{customer.uid}/orders/new?product="
    assert "wire" in means_in(client.get(page + yearly.uid).text)
    assert means_in(client.get(page + monthly.uid).text) == ["direct_debit"]


def test_003_02_an_offer_that_is_closed_to_consumers_is_named_with_its_clause(
    house: House, browser: Browser
) -> None:
    product = a_flat_product(house, terms_stack="numspot")
    customer = a_customer(house.reseller, kind=CustomerKind.CONSUMER, siren=None, accepted="")
    page = browser(house.sales).get(f"/customers/{customer.uid}/orders/new").text
    assert f'value="{product.uid}"' not in page
    assert "1 offre que ce client ne peut pas commander" in page and "003-02" in page


def test_a_typed_volume_comes_back_after_the_terms_are_accepted(house: House, browser: Browser) -> None:
    """002-03, 004-09: the volume of the contract is the one that was typed."""
    customer, product = a_customer(house.reseller, accepted=""), a_flat_product(house)
    product.included_gb = 1000
    db.session.commit()
    client = browser(house.sales)
    form = {"product": product.uid, "quantity": "1", "volume_gb": "2500", "method": "direct_debit"}
    to_accept = client.post(f"/customers/{customer.uid}/orders", data=form).location
    page = client.get(to_accept).text
    fields = dict(re.findall(r'name="(\w+)"[^>]*value="([^"]*)"', page))
    assert fields["volume_gb"] == "2500"
    accept(browser(), ask(client, customer, **{**fields, "terms": product.terms_stack}))
    back = re.search(r"https?://[^/\s]+(/customers/\S+)", last_mail(the_request()).body).group(1)
    page = client.get(back).text
    assert re.search(r'name="volume_gb"[^>]*value="2500"', page) and "2 500" in text_of(page)


@pytest.mark.parametrize("typed", ["0", "cinq", "99999999999999"])
def test_an_impossible_quantity_is_said_beside_it_and_prices_nothing(
    house: House, browser: Browser, typed: str
) -> None:
    customer, product = a_customer(house.reseller), a_product(house)
    page = browser(house.sales).get(
        f"/customers/{customer.uid}/orders/new?product={product.uid}&quantity={typed}"
    )
    assert page.status_code == 200
    assert "quantity-error-1" in page.text and "Total TTC" not in page.text


def test_a_product_that_is_no_more_on_sale_is_refused(house: House, browser: Browser) -> None:
    customer, product = a_customer(house.reseller), a_product(house)
    product.is_on_sale = False
    db.session.commit()
    form = {"product": product.uid, "quantity": "1", "method": "wire"}
    assert browser(house.sales).post(f"/customers/{customer.uid}/orders", data=form).status_code == 422
    assert db.session.scalars(db.select(Product.is_on_sale)).all() == [False]
