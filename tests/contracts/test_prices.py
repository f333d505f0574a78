"""New prices: decided, announced with proof, and owed from the right period on."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from flask import current_app
from flask.testing import FlaskClient

from portal import jobs
from portal.access import Role
from portal.billing.models import Charge
from portal.catalogue.models import Method, Plan, PriceRevision
from portal.contracts.revisions import revise_price
from portal.customers.models import ContactRole
from portal.db import db
from portal.errors import Refused
from portal.journal import SYSTEM, timeline
from portal.mail import Mail, MailState
from portal.subscriptions.models import Subscription
from portal.subscriptions.ordering import place_order
from portal.subscriptions.periods import charge_next_period
from portal.subscriptions.price_steps import PriceStep
from tests.builders import House, stored, work
from tests.contracts.running import a_subscription, subscribe
from tests.subscriptions.builders import a_monthly_product
from tests.test_csv_file import table

Browser = Callable[..., FlaskClient]
Move = Callable[[datetime], None]
CHOSEN = date(2026, 12, 23)  # one month after the fixed Monday
FIRST = date(2027, 2, 23)  # the price of the order is kept through 23 January


def monthly(house: House) -> Subscription:
    return a_subscription(
        house,
        code="NB-M",
        name="NATSO mensuel",
        terms_stack="natso",
        plan=Plan.MONTHLY,
        unit_cents=1000,
        price_includes_vat=True,
    )


def decided(subscription: Subscription, cents: int = 1200, on: date = CHOSEN) -> PriceRevision:
    revision = revise_price(subscription.product, unit_cents=cents, effective_on=on, by=SYSTEM)
    db.session.commit()
    return revision


def charged(subscription: Subscription, times: int) -> list[tuple[str, int]]:
    origins = [charge_next_period(subscription) for _ in range(times)]
    db.session.commit()
    prices = {charge.origin: charge.unit_cents for charge in db.session.scalars(db.select(Charge))}
    return [(origin[-10:], prices[origin]) for origin in origins]


def test_a_period_is_owed_at_the_price_of_its_first_day(house: House) -> None:
    subscription = monthly(house)
    decided(subscription)
    work()
    step = db.session.scalars(db.select(PriceStep)).one()
    assert (step.effective_on, step.unit_cents) == (FIRST, 1200)
    assert charged(subscription, 5) == [
        ("2026-11-23", 1000),
        ("2026-12-23", 1000),
        ("2027-01-23", 1000),
        ("2027-02-23", 1200),
        ("2027-03-23", 1200),
    ]
    assert stored(subscription).unit_cents == 1200
    entries = [entry for entry in timeline(subscription) if entry.what == "take_price"]
    assert [(e.before, e.after, e.details["start"]) for e in entries] == [("1000", "1200", "2027-02-23")]


def test_the_customer_is_told_at_the_accounts_address_with_proof(house: House, browser: Browser) -> None:
    subscription = monthly(house)
    subscription.customer.contact(ContactRole.SIGNATORY).email = "direction@client.example"
    decided(subscription)
    work()
    mail = db.session.scalars(db.select(Mail).where(Mail.subject_uid == subscription.uid)).one()
    assert mail.recipient == "direction@client.example" and mail.state == MailState.SENT
    for words in ("10,00", "12,00", "23 février 2027", "000-26"):
        assert words in mail.body
    page = browser(house.reader).get(f"/subscriptions/{subscription.uid}").text
    assert "Nouveau prix" in page and "direction@client.example" in page and "000-26" in page
    client = browser(house.operator)
    page = client.get(f"/prices/{subscription.product.uid}").text
    assert "direction@client.example" in page and "envoyé" in page
    assert "direction@" not in client.get(f"/prices/{subscription.product.uid}?unsent=1").text
    assert "direction@" not in client.get(f"/prices/{a_monthly_product(house).uid}").text
    assert client.get("/lists/prices-told/file.csv").status_code == 404
    answer = client.get(f"/prices/{subscription.product.uid}/told.csv")
    assert (
        "Boulangerie Martin;2 × NATSO mensuel;1200;2027-02-23;direction@client.example;envoyé" in answer.text
    )


def test_a_price_whose_announcement_never_left_is_not_owed(house: House) -> None:
    subscription = monthly(house)
    decided(subscription)
    work()
    mail = db.session.scalars(db.select(Mail).where(Mail.subject_uid == subscription.uid)).one()
    mail.state, mail.sent_at = MailState.QUEUED, None
    assert {price for _day, price in charged(subscription, 5)} == {1000}


def test_a_late_announcement_moves_the_price_to_a_later_period(house: House) -> None:
    subscription = monthly(house)
    decided(subscription)
    work()
    mail = db.session.scalars(db.select(Mail).where(Mail.subject_uid == subscription.uid)).one()
    mail.sent_at = datetime(2027, 1, 23, 23, 30, tzinfo=UTC)  # 24 January in Paris: a day too late
    assert charged(subscription, 5)[-2:] == [("2027-02-23", 1000), ("2027-03-23", 1200)]


def test_a_day_before_the_notice_is_refused_and_nothing_is_lost(house: House, browser: Browser) -> None:
    product = monthly(house).product
    client = browser(house.operator)
    for method in (client.get, client.post):
        key = "query_string" if method == client.get else "data"
        form = {"price": "12,34", "effective_on": "2026-12-22"}
        answer = method(f"/prices/{product.uid}", **{key: form})
        assert "avant le 23/12/2026" in answer.text and 'value="12,34"' in answer.text
    assert answer.status_code == 422
    assert db.session.scalars(db.select(PriceRevision)).all() == []


@pytest.mark.parametrize(
    ("price", "sentence"),
    [("dix", "illisible"), ("", "Indiquez le prix"), ("0", "supérieur à zéro"), ("10", "déjà celui")],
)
def test_a_price_that_is_none_is_said_beside_the_field(
    house: House, browser: Browser, price: str, sentence: str
) -> None:
    product = monthly(house).product
    form = {"price": price, "effective_on": "2026-12-23"}
    answer = browser(house.operator).post(f"/prices/{product.uid}", data=form)
    assert answer.status_code == 422 and sentence in answer.text


def test_the_operator_sees_every_first_day_before_deciding_and_then_decides(
    house: House, browser: Browser
) -> None:
    subscription = monthly(house)
    client, address = browser(house.operator), f"/prices/{subscription.product.uid}"
    form = {"price": "12,00", "effective_on": "2026-12-23"}
    page = client.get(address, query_string=form).text
    assert 'datetime="2027-02-23"' in page and 'datetime="2027-01-23"' in page
    assert "Décider ce prix" in page
    assert client.post(address, data=form).status_code == 303
    work()
    assert db.session.scalars(db.select(PriceStep)).one().effective_on == FIRST
    assert client.post(address, data=form).status_code == 422  # the same day again
    page = client.get("/prices?coming=yes").text
    assert "12,00" in page and f'href="{address}"' in page
    assert address not in client.get("/prices?coming=no").text
    head, row = table(client.get("/lists/prices/file.csv").text)
    shown = dict(zip(head, row, strict=True))
    assert (shown["Prix du jour"], shown["Prix à venir"]) == ("10,00", "12,00")
    assert shown["À partir du"] == "2026-12-23"
    assert browser(house.owner).get("/lists/prices/file.csv").status_code == 403


def test_new_orders_pay_the_new_price_from_its_day_and_old_ones_never(house: House, at: Move) -> None:
    subscription = monthly(house)
    customer, product = subscription.customer, subscription.product
    decided(subscription)
    work()
    at(datetime(2026, 12, 22, 22, 59, tzinfo=UTC))
    assert place_order(customer, product, 1, Method.WIRE, by=SYSTEM).unit_cents == 1000
    at(datetime(2026, 12, 22, 23, 0, tzinfo=UTC))
    new = subscribe(customer, product, Method.WIRE)
    assert new.unit_cents == 1200
    with current_app.app_context():
        jobs.run_periodic()
    work()
    assert [step.subscription_id for step in db.session.scalars(db.select(PriceStep))] == [subscription.id]


def test_an_old_order_that_is_delivered_later_is_told_then(house: House, at: Move) -> None:
    subscription = monthly(house)
    late = place_order(subscription.customer, subscription.product, 1, Method.WIRE, by=SYSTEM)
    decided(subscription)
    work()
    at(datetime(2027, 1, 4, 9, tzinfo=UTC))
    delivered = late.deliver(by=SYSTEM)
    db.session.commit()
    with current_app.app_context():
        jobs.run_periodic()
    work()
    step = db.session.scalars(db.select(PriceStep).where(PriceStep.subscription_id == delivered.id)).one()
    assert step.effective_on == date(2027, 2, 4)  # told on 4 January


def test_a_contract_without_revision_keeps_the_price_of_running_subscriptions(
    house: House, browser: Browser
) -> None:
    subscription = a_subscription(house)  # NumSpot speaks of no price change
    with pytest.raises(Refused, match="au plus tôt demain"):
        decided(subscription, 12000, date(2026, 11, 23))
    decided(subscription, 12000, date(2026, 11, 24))
    work()
    assert db.session.scalars(db.select(PriceStep)).all() == []
    assert {price for _day, price in charged(subscription, 3)} == {10000}
    page = browser(house.operator).get(f"/prices/{subscription.product.uid}").text
    assert "ne prévoit pas de révision" in page and "prix du contrat" in page


@pytest.mark.parametrize("role", [Role.FINANCE, Role.OWNER])
def test_only_the_operator_decides_a_price(house: House, browser: Browser, role: Role) -> None:
    product = monthly(house).product
    client = browser(house.people[role])
    assert client.get("/prices").status_code == 303  # to the list of a reseller
    assert client.get(f"/prices/{product.uid}").status_code == 403
    assert client.post(f"/prices/{product.uid}", data={}).status_code == 403
