"""Force majeure: orders of a fixed term last longer by the time without resources, for nothing."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from portal.availability.extending import TermExtension, uncounted
from portal.catalogue.models import Method, Plan
from portal.db import EVERYTHING, db, set_scope
from portal.journal import SYSTEM
from portal.mail import Mail
from portal.subscriptions.extending import anchor_for
from portal.subscriptions.models import Subscription
from portal.subscriptions.ordering import place_order
from tests.availability.builders import a_cloud
from tests.builders import House, a_customer, stored, work
from tests.contracts.builders import natso
from tests.subscriptions.builders import a_product

PARIS = ZoneInfo("Europe/Paris")
START, END = "2026-11-24T10:00", "2026-12-04T10:00"  # ten days to the hour


def typed(*services: str, **values: str) -> dict[str, object]:
    told = {"starts_at": START, "ends_at": END, "cause": "force_majeure", "words": "Incendie"}
    return {"services": list(services) or ["numspot:region"], **told, **values}


def an_order(house: House, **values: Any) -> Subscription:
    product = a_product(
        house,
        code="NS-A",
        name="NumSpot un an",
        terms_stack="numspot",
        plan=Plan.ANNUAL,
        billing_months=values.pop("billing_months", 12),
        has_keys=False,
        price_includes_vat=False,
    )
    billed_before = values.pop("billed_before", date(2027, 1, 15))
    customer = a_customer(house.reseller, accepted="numspot", **values)
    row = place_order(customer, product, 1, Method.DIRECT_DEBIT, by=SYSTEM).deliver(by=SYSTEM)
    row.started_on, row.billed_before = date(2026, 1, 15), billed_before
    db.session.commit()
    return row


def extensions() -> list[TermExtension]:
    work()
    set_scope(EVERYTHING)
    return list(db.session.scalars(select(TermExtension).order_by(TermExtension.id)))


def test_003_37_force_majeure_makes_an_order_longer_and_every_answer_follows(house, browser, at):
    row = an_order(house, billed_before=date(2027, 1, 15))
    at(datetime(2026, 11, 25, 12, tzinfo=PARIS))
    client = browser(house.operator)
    page = client.post("/availability/outages", data=typed(ends_at="")).location
    assert extensions() == []  # while it lasts nobody knows how long
    at(datetime(2026, 12, 4, 12, tzinfo=PARIS))
    client = browser(house.operator)
    assert client.post(f"{page}/end", data={"ends_at": END}).status_code == 303
    (extension,) = extensions()
    assert (extension.before_on, extension.after_on) == (date(2027, 1, 15), date(2027, 1, 25))
    row = stored(row)
    assert row.term_ends_on(date(2026, 12, 4)) == row.period_ends_on == row.billed_before == date(2027, 1, 25)
    (mail,) = db.session.scalars(select(Mail).where(Mail.kind == "availability/mail_extended"))
    assert mail.sent_at is not None and "25 janvier 2027" in mail.body and "003-37" in mail.body
    assert mail.recipient == row.customer.contact("signatory").email
    shown = client.get(f"/subscriptions/{row.uid}").text
    assert "25 janvier 2027" in shown and "003-37" in shown
    assert "25 janvier 2027" in client.get(f"/contracts/{row.uid}").text
    assert "Commandes prorogées" in client.get(page).text
    assert client.post(f"{page}/withdrawal", data={"why": "Erreur"}).status_code == 422
    at(datetime(2027, 2, 1, 12, tzinfo=PARIS))
    assert stored(row).term_ends_on(date(2027, 2, 1)) == date(2028, 1, 25)  # counted from there


def test_an_end_that_was_its_due_date_moves_and_months_that_were_billed_stay_so(house, browser, at):
    row = an_order(house, billing_months=1, billed_before=date(2026, 12, 15))
    at(datetime(2026, 12, 4, 12, tzinfo=PARIS))
    row.give_notice(
        sent_on=date(2026, 11, 1), ends_on=date(2027, 1, 15), reason="ordinary", fields={}, by=house.operator
    )
    db.session.commit()
    assert browser(house.operator).post("/availability/outages", data=typed()).status_code == 303
    assert len(extensions()) == 1
    row = stored(row)
    assert row.ends_on == date(2027, 1, 25) and row.billed_before == date(2026, 12, 25)


def test_nothing_is_owed_on_demand_without_the_clause_or_for_another_cause(house, browser, at):
    a_cloud(house, name="À la demande", siren=None).gb_month_cents = 2
    natso(house, name="Sans clause", siren=None)
    an_order(house, name="Incident", siren=None)
    at(datetime(2026, 12, 4, 12, tzinfo=PARIS))
    client = browser(house.operator)
    assert client.post("/availability/outages", data=typed(cause="incident")).status_code == 303
    assert extensions() == []
    assert client.post("/availability/outages", data=typed()).status_code == 303
    assert [each.minutes for each in extensions()] == [14400]
    assert client.post("/availability/outages", data=typed()).status_code == 303
    assert len(extensions()) == 1  # the same hours count once


def hour(n: int) -> datetime:
    return datetime(2026, 11, 24, n, tzinfo=UTC)


@pytest.mark.parametrize(
    ("counted", "left"),
    [
        ([], [(2, 8)]),
        ([(0, 2), (8, 9)], [(2, 8)]),
        ([(3, 4)], [(2, 3), (4, 8)]),
        ([(1, 3), (7, 9)], [(3, 7)]),
        ([(0, 9)], []),
    ],
)
def test_an_hour_of_two_outages_counts_once(counted, left):
    spans = [(hour(a), hour(b)) for a, b in counted]
    assert uncounted((hour(2), hour(8)), spans) == [(hour(a), hour(b)) for a, b in left]


@pytest.mark.parametrize(
    ("starts_on", "months", "after_on", "anchor"),
    [
        (date(2026, 1, 15), 12, date(2027, 1, 25), date(2026, 1, 25)),
        (date(2027, 2, 20), 12, date(2028, 3, 1), date(2027, 3, 1)),  # across a 29 February
        (date(2026, 2, 28), 1, date(2026, 3, 31), date(2026, 3, 1)),  # no month ends too early
    ],
)
def test_a_longer_period_never_ends_before_its_day(starts_on, months, after_on, anchor):
    assert anchor_for(starts_on, months, after_on) == anchor
