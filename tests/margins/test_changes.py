"""What a change in mid-term adds to the month's margin: the difference of both prices, by days."""

from datetime import UTC, date, datetime

from portal.catalogue.models import Plan
from tests.builders import House
from tests.changes.test_changes import At, Browser, a_year, bill, change, one
from tests.changes.test_lengths import by_month
from tests.margins.test_price_lists import reseller_of
from tests.subscriptions.test_order_form import text_of


def bought(house: House, browser: Browser, product_uid: str, price: str) -> None:
    path = f"/price-lists/{reseller_of(house.reseller).uid}/wholesale"
    typed = {"price": price, "effective_on": "2026-11-23", "product": product_uid}
    assert browser(house.operator).post(path, data=typed).status_code == 303


def test_licences_added_in_mid_term_are_sold_and_bought_by_days(
    house: House, browser: Browser, at: At
) -> None:
    subscription = a_year(house)
    bought(house, browser, subscription.product.uid, "36,00")
    at(datetime(2027, 5, 23, 9, tzinfo=UTC))
    typed = {"kind": "seats", "quantity": 5, "when": "now"}
    assert change(browser(house.owner), subscription, **typed).status_code == 303
    bill("2027-05")
    page = text_of(browser(house.sales).get("/margins").text)
    # 2 × 59,88 € and 2 × 36,00 € with VAT, 184 days of 365, without VAT
    assert "50,31 € Vendu, HT 30,24 € Acheté, HT 20,07 € Marge" in page
    assert f"{subscription.customer.name} {subscription.product_name} 0 50,31 € 30,24 € 20,07 €" in page


def test_a_year_that_begins_in_mid_month_is_bought_less_the_days_that_were_bought(
    house: House, browser: Browser, at: At
) -> None:
    subscription, annual = by_month(house)
    bought(house, browser, subscription.product.uid, "3,60")
    bought(house, browser, annual.uid, "36,00")
    at(datetime(2026, 12, 8, 9, tzinfo=UTC))
    typed = {"kind": "length", "length": annual.uid, "when": "now"}
    assert change(browser(house.owner), subscription, **typed).status_code == 303
    bill("2026-12")
    page = text_of(browser(house.sales).get("/margins").text)
    # 170,64 € sold; bought 3 × 36,00 € less 3 × 3,60 € × 15 days of 30, without VAT
    assert "142,20 € Vendu, HT 85,50 € Acheté, HT 56,70 € Marge" in page


def test_without_a_buying_price_of_what_was_left_nothing_is_said(
    house: House, browser: Browser, at: At
) -> None:
    subscription, annual = by_month(house)
    bought(house, browser, annual.uid, "36,00")
    at(datetime(2026, 12, 8, 9, tzinfo=UTC))
    typed = {"kind": "length", "length": annual.uid, "when": "now"}
    assert change(browser(house.owner), subscription, **typed).status_code == 303
    assert one(type(subscription)).plan == Plan.ANNUAL
    assert bill("2026-12").issued_on == date(2026, 12, 8)
    assert "142,20 € Vendu, HT" in text_of(browser(house.sales).get("/margins").text)
