"""The registered letter of a request (004-30): its receipt starts sixty days, for a copy or a destruction."""

import io
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from portal.db import db
from portal.reversibility.models import ReversibilityCase
from portal.reversibility.request_letters import RequestLetter
from tests import vaulting
from tests.builders import a_customer, an_outsider, stored
from tests.reversibility.test_views import ask, the_case
from tests.sepa.test_paper import SCAN

LETTER = {
    "posted_on": "2026-11-19",
    "first_presented_on": "2026-11-20",
    "received_on": "2026-11-21",
    "tracking": "1A 123 456 7890 1",
}


@pytest.fixture
def ended(house, repository):
    customer = a_customer(house.reseller, accepted="dobaas")
    subscription = vaulting.a_subscription(customer, terms="dobaas", ends_on=date(2026, 12, 1))
    return subscription, vaulting.a_vault(customer, repository, subscription)


def note(client, case: ReversibilityCase, **changes: object) -> object:
    data = {**LETTER, **changes}
    return client.post(f"/reversibility/{case.uid}/letter", data=data, content_type="multipart/form-data")


@pytest.mark.parametrize("reason", ["copy", "destroy"])
def test_004_30_the_customers_choice_is_due_sixty_days_after_her_letter(browser, house, ended, at, reason):
    at(datetime(2026, 11, 23, 9, tzinfo=UTC))
    owner = browser(house.owner)
    assert ask(owner, *ended, reason=reason).status_code == 303
    case = the_case()
    page = owner.get(f"/reversibility/{case.uid}").text
    assert "qui n'est pas encore notée" in page.replace("&#39;", "'") and "004-30" in page
    due = case.delivery or case.destruction
    assert due.value == date(2027, 1, 22), "asked for on line: the delay runs already"
    scan = (io.BytesIO(SCAN), "ar.pdf")
    assert note(owner, case, scan=scan).status_code == 303
    case = stored(case)
    due = case.delivery or case.destruction
    assert (due.value, due.clause) == (date(2027, 1, 20), "004-30") and case.requested_on == date(
        2026, 11, 21
    )
    page = owner.get(f"/reversibility/{case.uid}").text
    assert "1A 123 456 7890 1" in page and "reversibilite-2026-11-19" in page
    letter = db.session.scalars(select(RequestLetter)).one()
    assert browser(house.owner).get(f"/documents/{letter.scan.uid}").status_code == 200
    if reason == "copy":
        at(datetime(2027, 1, 21, 9, tzinfo=UTC))
        assert case.uid in browser(house.operator).get("/").text, "it waits for a person the day after"


def test_a_letter_that_came_after_the_request_on_line_shortens_nothing(browser, house, ended, at):
    at(datetime(2026, 11, 30, 9, tzinfo=UTC))
    owner = browser(house.owner)
    ask(owner, *ended, received_on="2026-11-20")
    assert note(owner, the_case()).status_code == 303
    assert stored(the_case()).requested_on == date(2026, 11, 20)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"received_on": "2026-12-24"}, "à venir"),
        ({"received_on": "2026-11-18"}, "après son envoi"),
        ({"tracking": ""}, "Recopiez le numéro"),
        ({"scan": (io.BytesIO(b"MZ\x00"), "a.pdf")}, "Choisissez un PDF"),
    ],
)
def test_a_letter_with_a_fault_is_refused_beside_its_field(browser, house, ended, at, changes, words):
    at(datetime(2026, 11, 30, 9, tzinfo=UTC))
    owner = browser(house.owner)
    ask(owner, *ended)
    answer = note(owner, the_case(), **changes)
    assert answer.status_code == 422 and words in answer.text
    assert db.session.scalars(select(RequestLetter)).all() == []


def test_it_is_noted_once_and_by_the_house_alone(browser, house, ended, at):
    at(datetime(2026, 11, 30, 9, tzinfo=UTC))
    owner = browser(house.owner)
    ask(owner, *ended)
    case = the_case()
    assert note(browser(an_outsider(house)), case).status_code == 404
    assert note(browser(house.reader), case).status_code == 403
    assert note(owner, case).status_code == 303
    assert note(owner, case).status_code == 422
    assert len(db.session.scalars(select(RequestLetter)).all()) == 1
