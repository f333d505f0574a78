"""The page that says and the act that does give one answer, whatever contract, customer, day and reason."""

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from babel.dates import format_date
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.answers.case import CUSTOMERS, in_order
from portal.billing.models import Charge
from portal.contracts.history import history_of
from portal.customers.models import CustomerKind
from portal.db import db
from portal.errors import Refused
from portal.resellers.models import LegalEntity
from portal.simulator.run import simulate
from portal.subscriptions.models import Subscription, SubscriptionState
from portal.subscriptions.termination import Notice, Reason, work_out
from tests.builders import House, stored, work
from tests.contracts.builders import dobaas, dropcloud, natso, numspot

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
MAKERS = {"natso": natso, "dropcloud": dropcloud, "dobaas": dobaas, "numspot": numspot}
STARTS = (date(2026, 1, 15), date(2025, 8, 31), date(2024, 2, 29))
DAYS = 56  # per start, contract and kind of customer, spread over three years


def questions(start: date, seed: int) -> Iterator[Notice]:
    """The same ones at every run: each reason, for the term or early, on days of every season."""
    chance = random.Random(seed)
    for number in range(DAYS):
        day = start + timedelta(days=chance.randrange(0, 1095))
        reason = list(Reason)[number % len(Reason)]
        noticed = day - timedelta(days=chance.choice((5, 20, 40))) if reason == Reason.BREACH else None
        longer = {}
        if reason == Reason.SWITCH and number % 3 == 0:
            longer = {"transition_until": day + timedelta(days=150), "extended_by": "customer"}
        yield Notice(
            day, reason, at_term=bool(number % 2), noticed_on=noticed and max(noticed, start), more=longer
        )


def on_the_page(subscription: Subscription, notice: Notice) -> Any:
    """What the simulator answers to the same events, with the history of the contract, as its page asks
    it.
    """
    case = history_of(subscription, as_of=notice.sent_on).case
    return summary(simulate(replace(case, events=in_order([*case.events, *notice.events]))))


def summary(outcome: Any) -> tuple[Any, ...]:
    dates = [
        (each.what, each.on, each.clauses)
        for each in outcome.calendar
        if each.what in ("contract_ends", "last_usable_day")
    ]
    amounts = [
        (each.what, each.cents, each.clauses) for each in outcome.amounts if each.what != "reversibility_fee"
    ]
    return sorted(dates), sorted(amounts)


def in_the_act(subscription: Subscription, notice: Notice) -> Any:
    return summary(work_out(subscription, notice, looking_ahead=True).outcome)


