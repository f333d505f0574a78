"""Measures of a probe come as CSV; a day of which nothing came is said as such."""

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from portal.availability.models import Measure, Watched
from portal.availability.months import months_of_subscription
from portal.availability.promises import promises_of
from portal.availability.rules import service_of
from portal.catalogue.offers import make_product, shipped_offers
from portal.db import db
from portal.terms.in_force import stack_in_force
from tests.availability.builders import a_cloud, measures, noon, the_day
from tests.contracts.builders import a_subscription, numspot


def test_ten_thousand_lines_are_kept_and_the_wrong_ones_told_by_line(house, browser, at):
    at(noon(date(2026, 11, 30)))
    client = browser(house.technician)
    days = [date(2026, 11, 29) - timedelta(days=n) for n in range(2_000)]
    names = ("region", "zone", "network", "volume", "snapshot")
    good = [f"{day};{name};{1439};{1440}" for day in days for name in names]
    good = [line for line in good if not line.startswith("2")] + [
        f"{day};{name};1370;1380" for day in days for name in names
    ]
    wrong = {11: "30/11/2026;region;1;1", 500: "2026-11-01;espace;1;1", 9_000: "2026-11-30;region;1;1"}
    wrong |= {77: "2026-11-01;region;1441;1441", 78: "2026-11-01;region;-1;10", 79: "2026-11-01;region"}
    for line, text in sorted(wrong.items()):
        good.insert(line - 2, text)  # after the head, which is the first line
    answer = measures(client, "jour;service;disponibles;mesurées\n" + "\n".join(good))
    assert answer.status_code == 422
    for line in wrong:
        assert f"Ligne {line} :" in answer.text.replace("\xa0", " ").replace("\u202f", " "), line
    assert db.session.scalar(select(func.count()).select_from(Measure)) == 10_000
    for content in ("", "\x00\x01", "a,b\n" * 3):
        assert measures(client, content).status_code in (400, 422)
    assert measures(browser(house.finance), "x").status_code == 403


def test_a_day_without_a_measure_is_neither_up_nor_down_and_waits_on_the_days_list(house, browser, at):
    row = a_cloud(house)
    at(noon(date(2026, 11, 12)))
    lines = "".join(f"2026-11-{day:02};region;1440;1440\n" for day in range(1, 10) if day != 5)
    assert measures(browser(house.technician), lines).status_code == 303
    month = next(m for m in months_of_subscription(row, date(2026, 11, 1)) if m.promise.service == "region")
    assert (month.percent, month.missing) == (100, 3)  # the 5th, the 10th and the 11th
    the_day()
    watched = db.session.scalars(select(Watched)).one()
    assert (watched.missing_on, watched.missing_days) == (date(2026, 11, 5), 3)
    assert "Mesures manquantes" in browser(house.technician).get("/").text
    page = browser(house.auditor).get("/availability/2026-11?contract=numspot").text
    assert page.count("sans mesure") > 3
    more = "".join(f"2026-11-{day:02};region;1440;1440\n" for day in (5, 10, 11))
    assert measures(browser(house.technician), more).status_code == 303
    assert "Mesures manquantes" not in browser(house.technician).get("/").text


def test_no_month_before_the_first_contract_is_linked(house, browser):
    """A link to the month before, and to the one before that, would lead whoever follows links for ever."""
    subscription = numspot(house)
    subscription.started_on = date(2026, 10, 12)
    db.session.commit()
    client = browser(house.operator)
    assert "/availability/2026-10?" in client.get("/availability/2026-11?contract=numspot").text
    assert "/availability/2026-09?" not in client.get("/availability/2026-10?contract=numspot").text
    level = f"/service-levels/{subscription.uid}?month=2026-"
    assert "month=2026-09" not in client.get(f"{level}10").text


@pytest.mark.parametrize(("code", "promised"), [("NEO-M", True), ("WS-M", False)])
def test_001_23_the_level_of_an_offer_is_promised_to_its_customers_only(house, browser, at, code, promised):
    """A month at 99.5 %: below what NeoBe promises, and no promise to a customer of another offer (A8)."""
    product = make_product(
        house.provider, shipped_offers()[code], unit_cents=1_200, by=house.operator, included_gb=50
    )
    db.session.commit()
    row = a_subscription(house, product, started_on=date(2026, 10, 1), billed_before=date(2026, 12, 1))
    at(noon(date(2026, 11, 30)))
    text = "jour;service;up;mesure\n2026-11-10;access;995;1000\n"
    assert measures(browser(house.technician), text, "dropcloud").status_code == 303
    page = browser(house.operator).get(f"/service-levels/{row.uid}?month=2026-11").text
    assert "99,5" in page and ("001-23" in page) is promised and ("99,9" in page) is promised


@pytest.mark.parametrize(
    ("clause", "service"),
    [
        ("003-61", "region"),
        ("003-61", "zone"),
        ("003-62", "network"),
        ("003-63", "internet_services"),
        ("003-63", "metadata"),
        ("003-65", "load_balancer"),
        ("003-66", "object_storage"),
        ("003-67", "volume"),
        ("003-67", "snapshot"),
        ("003-69", "virtual_machine"),
    ],
)
def test_003_61_003_62_003_63_003_65_003_66_003_67_003_69_each_service_has_its_own_level(
    house, clause, service
):
    """Each value of the contract's table is the promise that the months of its service are held against."""
    stack = stack_in_force("numspot", date(2026, 11, 1))
    assert service_of(f"sla.{service}.percent") == service
    (promise,) = [each for each in promises_of(stack) if each.service == service]
    assert promise.clause == clause and str(promise.percent) == str(
        stack.find(f"sla.{service}.percent").value
    )
