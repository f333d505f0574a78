"""The share of the debits that come back, by month of their due date and by reason."""

from datetime import date

from sqlalchemy import select

from portal.journal import SYSTEM
from portal.resellers.models import LegalEntity
from portal.sepa.models.collection import CollectionState
from portal.sepa.returns.rates import monthly_rates
from tests.builders import House
from tests.sepa.people import a_collection, a_signed_mandate


def some_history(house: House) -> None:
    mandate = a_signed_mandate(house)
    months = [
        (date(2026, 10, 5), ["AM04", "AM04", "MD06", None]),
        (date(2026, 11, 5), [None, None, None, "AM04"]),
        (date(2025, 11, 5), ["MD01"]),
    ]
    for due_on, reasons in months:
        for number, reason in enumerate(reasons):
            row = a_collection(mandate, source_uid=f"{due_on}-{number}")
            row.due_on, row.state = due_on, CollectionState.SETTLED
            if reason:
                row.come_back(due_on, reason, by=SYSTEM)
    a_collection(mandate, source_uid="announced").due_on = date(2026, 11, 30)  # not presented yet
    early = a_collection(mandate, source_uid="early")
    early.due_on, early.state = date(2026, 12, 7), CollectionState.ACCEPTED


def test_twelve_months_each_with_its_reasons(house: House) -> None:
    some_history(house)
    rates = monthly_rates(select(LegalEntity.id))
    assert len(rates.months) == 13 and rates.months[0].first == date(2025, 12, 1)
    october, november, december = rates.months[-3:]
    assert (december.presented, december.rate) == (1, 0.0)
    assert (october.presented, october.rate, november.presented, november.rate) == (4, 0.75, 4, 0.25)
    assert rates.reasons == ["AM04", "MD06"], "November of last year is too long ago"
    assert rates.worst == 0.75


def test_the_worst_month_fills_the_bar_and_the_others_are_to_scale(house: House) -> None:
    some_history(house)
    rates = monthly_rates(select(LegalEntity.id))
    october, november = rates.months[-3:-1]
    assert [(bar.reason, bar.width) for bar in rates.bars(october)] == [("AM04", 66.67), ("MD06", 33.33)]
    assert [(bar.x, bar.width) for bar in rates.bars(november)] == [(0.0, 33.33)]
    assert rates.bars(rates.months[0]) == []


def test_the_page_and_the_csv_show_them(house: House, browser) -> None:
    some_history(house)
    client = browser(house.finance)
    page = client.get("/sepa/returns").text
    assert "octobre 2026" in page and "75,0" in page and 'class="chart-2"' in page
    lines = client.get("/sepa/returns/rates.csv").text.splitlines()
    assert len(lines) == 14 and lines[-3].startswith("2026-10;4;3;0,7500;2;1")


def test_nothing_came_back_is_said(house: House, browser) -> None:
    assert "Rien n" in browser(house.finance).get("/sepa/returns").text