def answer_or_refusal(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except Refused as refusal:
        return type(refusal).__name__


@pytest.mark.parametrize("kind", CUSTOMERS)
@pytest.mark.parametrize("contract", MAKERS)
def test_page_and_act_answer_alike(house: House, contract: str, kind: str) -> None:
    subscription = MAKERS[contract](house, kind=CustomerKind("business"))
    subscription.customer.kind = CustomerKind(kind)  # also one to whom the contract is not open: both refuse
    asked = refused = 0
    for start in STARTS:
        subscription.started_on, subscription.billed_before = start, start + timedelta(days=365)
        db.session.flush()
        for notice in questions(start, seed=asked):
            act = answer_or_refusal(lambda notice=notice: in_the_act(subscription, notice))
            page = answer_or_refusal(lambda notice=notice: on_the_page(subscription, notice))
            assert (act == page) or {act, page} <= {"Refused", "CaseError"}, (start, notice, act, page)
            asked, refused = asked + 1, refused + isinstance(act, str)
    assert asked == DAYS * len(STARTS)
    assert refused == asked if (contract, kind) == ("numspot", "consumer") else refused < asked


END = re.compile(r"Fin du contrat</dt>.*?fw-semibold\">([^<]+)<", re.S)


def the_end(page: str) -> str:
    found = END.search(page)
    return found[1].replace("\xa0", " ") if found else ""


@pytest.mark.parametrize("reason", ["none", "switch", "in_house", "end_of_business", "receivership"])
@pytest.mark.parametrize("contract", MAKERS)
def test_what_is_shown_before_leaving_is_what_is_done(
    house: House, browser: Browser, contract: str, reason: str
) -> None:
    client, subscription = browser(house.owner), MAKERS[contract](house)
    asked = f"reason={reason}&early=y"
    looked = client.get(f"/contracts/{subscription.uid}/leaving?day=2026-11-23&{asked}").text
    shown = [end.replace("\xa0", " ") for end in END.findall(looked)]
    before = client.get(f"/subscriptions/{subscription.uid}/termination?sent_on=2026-11-23&{asked}").text
    assert the_end(before) in shown, "one of the two columns"
    form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', before))
    address = f"/subscriptions/{subscription.uid}/termination"
    is_event = contract == "dobaas" and reason in ("end_of_business", "receivership")
    assert ("reason" in form) != is_event, "a button only where it does what it says"
    typed = {"sent_on": "2026-11-23", "reason": reason, "early": "y"}
    answer = client.post(address, data=typed if is_event else form)
    if is_event:
        assert answer.status_code == 422 and "avec sa pièce" in answer.text  # 004-39, on a page of its own
        return
    assert answer.status_code == 303
    assert stored(subscription).state == SubscriptionState.NOTICE_GIVEN
    assert format_date(subscription.ends_on, "d MMMM y", locale="fr") == the_end(before)
    page = client.get(f"/contracts/{subscription.uid}").text
    assert "donnent le" not in page, "the contract's page finds the very day that was recorded"


def test_004_39_the_end_of_business_costs_nothing_and_is_noted_with_its_document(
    house: House, browser: Browser
) -> None:
    """004-39: the page says the day and no indemnity; without document and letter it is not given here."""
    subscription = dobaas(house)
    client, address = browser(house.owner), f"/subscriptions/{subscription.uid}/termination"
    shown = client.get(f"{address}?sent_on=2026-11-23&reason=end_of_business&early=y").text
    assert "23 novembre 2026" in the_end(shown) and "004-39" in shown
    form = {"sent_on": "2026-11-23", "reason": "end_of_business", "early": "y"}
    answer = client.post(address, data=form)
    assert answer.status_code == 422 and "avec sa pièce" in answer.text
    assert stored(subscription).ends_on is None


def test_004_42_an_early_end_is_billed_for_the_months_that_have_not_begun(
    house: House, browser: Browser, at: At
) -> None:
    """004-42: 19 months of 300.00 from 15 June 2027 to 15 January 2029, at 20 %."""
    subscription = dobaas(house)
    form = {"sent_on": "2026-11-23", "reason": "none", "early": "y"}
    address = f"/subscriptions/{subscription.uid}/termination"
    assert browser(house.owner).post(address, data=form).status_code == 303
    assert stored(subscription).ends_on == date(2027, 5, 23)
    at(datetime(2026, 11, 30, 9, tzinfo=UTC))
    bill(house, browser)
    (penalty,) = db.session.scalars(
        db.select(Charge).where(Charge.origin == f"early-end-penalty:{subscription.uid}")
    )
    assert (penalty.unit_cents, penalty.clause) == (19 * 6000, "004-42")
    assert penalty.invoice_id is not None, "on the month's invoice"


def bill(house: House, browser: Browser) -> None:
    """The month's run, as finance starts it and the worker does it."""
    entity = db.session.scalars(db.select(LegalEntity)).first()
    month = clock.today().strftime("%Y-%m")
    client = browser(house.finance)
    assert client.post("/billing/runs", data={"entity": entity.uid, "month": month}).status_code == 303
    work()


def test_asking_first_leaves_no_token_in_the_address_and_confirming_works(
    house: House, browser: Browser, app: Flask
) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        subscription, client = natso(house), browser(house.owner)
        address = f"/subscriptions/{subscription.uid}/termination"
        asked = client.get(f"{address}?sent_on=2026-11-23&reason=none").text
        fields = asked.partition('<form class="panel"')[2].partition("</form>")[0]
        assert "csrf_token" not in fields, "what is sent with « Calculer » carries no token"
        form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', asked))
        assert form["csrf_token"]
        assert client.post(address, data=form).status_code == 303
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
