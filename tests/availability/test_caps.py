"""The caps on the provider's liability: with their base, and never against a consumer."""

from datetime import date, datetime
from html import unescape
from zoneinfo import ZoneInfo

import pytest

from portal.availability.caps import caps_of
from portal.billing.issue import note_payment
from portal.customers.models import CustomerKind
from portal.db import db
from portal.journal import SYSTEM
from tests.availability.builders import a_cloud, bill
from tests.contracts.builders import dobaas, dropcloud, natso

NOON = datetime(2026, 12, 15, 12, tzinfo=ZoneInfo("Europe/Paris"))


@pytest.mark.parametrize(("clause", "make"), [("000-50", natso), ("001-35", dropcloud)])
def test_the_yearly_fee_is_the_cap_and_none_against_a_consumer(house, browser, at, clause, make):
    row = make(house)
    at(NOON)
    (shown,) = caps_of(row, date(2026, 12, 15))
    assert shown.cap.cents == row.net_cents * 12 // row.billing_months and shown.clauses == clause
    page = unescape(browser(house.operator).get(f"/subscriptions/{row.uid}").text)
    assert "Plafonds de responsabilité" in page and "une année d'abonnement" in page
    row.customer.kind = CustomerKind.CONSUMER
    db.session.commit()
    assert caps_of(row, date(2026, 12, 15))[0].cap.cents is None
    page = unescape(browser(house.operator).get(f"/subscriptions/{row.uid}").text)
    assert "pas opposable à un consommateur" in page and "une année d'abonnement" not in page


def test_the_general_cap_is_half_of_what_was_cashed_for_that_contract(house, browser, at):
    row = a_cloud(house)
    at(NOON)
    assert caps_of(row, date(2026, 12, 15))[0].cap.cents == 0  # nothing was cashed yet
    invoice = bill(row, date(2026, 12, 1))
    note_payment(invoice, received_on=date(2026, 12, 2), reference="V1", by=SYSTEM, amount_cents=600_000)
    db.session.commit()
    (shown,) = caps_of(row, date(2026, 12, 15))
    assert shown.cap.cents == 250_000  # half of the net part of six thousand euros with VAT
    assert caps_of(row, date(2026, 12, 2))[0].cap.cents == 0  # paid on the day of the event: not before it
    assert caps_of(row, date(2028, 1, 1))[0].cap.cents == 0  # more than twelve months ago
    page = unescape(browser(house.operator).get(f"/subscriptions/{row.uid}").text)
    assert "003-35, 003-36" in page and "5 000,00" in page.replace("\u202f", " ").replace("\xa0", " ")


def test_a_contract_that_prints_two_caps_shows_both_and_decides_nothing(house, browser, at):
    row = dobaas(house)
    at(NOON)
    one, other = caps_of(row, date(2026, 12, 15))
    assert (one.clauses, other.clauses) == ("004-22", "004-26")
    assert one.cap.cents == row.net_cents // row.billing_months and other.cap.cents == 0
    page = unescape(browser(house.operator).get(f"/subscriptions/{row.uid}").text)
    assert "deux plafonds : une personne décide" in page.replace("\xa0", " ")
