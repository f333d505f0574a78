"""Lists page by page: every row is reached by following the links, once."""

import html
import json
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, insert, select

from portal.catalogue.models import Method
from portal.customers.models import Customer
from portal.db import db, new_uid
from portal.engine.models import register_vault
from portal.journal import SYSTEM, JournalEntry, record
from portal.mail import Mail
from portal.paging import PAGE, Page, chunk_of, first_of, page_of, total_of
from portal.restore_requests.models import Cause, RestoreKind, RestoreRequest, open_request
from portal.sepa.models import Collection
from portal.subscriptions.models import Order, Subscription
from portal.subscriptions.ordering import place_order, record_wire
from tests.builders import House, a_customer
from tests.sepa.people import a_collection, a_signed_mandate
from tests.subscriptions.builders import a_product

Browser = Callable[..., FlaskClient]
NEXT = re.compile(r'<(?:div class="more"|span id="list-more")><a href="([^"]*)"[^<]*>Afficher la suite')


def copies(row: object, count: int, **changes: Callable[[int], object]) -> None:
    """The same row again and again, each with what a list is told apart by."""
    db.session.flush()
    table = type(row).__table__
    values = {column.name: getattr(row, column.key) for column in table.columns if column.name != "id"}
    rows = [
        {**values, "uid": new_uid(), **{name: change(n) for name, change in changes.items()}}
        for n in range(count)
    ]
    db.session.execute(insert(table), rows)
    db.session.commit()


def seen_by_following(client: FlaskClient, path: str, row: str, parameter: str = "after") -> Iterator[str]:
    """What the pattern ``row`` finds on the page and on those that its links lead to."""
    while path:
        page = client.get(path)
        assert page.status_code == 200
        yield from re.findall(row, page.text)
        links = [html.unescape(link) for link in NEXT.findall(page.text)]
        path = next((link for link in links if f"{parameter}=" in link), "")


def an_order(house: House) -> Order:
    order = place_order(a_customer(house.reseller), a_product(house), 5, Method.WIRE, by=SYSTEM)
    record_wire(order, received_on=date(2026, 11, 20), amount_cents=29940, reference="VIR", by=SYSTEM)
    db.session.commit()
    return order


def uids_of(model: type) -> list[str]:
    return sorted(db.session.scalars(select(model.uid)))


def test_the_201st_order_is_reached(house: House, browser: Browser) -> None:
    copies(an_order(house), 200, number=lambda n: f"CMD-X-{n}")
    assert len(uids_of(Order)) == 201
    seen = seen_by_following(browser(house.owner), "/orders", r'href="/orders/([a-z2-7]{16})"')
    assert sorted(seen) == uids_of(Order)


def test_a_filter_stays_on_the_following_pages(house: House, browser: Browser) -> None:
    order = an_order(house)
    copies(order, 30, number=lambda n: f"CMD-X-{n}")
    path = f"/orders?state={order.state.value}"
    page = browser(house.owner).get(path).text
    assert f"state={order.state.value}" in NEXT.search(page).group(1)
    seen = seen_by_following(browser(house.owner), path, r'href="/orders/([a-z2-7]{16})"')
    assert sorted(seen) == uids_of(Order)


def test_the_201st_subscription_is_reached(house: House, browser: Browser) -> None:
    an_order(house)
    row = db.session.scalars(select(Subscription)).one()
    copies(row, 200, order_uid=lambda n: f"order-{n:04}")
    seen = seen_by_following(browser(house.owner), "/subscriptions", r'href="/subscriptions/([a-z2-7]{16})"')
    assert sorted(seen) == uids_of(Subscription)
    assert len(uids_of(Subscription)) == 201


def test_every_restore_is_reached(house: House, browser: Browser) -> None:
    customer = a_customer(house.reseller)
    vault = register_vault(customer, name="Serveur", location="/nowhere")
    db.session.flush()
    row = open_request(vault, what="x", lost_on=None, cause=Cause.OTHER, kind=RestoreKind.SIMPLE, by=SYSTEM)
    copies(row, 60)
    link = r'href="/restore-requests/([a-z2-7]{16})"'
    client = browser(house.owner)
    assert sorted(seen_by_following(client, "/restore-requests", link)) == uids_of(RestoreRequest)
    panel = seen_by_following(client, f"/customers/{customer.uid}", link, "restores")
    assert sorted(set(panel)) == uids_of(RestoreRequest)  # what waits stands above the panel as well


def test_every_held_debit_is_reached(house: House, browser: Browser) -> None:
    row = a_collection(a_signed_mandate(house))
    row.hold("à vérifier", by=SYSTEM)
    copies(
        row,
        130,
        source_uid=lambda n: f"copy-{n}",
        end_to_end_id=lambda n: f"COPY-{n}",
        due_on=lambda n: row.due_on + timedelta(days=n % 3),
    )
    pattern = r'href="/sepa/collections/([a-z2-7]{16})"'
    seen = seen_by_following(browser(house.finance), "/sepa/collections", pattern, "held")
    assert sorted(seen) == uids_of(Collection)
    assert len(uids_of(Collection)) == 131


