"""Accepting a later version: the exact text, before the order, with who, when and from where."""

from collections.abc import Callable
from datetime import UTC, date, datetime

from flask.testing import FlaskClient

from portal.access import Role
from portal.db import db
from portal.subscriptions.models import Order
from tests.builders import House, a_customer, an_outsider, stored
from tests.subscriptions.builders import a_product
from tests.terms.builders import a_published

Browser = Callable[..., FlaskClient]
AFTER = datetime(2026, 12, 15, 9, tzinfo=UTC)


def shown_on(page: str) -> str:
    return page.split('name="shown" type="hidden" value="')[1].split('"')[0]


def test_the_order_waits_for_the_acceptance_and_comes_back_as_typed(
    house: House, browser: Browser, at: Callable[[datetime], None]
) -> None:
    customer, product = a_customer(house.reseller), a_product(house)
    new = a_published(house, date(2026, 12, 15))
    at(AFTER)
    client = browser(house.sales)
    form = {"product": product.uid, "quantity": "7", "method": "wire"}
    answer = client.post(f"/customers/{customer.uid}/orders", data=form)
    assert answer.status_code == 303 and f"/customers/{customer.uid}/acceptance?" in answer.location
    assert db.session.scalars(db.select(Order)).all() == []
    page = client.get(answer.location).text
    assert "000-2027" in page and 'href="/terms/000-2027"' in page
    sent = {"terms": "natso", "shown": shown_on(page), "accepted": "y", **form}
    answer = client.post(f"/customers/{customer.uid}/acceptance", data=sent)
    assert answer.status_code == 303
    page = client.get(answer.location).text
    assert 'value="7"' in page and f'value="{product.uid}" checked' in page
    proof = stored(customer).acceptances[-1]
    assert (proof.version, proof.accepted_by, proof.address) == (new.version, house.sales.name, "127.0.0.1")
    answer = client.post(f"/customers/{customer.uid}/orders", data=form)
    order = db.session.scalars(db.select(Order)).one()
    assert order.terms_versions == ["000-2027"]
    for address in (answer.location, f"/customers/{customer.uid}"):
        page = client.get(address).text
        for evidence in (proof.sha256, "000-2027", house.sales.name, "127.0.0.1"):
            assert evidence in page
    assert "000-2026" not in client.get(answer.location).text


def test_nothing_is_accepted_without_the_box_or_when_the_text_has_changed(
    house: House, browser: Browser, at: Callable[[datetime], None]
) -> None:
    customer = a_customer(house.reseller, accepted="")
    client, address = browser(house.owner), f"/customers/{customer.uid}/acceptance"
    shown = shown_on(client.get(f"{address}?terms=natso").text)
    answer = client.post(address, data={"terms": "natso", "shown": shown})
    assert answer.status_code == 422 and "nécessaire avant toute commande" in answer.text
    a_published(house, date(2026, 12, 15))
    at(AFTER)
    client = browser(house.owner)
    answer = client.post(address, data={"terms": "natso", "shown": shown, "accepted": "y"})
    assert answer.status_code == 422 and "ont changé" in answer.text
    assert shown_on(answer.text) != shown
    assert stored(customer).acceptances == []


def test_an_unknown_contract_and_a_foreign_customer_are_missing(house: House, browser: Browser) -> None:
    customer = a_customer(house.reseller)
    sent = {"terms": "autre", "shown": "", "accepted": "y"}
    assert browser(house.owner).post(f"/customers/{customer.uid}/acceptance", data=sent).status_code == 404
    stranger = browser(an_outsider(house, Role.OWNER))
    assert stranger.get(f"/customers/{customer.uid}/acceptance").status_code == 404
    assert stranger.post(f"/customers/{customer.uid}/acceptance", data=sent).status_code == 404
    assert browser(house.reader).get(f"/customers/{customer.uid}/acceptance").status_code == 403
    assert "NATSO" in browser(house.owner).get(f"/customers/{customer.uid}/acceptance").text
