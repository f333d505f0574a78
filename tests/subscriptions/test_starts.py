"""A contract begins on the day that it names, which may lie before its payment."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from portal import clock
from portal.billing.models import InvoiceLine
from portal.catalogue.models import Method
from portal.db import EVERYTHING, db, set_scope
from portal.engine.models import OpeningPurpose, VaultOpening, register_vault
from portal.journal import SYSTEM
from portal.subscriptions.models import Order, Subscription
from portal.subscriptions.ordering import place_order
from tests.builders import House, a_customer, an_outsider, stored
from tests.subscriptions.builders import a_flat_product, a_product

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]


def an_order(house: House, stack: str = "dobaas") -> Order:
    """Do'BaaS at 300 euros a month, ordered on Monday 23 November 2026."""
    product = a_flat_product(house) if stack == "dobaas" else a_product(house)
    customer = a_customer(house.reseller, accepted=stack)
    order = place_order(customer, product, 1, Method.WIRE, by=SYSTEM)
    db.session.commit()
    return order


def pay(browser: Browser, house: House, order: Order, on: str) -> Subscription:
    cents = stored(order).gross_cents
    data = {"received_on": on, "amount": f"{cents // 100},{cents % 100:02d}", "reference": "V1"}
    answer = browser(house.finance).post(f"/orders/{order.uid}/payment", data=data)
    assert answer.status_code == 303, answer.text
    set_scope(EVERYTHING)
    query = db.select(Subscription).where(Subscription.order_uid == order.uid)
    return db.session.scalars(query).one()


@pytest.mark.parametrize(
    ("noted", "begins"),
    [
        ({"signed_on": "2026-11-25", "connected_on": ""}, date(2026, 11, 25)),
        ({"signed_on": "2026-11-30", "connected_on": "2026-11-26"}, date(2026, 11, 26)),
        ({"signed_on": "", "connected_on": "2026-11-28"}, date(2026, 11, 28)),
        ({}, date(2026, 12, 10)),
    ],
)
def test_004_03_the_contract_begins_with_the_signed_order_or_the_first_connection(
    house: House, browser: Browser, at: At, noted: dict[str, str], begins: date
) -> None:
    order = an_order(house)
    at(datetime(2026, 12, 10, 9, tzinfo=UTC))
    if noted:
        answer = browser(house.sales).post(f"/orders/{order.uid}/start", data=noted)
        assert answer.status_code == 303, answer.text
    subscription = pay(browser, house, order, "2026-12-10")
    assert subscription.started_on == begins
    assert subscription.billed_before == clock_month_after(begins)
    line = db.session.scalars(db.select(InvoiceLine)).one()
    assert f"du {begins:%d/%m/%Y} au" in line.label, "the first period begins with the contract"
    page = browser(house.owner).get(f"/subscriptions/{subscription.uid}").text
    assert f'datetime="{begins}"' in page or f"{begins.day} " in page


def clock_month_after(day: date) -> date:
    return day.replace(month=12) if day.month == 11 else day.replace(year=day.year + 1, month=1)


def test_004_03_a_vault_that_was_opened_before_the_payment_begins_the_contract(
    house: House, browser: Browser, at: At
) -> None:
    order = an_order(house)
    vault = register_vault(order.customer, name="Serveur", location="/nowhere")
    db.session.flush()
    at(datetime(2026, 11, 29, 23, 30, tzinfo=UTC))  # the 30th in Paris
    opening = VaultOpening(
        organisation=order.customer.organisation,
        vault_id=vault.id,
        purpose=next(iter(OpeningPurpose)),
        subject_uid=vault.uid,
        recipient="contact@client.example",
        consented_at=clock.now(),
    )
    db.session.add(opening)
    db.session.commit()
    at(datetime(2026, 12, 5, 9, tzinfo=UTC))
    assert "30 novembre 2026" in browser(house.sales).get(f"/orders/{order.uid}/start").text
    assert pay(browser, house, order, "2026-12-05").started_on == date(2026, 11, 30)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"signed_on": "2026-11-22"}, "Ce jour précède la commande."),
        ({"connected_on": "2026-11-24"}, "Ce jour est dans le futur."),
        ({"signed_on": "32"}, "field-error"),
    ],
)
def test_a_start_that_cannot_be_is_refused_beside_its_field(
    house: House, browser: Browser, typed: dict[str, str], said: str
) -> None:
    order = an_order(house)
    answer = browser(house.sales).post(f"/orders/{order.uid}/start", data=typed)
    assert (answer.status_code, said in answer.text) == (422, True)
    assert (stored(order).signed_on, order.connected_on) == (None, None)


def test_only_who_sells_notes_a_start_and_only_where_the_contract_counts_it(
    house: House, browser: Browser, at: At
) -> None:
    order = an_order(house)
    path = f"/orders/{order.uid}/start"
    assert browser(house.reader).get(path).status_code == 403
    assert browser(an_outsider(house)).post(path, data={}).status_code == 404
    pay(browser, house, order, "2026-11-23")
    late = browser(house.sales).post(path, data={"signed_on": "2026-11-23"})
    assert (late.status_code, "déjà fixé" in late.text) == (422, True)
    assert path not in browser(house.sales).get(f"/orders/{order.uid}").text


@pytest.mark.parametrize("stack", ["natso", "dropcloud"])
def test_000_11_000_12_001_10_the_others_begin_with_their_confirmation(
    house: House, browser: Browser, at: At, stack: str
) -> None:
    customer = a_customer(house.reseller, accepted=stack)
    product: Any = a_product(house, terms_stack=stack)
    order = place_order(customer, product, 1, Method.WIRE, by=SYSTEM)
    order.signed_on = date(2026, 11, 23)
    db.session.commit()
    at(datetime(2026, 12, 1, 9, tzinfo=UTC))
    assert pay(browser, house, order, "2026-12-01").started_on == date(2026, 12, 1)
