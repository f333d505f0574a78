"""See as the customer: the same pages, nothing to change, nothing that is hers alone."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from portal.access import Role
from portal.db import db
from portal.journal import JournalEntry
from portal.licensing.models import ActivationKey
from portal.subscriptions.models import Subscription
from tests.builders import House, a_customer, a_user, an_outsider, stored
from tests.test_record_pages import a_paid_order

Browser = Callable[..., FlaskClient]


def look(client: FlaskClient, uid: str) -> FlaskClient:
    assert client.post(f"/customers/{uid}/look").status_code == 303
    return client


def test_one_sees_her_pages_under_a_banner_and_the_journal_says_so(house: House, browser: Browser) -> None:
    customer = a_customer(house.reseller)
    client = look(browser(house.support), customer.uid)
    page = client.get("/").text
    assert f"espace de {customer.name} comme ce client le voit" in page and 'href="/customers' not in page
    entry = db.session.scalars(db.select(JournalEntry).where(JournalEntry.what == "look")).one()
    assert (entry.subject_uid, entry.by_label) == (customer.uid, house.support.name)


def test_of_two_customers_only_that_one_is_seen(house: House, browser: Browser) -> None:
    order, _invoice, _subscription = a_paid_order(house)
    other = a_customer(house.reseller, name="Épicerie Roux", siren=None)
    client = look(browser(house.owner), other.uid)
    assert client.get(f"/orders/{order.uid}").status_code == 404
    assert client.get("/customers").status_code == 403


def test_nothing_can_be_done_there_and_no_button_offers_it(house: House, browser: Browser) -> None:
    _order, _invoice, subscription = a_paid_order(house)
    client = look(browser(house.owner), subscription.customer.uid)
    page = client.get(f"/subscriptions/{subscription.uid}").text
    assert f"/subscriptions/{subscription.uid}/termination" not in page
    form = {"sent_on": "2026-11-23", "reason": "none"}
    answer = client.post(f"/subscriptions/{subscription.uid}/termination", data=form)
    assert answer.status_code == 422 and "rien ne peut y être changé" in answer.text
    assert stored(subscription).ends_on is None


def test_the_key_stays_masked(house: House, browser: Browser) -> None:
    _order, _invoice, subscription = a_paid_order(house)
    code = db.session.scalars(db.select(ActivationKey)).one().code
    own = a_user(subscription.customer.organisation, Role.CUSTOMER)
    db.session.commit()
    address = f"/subscriptions/{subscription.uid}"
    assert code in browser(own).get(address).text
    assert code not in look(browser(house.owner), subscription.customer.uid).get(address).text


def test_one_comes_back_by_the_button_and_after_half_an_hour(
    house: House, browser: Browser, at: Callable[[datetime], None]
) -> None:
    customer = a_customer(house.reseller)
    client = look(browser(house.owner), customer.uid)
    assert client.post("/look/end").location == f"/customers/{customer.uid}"
    assert client.get(f"/customers/{customer.uid}").status_code == 200
    look(client, customer.uid)
    at(datetime(2026, 11, 23, 9, 20, tzinfo=UTC))
    assert client.get(f"/customers/{customer.uid}").status_code == 403
    at(datetime(2026, 11, 23, 9, 31, tzinfo=UTC))
    assert client.get(f"/customers/{customer.uid}").status_code == 200


@pytest.mark.parametrize("role", [Role.SALES, Role.READER])
def test_who_does_not_help_customers_does_not_look(house: House, browser: Browser, role: Role) -> None:
    customer = a_customer(house.reseller)
    assert browser(house.people[role]).post(f"/customers/{customer.uid}/look").status_code == 403


def test_nobody_looks_at_the_customer_of_another_reseller(house: House, browser: Browser) -> None:
    customer = a_customer(house.reseller)
    stranger = an_outsider(house, Role.SUPPORT)
    db.session.commit()
    assert browser(stranger).post(f"/customers/{customer.uid}/look").status_code == 404
    assert db.session.scalars(db.select(Subscription)).all() == []


@pytest.mark.parametrize("address", ["/logout", "/language"])
def test_one_signs_out_and_changes_the_language_from_there(
    house: House, browser: Browser, address: str
) -> None:
    customer = a_customer(house.reseller)
    client = look(browser(house.owner), customer.uid)
    assert client.post(address, data={"language": "en"}).status_code == 303
    assert stored(house.owner).language in {None, "fr", "en"}