def test_the_whole_journal_of_a_record_is_reached(house: House, browser: Browser) -> None:
    order = an_order(house)
    for _n in range(210):
        record(order, "cancel", by=SYSTEM)
    db.session.commit()
    entries = select(func.count()).select_from(JournalEntry).where(JournalEntry.subject_uid == order.uid)
    path = f"/orders/{order.uid}"
    page = browser(house.owner).get(path).text
    assert "events=" in NEXT.search(page).group(1)
    events = list(
        seen_by_following(browser(house.owner), path, r'<li>\s*<span class="fw-semibold">', "events")
    )
    assert len(events) == db.session.scalar(entries)


def test_every_mail_about_a_record_is_reached(house: House, browser: Browser) -> None:
    order = an_order(house)
    mail = db.session.scalars(select(Mail).where(Mail.subject_uid == order.uid)).first()
    copies(mail, 110)
    total = select(func.count()).select_from(Mail).where(Mail.subject_uid == order.uid)
    found = seen_by_following(browser(house.owner), f"/orders/{order.uid}", r"<li>\s*<span>E-mail à", "mails")
    assert len(list(found)) == db.session.scalar(total)


def test_every_mail_of_the_outbox_is_reached(house: House, browser: Browser) -> None:
    an_order(house)
    copies(db.session.scalars(select(Mail)).first(), 60)
    seen = seen_by_following(browser(house.operator), "/outbox", r'href="/outbox/([a-z2-7]{16})"')
    assert sorted(seen) == uids_of(Mail)


def test_customers_of_one_name_are_all_reached(house: House, browser: Browser) -> None:
    for n in range(60):
        a_customer(house.reseller, name=f"Été | {n % 2}", siren=None, accepted="")
    row = r'href="/customers/([a-z2-7]{16})"'
    seen = list(seen_by_following(browser(house.owner), "/customers", row))
    assert sorted(seen) == uids_of(Customer)
    names = {customer.uid: customer.name_folded for customer in db.session.scalars(select(Customer))}
    assert [names[uid] for uid in seen] == sorted(names.values())


@pytest.fixture
def many(house: House) -> House:
    for n in range(PAGE + 5):
        a_customer(house.reseller, name=f"Client {n:03}", siren=None, accepted="")
    return house


NO_CURSOR = [
    "x",
    "[",
    "5",
    "null",
    "{}",
    "[]",
    '["a"]',
    '["a", "b"]',
    "[1, 2]",
    '["a", true]',
    '["a", 1e400]',
    '["a", 99999999999999999999]',
    '["\\u0000", 1]',
    '["\\ud800", 1]',
    '["a", 1, 2]',
    "9" * 500,
]


def test_a_cursor_that_is_none_gives_the_first_page(many: House, browser: Browser) -> None:
    client = browser(many.owner)
    rows = r'href="/customers/([a-z2-7]{16})"'
    first = re.findall(rows, client.get("/customers").text)
    assert len(first) == PAGE
    for cursor in NO_CURSOR:
        answer = client.get("/customers", query_string={"after": cursor})
        assert (answer.status_code, re.findall(rows, answer.text)) == (200, first), cursor


def test_a_form_that_is_refused_leads_on_to_its_page(app: Flask, many: House) -> None:
    with app.test_request_context("/orders/abcdefghijklmnop/payment", method="POST"):
        page = page_of(select(Customer), Customer.id)
        assert page.link.startswith("/orders/abcdefghijklmnop?after=")


def test_the_last_page_leads_nowhere(app: Flask, many: House) -> None:
    with app.test_request_context("/customers", query_string={"after": json.dumps([_nth(PAGE)])}):
        page = page_of(select(Customer), Customer.id)
    assert (len(page), page.link) == (5, "")


def _nth(n: int) -> int:
    return list(db.session.scalars(select(Customer.id).order_by(Customer.id)))[n - 1]


def test_days_and_instants_are_keys_too(app: Flask, many: House) -> None:
    keys = (Customer.created_at.desc(), Customer.id)
    with app.test_request_context("/customers"):
        first = page_of(select(Customer), *keys)
    with app.test_request_context(first.link):
        second = page_of(select(Customer), *keys)
    assert [row.id for row in [*first, *second]] == sorted(row.id for row in [*first, *second])
    assert len(first) + len(second) == total_of(select(Customer))


def test_previews_and_chunks(many: House) -> None:
    query = select(Customer).order_by(Customer.id)
    assert [row.name for row in first_of(query, 2)] == ["Client 000", "Client 001"]
    assert len(chunk_of(select(Customer.id, Customer.name), 3)[0]) == 2
    assert total_of(query) == PAGE + 5
    assert Page([1, 2]) == [1, 2] and Page([1]).link == ""
