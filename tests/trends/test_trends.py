"""The month's figures: worked out from the records, kept by the hour, shown to whoever answers for them."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, date, datetime
from itertools import pairwise

import pytest
from flask.testing import FlaskClient

from portal.access import Role
from portal.catalogue.models import Method
from portal.db import db
from portal.journal import SYSTEM
from portal.subscriptions.models import Subscription
from portal.subscriptions.ordering import place_order, record_wire
from portal.trends.chart import HEIGHT, Series, bars
from portal.trends.jobs import keep_figures
from portal.trends.models import MonthFigure, Name
from portal.trends.work_out import bounds, months_before
from tests.builders import House, a_customer, an_outsider
from tests.subscriptions.builders import a_product

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]


def a_sale(house: House, name: str = "Boulangerie Martin", reseller: object = None) -> Subscription:
    customer = a_customer(reseller or house.reseller, name=name, siren=None)  # type: ignore[arg-type]
    order = place_order(customer, house.product, 5, Method.WIRE, by=SYSTEM)  # type: ignore[attr-defined]
    record_wire(order, received_on=date(2026, 11, 23), amount_cents=29940, reference=f"VIR {name}", by=SYSTEM)
    db.session.commit()
    query = db.select(Subscription).where(Subscription.order_uid == order.uid)
    return db.session.scalars(query).one()


@pytest.fixture
def shop(house: House) -> House:
    house.product = a_product(house)  # type: ignore[attr-defined]
    return house


def kept() -> dict[tuple[str, str], int]:
    keep_figures()
    db.session.commit()
    rows = db.session.scalars(db.select(MonthFigure)).all()
    found: dict[tuple[str, str], int] = {}
    for row in rows:
        found[row.month, row.name] = found.get((row.month, row.name), 0) + row.value
    return found


def test_a_month_is_the_sum_of_its_invoices_and_subscriptions(shop: House) -> None:
    a_sale(shop)
    a_sale(shop, "Épicerie Roux")
    found = kept()
    assert found["2026-11", Name.REVENUE] == 2 * 24950
    assert found["2026-11", Name.MRR] == 2 * (5 * 5988 * 10_000 // (12_000 * 12))
    assert (found["2026-11", Name.BEGUN], found["2026-11", Name.LOST]) == (2, 0)
    assert found["2026-10", Name.REVENUE] == 0 and ("2025-11", Name.REVENUE) in found


def test_an_end_is_counted_in_its_month_and_leaves_the_recurring_revenue(shop: House, at: At) -> None:
    subscription = a_sale(shop)
    subscription.ends_on = date(2026, 12, 10)
    db.session.commit()
    at(datetime(2026, 12, 12, 9, tzinfo=UTC))
    found = kept()
    assert (found["2026-12", Name.LOST], found["2026-12", Name.MRR]) == (1, 0)
    assert found["2026-11", Name.MRR] > 0


def test_a_month_that_is_over_changes_no_more_after_the_fifth(shop: House, at: At) -> None:
    subscription = a_sale(shop)
    assert kept()["2026-11", Name.LOST] == 0
    at(datetime(2026, 12, 3, 9, tzinfo=UTC))
    subscription.ends_on = date(2026, 11, 28)
    assert kept()["2026-11", Name.LOST] == 1  # until the fifth it is still worked out
    at(datetime(2026, 12, 7, 9, tzinfo=UTC))
    subscription.ends_on = None
    assert kept()["2026-11", Name.LOST] == 1


def test_a_reseller_sees_her_own_figures_and_the_provider_all(shop: House, browser: Browser) -> None:
    a_sale(shop)
    stranger = an_outsider(shop)
    db.session.commit()
    kept()
    assert "249,50" in browser(shop.owner).get("/trends").text
    assert "249,50" not in browser(stranger).get("/trends").text
    finance = browser(shop.finance)
    assert "249,50" in finance.get("/trends").text
    other = stranger.organisation.uid
    assert "249,50" not in finance.get(f"/trends?reseller={other}").text


def test_the_file_has_the_figures_of_the_page(shop: House, browser: Browser) -> None:
    a_sale(shop)
    kept()
    text = browser(shop.owner).get("/trends/file.csv").data.decode("utf-8-sig")
    head, *rows = csv.reader(io.StringIO(text), delimiter=";")
    assert len(rows) == 13 and rows[0][0] == "2026-11"
    assert rows[0][1].replace("\u202f", " ").replace("\xa0", " ") == "249,50 €"
    page = browser(shop.owner).get("/trends").text
    assert rows[0][1] in page and len(head) == len(rows[0])


def test_today_shows_the_month_to_those_who_answer_for_it(shop: House, browser: Browser) -> None:
    a_sale(shop)
    kept()
    assert "Ce mois-ci" in browser(shop.owner).get("/").text
    assert "Ce mois-ci" not in browser(shop.people[Role.SUPPORT]).get("/").text
    assert browser(shop.people[Role.SUPPORT]).get("/trends").status_code == 403


def test_months_are_counted_from_one_day() -> None:
    assert months_before(date(2027, 1, 31), 3) == ["2026-11", "2026-12", "2027-01"]
    assert bounds("2026-12") == (date(2026, 12, 1), date(2027, 1, 1))


def test_bars_stand_on_one_line_and_the_highest_fills_the_drawing() -> None:
    drawn = bars(["nov.", "déc."], [Series("a", [2, 4]), Series("b", [0, 1])], str)
    assert [bar.height for bar in drawn] == [HEIGHT / 2, HEIGHT, 0, HEIGHT / 4]
    assert {bar.y + bar.height for bar in drawn} == {HEIGHT}
    assert drawn[1].words == "déc., a : 4"
    lefts = sorted((bar.x, bar.x + bar.width) for bar in drawn)
    assert all(right <= left + 0.1 for (_x, right), (left, _y) in pairwise(lefts))
