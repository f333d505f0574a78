"""A reseller that bills its customers sees, before it sells, what it promises beyond what it buys."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

from portal.customers.models import Customer
from portal.db import EVERYTHING, db, set_scope
from portal.quotes.models import Quote, QuoteState
from portal.subscriptions.models import Order
from portal.terms.shipped import find_stack
from portal.wholesale.back_to_back import Sale, liability_cap, wider
from portal.wholesale.models import BuyingTerms
from tests.builders import House, a_customer, an_outsider
from tests.margins.test_price_lists import reseller_of
from tests.subscriptions.builders import a_product
from tests.subscriptions.test_order_form import text_of
from tests.wholesale.test_month import agree, its_own_entity

Browser = Callable[..., Any]
A_YEAR = Sale("business", "annual", 12, 60_000, 36_500, date(2026, 12, 1))


def topics(bought: str, sold: str, sale: Sale = A_YEAR) -> dict[str, int | None]:
    return {each.topic: each.cents for each in wider(find_stack(bought), find_stack(sold), sale)}


def test_the_same_documents_on_both_sides_promise_nothing_more() -> None:
    for name in ("natso", "dropcloud", "dobaas", "numspot"):
        assert topics(name, name) == {}


def test_a_customer_who_is_free_earlier_leaves_the_rest_of_the_purchase_to_the_reseller() -> None:
    """By hand: she gives notice on 1 April 2027, and is free 90 days later, on 30 June (003-21); the year
    bought runs until 1 December: 154 days of 365, at one euro a day.
    """
    assert topics("natso", "numspot")["end"] == 15_400
    assert "end" not in topics("numspot", "natso")
    no_price = replace(A_YEAR, bought_cents=None)
    assert topics("natso", "numspot", no_price)["end"] is None


def test_no_cap_counts_against_a_consumer_whereas_the_purchase_has_one() -> None:
    hers = replace(A_YEAR, customer="consumer")
    (cap,) = [
        each for each in wider(find_stack("dobaas"), find_stack("natso"), hers) if each.topic == "liability"
    ]
    assert cap.sold.value is None and cap.bought is not None and cap.bought.cents == 36_500 // 12
    assert "end" in topics("dobaas", "natso", hers) or "notice" in topics("dobaas", "natso", hers)


def test_notice_levels_and_caps_are_compared_by_what_each_contract_says() -> None:
    found = topics("dobaas", "natso")
    assert "notice" in found, "three months before the end (000-14), against six (004-37)"
    # A year of 600,00 € (000-50), against one month of 365,00 € (004-22)
    assert found["liability"] == 60_000 - 36_500 // 12
    assert "availability" in topics("natso", "numspot") and "availability" not in topics("numspot", "natso")
    assert liability_cap(find_stack("numspot"), 60_000)[0] == 30_000


def prepared(house: House, browser: Browser) -> tuple[Customer, Any]:
    """An offer of natso, for a reseller that bills by itself and buys under another contract."""
    its_own_entity(house)
    product = a_product(house)
    customer = a_customer(house.reseller, name="Boulangerie", siren=None, accepted="natso")
    agree(browser, house, product, "43,80")
    return customer, product


def buys_under(house: House, browser: Browser, stack: str, **more: str) -> Any:
    path = f"/wholesale/terms/{reseller_of(house.reseller).uid}"
    return browser(house.operator).post(path, data={"stack": stack, **more})


def orders() -> list[Order]:
    set_scope(EVERYTHING)
    return list(db.session.scalars(db.select(Order)))


def test_an_order_that_promises_more_is_shown_acknowledged_and_noted(house: House, browser: Browser) -> None:
    customer, product = prepared(house, browser)
    form = f"/customers/{customer.uid}/orders/new"
    owner = browser(house.owner)
    assert "Plus que ce que vous achetez" not in owner.get(form).text, "the same contract on both sides"
    assert buys_under(house, browser, "dobaas").status_code == 303
    owner = browser(house.owner)
    page = text_of(owner.get(form).text)
    assert "Plus que ce que vous achetez" in page and "Dernier jour pour donner congé" in page
    assert "à votre charge dans cet exemple" in page and "004-22" in page
    typed = {"product": product.uid, "quantity": 1, "method": "wire", "health": "no"}
    path = f"/customers/{customer.uid}/orders"
    answer = owner.post(path, data=typed)
    assert answer.status_code == 422 and "dites que vous le savez" in answer.text and not orders()
    assert owner.post(path, data={**typed, "acknowledged": "y"}).status_code == 303
    (order,) = orders()
    order.deliver(by=house.owner)
    db.session.commit()
    owner = browser(house.owner)
    assert "Promet plus que l&#39;achat du revendeur" in owner.get(f"/orders/{order.uid}").text
    assert "Plus que ce que vous achetez" in owner.get(f"/customers/{customer.uid}").text


def test_the_provider_refuses_such_an_order_where_its_setting_says_so(house: House, browser: Browser) -> None:
    customer, product = prepared(house, browser)
    assert buys_under(house, browser, "dobaas", refuses="y").status_code == 303
    assert db.session.scalars(db.select(BuyingTerms)).one().refuses
    owner = browser(house.owner)
    assert (
        "Le fournisseur refuse une telle commande" in owner.get(f"/customers/{customer.uid}/orders/new").text
    )
    typed = {"product": product.uid, "quantity": 1, "method": "wire", "health": "no", "acknowledged": "y"}
    answer = owner.post(f"/customers/{customer.uid}/orders", data=typed)
    assert answer.status_code == 422 and "le fournisseur le refuse" in answer.text and not orders()
    assert buys_under(house, browser, "").status_code == 303
    assert browser(house.owner).post(f"/customers/{customer.uid}/orders", data=typed).status_code == 303
    assert buys_under(house, browser, "unknown").status_code == 303
    set_scope(EVERYTHING)
    assert db.session.scalars(db.select(BuyingTerms)).one().stack == ""
    for person in (house.owner, house.finance, an_outsider(house)):
        path = f"/wholesale/terms/{reseller_of(house.reseller).uid}"
        assert browser(person).post(path, data={"stack": ""}).status_code in (403, 404)


def test_a_quote_is_sent_once_its_seller_knows_what_it_promises(house: House, browser: Browser) -> None:
    customer, product = prepared(house, browser)
    buys_under(house, browser, "dobaas")
    owner = browser(house.owner)
    owner.post(f"/customers/{customer.uid}/quotes", data={"valid_until": "2026-12-20"})
    set_scope(EVERYTHING)
    quote = db.session.scalars(db.select(Quote)).one()
    line = {"product": product.uid, "quantity": 1, "method": "wire"}
    assert owner.post(f"/quotes/{quote.uid}/lines", data=line).status_code == 303
    assert "Plus que ce que vous achetez" in owner.get(f"/quotes/{quote.uid}").text
    answer = owner.post(f"/quotes/{quote.uid}/sending")
    assert answer.status_code == 422 and "dites que vous le savez" in answer.text
    assert owner.post(f"/quotes/{quote.uid}/sending", data={"acknowledged": "y"}).status_code == 303
    set_scope(EVERYTHING)
    assert db.session.scalars(db.select(Quote)).one().state == QuoteState.SENT
    assert "Promet plus que l&#39;achat du revendeur" in owner.get(f"/quotes/{quote.uid}").text
