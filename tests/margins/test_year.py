"""A year of a reseller's money: what was invoiced, what is unpaid, what comes; asked as often for many."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

from flask.testing import FlaskClient
from sqlalchemy import event

from portal.billing.run import start_run
from portal.db import EVERYTHING, db, set_scope
from portal.journal import SYSTEM
from portal.resellers.models import LegalEntity
from tests.builders import House, an_outsider, work
from tests.margins.test_price_lists import reseller_of
from tests.subscriptions.builders import a_monthly_product
from tests.subscriptions.test_order_form import text_of
from tests.test_csv_file import table
from tests.wholesale.test_month import agree, sold

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]


def asked(client: FlaskClient) -> int:
    """How often the page asks the database."""
    found: list[str] = []

    def note(_c: object, _k: object, statement: str, *_rest: object) -> None:
        found.append(statement)

    client.get("/margins/year")
    event.listen(db.engine, "before_cursor_execute", note)
    try:
        assert client.get("/margins/year").status_code == 200
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    return len(found)


def bill(month: str) -> None:
    start_run(db.session.scalars(db.select(LegalEntity)).one(), month, by=SYSTEM)
    work()
    set_scope(EVERYTHING)


def test_a_year_by_customer_product_and_month_with_what_is_unpaid_and_what_comes(
    house: House, browser: Browser, at: At
) -> None:
    product = a_monthly_product(house)  # 12,00 € with VAT
    agree(browser, house, product, "6,00")
    sold(house, "Boulangerie", product, 3, 2)
    sold(house, "Garage", product, 1, 3)
    assert "Rien n'a encore été facturé" in text_of(browser(house.owner).get("/margins/year").text)
    at(datetime(2026, 11, 30, 9, tzinfo=UTC))
    bill("2026-11")
    owner = browser(house.owner)
    assert "/margins/year" in owner.get("/margins").text
    page = text_of(owner.get("/margins/year").text)
    assert "novembre 2026 40,00 € 20,00 € 20,00 €" in page
    assert "Boulangerie 30,00 € 15,00 € 15,00 €" in page and "Garage 10,00 € 5,00 € 5,00 €" in page
    assert "WeSend mensuel 40,00 € 20,00 € 20,00 €" in page
    assert "À venir : décembre 2026 40,00 € Vendu, HT 20,00 € Acheté, HT 20,00 € Marge" in page
    assert "2 Factures ouvertes 48,00 € Reste à payer, TTC 0,00 € dont en retard, TTC" in page
    _head, *rows = table(owner.get("/margins/year.csv").text)
    assert rows[0] == ["Mois", "2026-11", "40,00", "20,00", "20,00"]
    assert [row[1] for row in rows[1:]] == ["Boulangerie", "Garage", "WeSend mensuel"]
    outsider, uid = browser(an_outsider(house)), reseller_of(house.reseller).uid
    for path in ("/margins/year", "/margins/year.csv"):
        assert outsider.get(f"{path}?reseller={uid}").status_code == 404
        assert browser(house.finance).get(f"{path}?reseller={uid}").status_code == 200
    at(datetime(2027, 3, 1, 9, tzinfo=UTC))
    newest = text_of(browser(house.owner).get("/margins").text)
    assert "Boulangerie WeSend mensuel" in newest  # nothing is sold yet in March: it opens in November
    at(datetime(2028, 6, 1, 9, tzinfo=UTC))
    page = browser(house.owner).get("/margins").text  # all was sold too long ago to be chosen
    assert re.search(r'<option (?:selected )?value="2028-06"(?: selected)?', page)[0].count("selected") == 1
    at(datetime(2027, 3, 1, 9, tzinfo=UTC))
    assert "48,00 € dont en retard" in text_of(browser(house.owner).get("/margins/year").text)


def test_six_customers_ask_no_more_often_than_two(house: House, browser: Browser, at: At) -> None:
    product = a_monthly_product(house)
    agree(browser, house, product, "6,00")
    for number in range(2):
        sold(house, f"Client {number}", product, 1, None)
    at(datetime(2026, 11, 30, 9, tzinfo=UTC))
    bill("2026-11")
    few = asked(browser(house.owner))
    for number in range(2, 6):
        sold(house, f"Client {number}", product, 1, None)
    bill("2026-11")
    assert asked(browser(house.owner)) == few
