"""A record's page: what waits about it, what it hangs together with, and no dead end."""

import re
from collections.abc import Callable
from datetime import date

from flask.testing import FlaskClient

from portal.billing.models import Invoice
from portal.catalogue.models import Method
from portal.db import db
from portal.journal import SYSTEM
from portal.subscriptions.models import Order, Subscription
from portal.subscriptions.ordering import place_order, record_wire
from tests.builders import House, a_customer
from tests.subscriptions.builders import a_product

Browser = Callable[..., FlaskClient]


def an_order(house: House) -> Order:
    order = place_order(a_customer(house.reseller), a_product(house), 5, Method.WIRE, by=SYSTEM)
    db.session.commit()
    return order


def a_paid_order(house: House) -> tuple[Order, Invoice, Subscription]:
    order = an_order(house)
    invoice = record_wire(
        order, received_on=date(2026, 11, 23), amount_cents=29940, reference="VIR 1", by=SYSTEM
    )
    db.session.commit()
    return order, invoice, db.session.scalars(db.select(Subscription)).one()


def links(page: str) -> set[str]:
    return set(re.findall(r'href="([^"#?]+)', page))


def test_order_invoice_and_subscription_lead_to_each_other(house: House, browser: Browser) -> None:
    order, invoice, subscription = a_paid_order(house)
    pages = {f"/orders/{order.uid}", f"/invoices/{invoice.uid}", f"/subscriptions/{subscription.uid}"}
    pages = {page.replace("/invoices", "/billing/invoices") for page in pages}
    client = browser(house.owner)
    for page in pages:
        assert pages - {page} <= links(client.get(page).text), page


def test_an_order_says_what_it_waits_for_and_until_when(house: House, browser: Browser) -> None:
    order = an_order(house)
    page = browser(house.owner).get(f"/orders/{order.uid}").text
    assert "Paiement attendu pour 5 × NATSO BACKUP+ Poste de travail" in page and 'class="next' in page
    assert 'class="next' not in browser(house.owner).get(f"/customers/{order.customer.uid}").text


def test_the_page_of_a_customer_lists_what_is_to_do_for_her_alone(house: House, browser: Browser) -> None:
    order = an_order(house)
    other = a_customer(house.reseller, name="Épicerie Roux", siren=None)
    client = browser(house.owner)
    assert "Paiement attendu" in client.get(f"/customers/{order.customer.uid}").text
    assert "Paiement attendu" not in client.get(f"/customers/{other.uid}").text


def test_the_head_of_a_customer_says_what_the_list_says(house: House, browser: Browser) -> None:
    _order, _invoice, subscription = a_paid_order(house)
    page = browser(house.owner).get(f"/customers/{subscription.customer.uid}").text
    head = page[page.index('class="standing"') :]
    head = head[: head.index("</dl>")]
    assert "1 contrat" in head and "Prochain préavis" in head


def test_a_telephone_number_is_dialled_by_a_click(house: House, browser: Browser) -> None:
    customer = a_customer(house.reseller)
    assert 'href="tel:0102030405"' in browser(house.owner).get(f"/customers/{customer.uid}").text
