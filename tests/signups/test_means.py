"""How somebody who signs up may pay: what the clause of her plan allows, and what is set up here."""

from collections.abc import Callable
from datetime import UTC, datetime

from flask.testing import FlaskClient
from sqlalchemy import select

from portal.billing.models import Invoice, Proforma
from portal.blobs import content_of
from portal.catalogue.models import Method
from portal.db import EVERYTHING, db, set_scope
from portal.licensing.models import ActivationKey
from portal.mail import Mail
from portal.signups.models import SignUpState, TrialState
from portal.subscriptions.models import Order, OrderState
from tests.builders import House, an_entity, stored, work
from tests.cards.paying import pay_link
from tests.fake_stripe import Stripe
from tests.signups.builders import (
    HER,
    SIGNER,
    ask,
    her_user,
    last_mail_to,
    open_page,
    sign_up,
    the_sign_up,
    the_trial,
    token_to,
)
from tests.subscriptions.builders import a_monthly_product, a_product
from tests.subscriptions.test_orders import text_of

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
TOWN = {"kind": "public_body", "name": "Commune de Brest", "billing-name": "Léa Roux"}


def the_order() -> Order:
    set_scope(EVERYTHING)
    return db.session.scalars(select(Order).order_by(Order.id.desc())).first()


def received(browser: Browser, house: House, order: Order, day: str, amount: str, reference: str) -> None:
    money = {"received_on": day, "amount": amount, "reference": reference}
    assert browser(house.finance).post(f"/orders/{order.uid}/payment", data=money).status_code == 303
    work()
    set_scope(EVERYTHING)


def pays_by_card(browser: Browser, stripe: Stripe) -> None:
    path, buyer = pay_link(), browser()
    buyer.post(path)
    stripe.pay()
    buyer.get(f"{path}/return")
    work()
    set_scope(EVERYTHING)


def test_000_16_a_sign_up_is_paid_by_card_and_its_key_follows_the_banks_approval(
    house: House, browser: Browser, stripe: Stripe, at: At
) -> None:
    product = open_page(house)
    page = browser().get("/sign-up").text
    assert "Carte bancaire" in page and "Prélèvement" not in page and "Mandat administratif," not in page
    at(datetime(2026, 11, 25, 9, tzinfo=UTC))
    sign_up(browser(), product, wish="web", method="card")
    order = the_order()
    assert (order.method, order.state) == (Method.CARD, OrderState.PENDING_APPROVAL)
    assert the_sign_up().outcome_uid == order.uid
    assert db.session.scalars(select(ActivationKey)).all() == []
    pays_by_card(browser, stripe)
    assert stored(order).state == OrderState.DELIVERED
    key = db.session.scalars(select(ActivationKey)).one()
    mails = db.session.scalars(select(Mail).where(Mail.kind == "subscriptions/mail_paid")).all()
    assert [key.code in mail.body for mail in mails] == [True]


def test_who_orders_on_line_reads_price_and_length_and_says_that_she_will_owe(
    house: House, browser: Browser
) -> None:
    product, phone = open_page(house), browser()
    asked = ask(phone, product, wish="web", method="wire", kind="consumer", siren="", quantity="2")
    assert asked.status_code == 303, asked.text
    path = f"/sign-up/{token_to()}"
    page = phone.get(path).text.replace("\u202f", " ").replace("\u00a0", " ")
    assert "119,76 € TTC" in page and "(2 × 59,88 €)" in page and "annuel" in page
    shown = page.partition('name="shown"')[2].partition('value="')[2].partition('"')[0]
    code = phone.post(path, data={**SIGNER, "shown": shown}, follow_redirects=True).text
    assert "Commander avec obligation de paiement" in code
    assert "Confirmer mon inscription" not in code


def test_000_34_a_trial_whose_card_is_refused_goes_on_and_is_ordered_anew(
    house: House, browser: Browser, stripe: Stripe, at: At
) -> None:
    sign_up(browser(), open_page(house))
    trial = the_trial()
    at(datetime(2026, 12, 1, 9, tzinfo=UTC))
    client, way = browser(her_user()), f"/trials/{trial.uid}/production"
    assert "Carte bancaire" in client.get(f"/trials/{trial.uid}").text
    assert client.post(way, data={"quantity": "2", "method": "card"}).status_code == 303
    refused = the_order()
    path = pay_link()
    browser().post(path)
    stripe.decline()
    stripe.expire()
    at(datetime(2026, 12, 1, 10, 1, tzinfo=UTC))
    browser().get(f"{path}/return")
    work()
    set_scope(EVERYTHING)
    client = browser(her_user())
    assert stored(refused).state == OrderState.REFUSED and stored(trial).state == TrialState.TRIAL
    assert client.post(way, data={"quantity": "2", "method": "card"}).status_code == 303
    pays_by_card(browser, stripe)
    assert stored(the_order()).state == OrderState.DELIVERED
    assert stored(trial).state == TrialState.PRODUCTION
    (key,) = db.session.scalars(select(ActivationKey)).all()
    assert key.uid == trial.key_uid
    assert db.session.scalars(select(Invoice)).one().method == Method.CARD


def test_a_trial_is_ordered_by_cheque_and_its_key_goes_on_once_the_bank_has_credited_it(
    house: House, browser: Browser, at: At
) -> None:
    """000-16, 000-18."""
    sign_up(browser(), open_page(house))
    trial = the_trial()
    at(datetime(2026, 12, 1, 9, tzinfo=UTC))
    client = browser(her_user())
    assert 'value="card"' not in client.get(f"/trials/{trial.uid}").text, "no gateway is set up"
    for method, status in (("card", 422), ("administrative_mandate", 422), ("cheque", 303)):
        data = {"quantity": "2", "method": method}
        assert client.post(f"/trials/{trial.uid}/production", data=data).status_code == status
    order = the_order()
    assert (order.method, order.state) == (Method.CHEQUE, OrderState.AWAITING_PAYMENT)
    work()
    asked = content_of(db.session.scalars(select(Proforma)).one().document)
    assert "Règlement par chèque" in text_of(asked)
    received(browser, house, order, "2026-12-01", "119,76", "CHQ 7")
    assert stored(trial).state == TrialState.PRODUCTION
    assert trial.key.code in last_mail_to(HER).body


def test_001_14_a_town_hall_signs_up_for_a_year_and_pays_through_its_accountant(
    house: House, browser: Browser, at: At
) -> None:
    product = open_page(house, a_product(house, terms_stack="dropcloud", unit_cents=10_000))
    at(datetime(2026, 11, 24, 9, tzinfo=UTC))
    answer = ask(browser(), product, wish="web", method="administrative_mandate")
    assert answer.status_code == 422 and "virement, chèque." in answer.text
    sign_up(browser(), product, wish="web", method="administrative_mandate", **TOWN)
    order = the_order()
    assert (order.method, order.state) == (Method.ADMINISTRATIVE_MANDATE, OrderState.AWAITING_PAYMENT)
    received(browser, house, order, "2026-11-24", "200", "MANDAT 8")
    assert stored(order).state == OrderState.DELIVERED
    assert db.session.scalars(select(ActivationKey)).one().code in last_mail_to(HER).body


def test_001_12_a_month_is_paid_by_debit_or_card_and_by_card_only_where_the_provider_bills(
    house: House, browser: Browser, stripe: Stripe, at: At
) -> None:
    product = open_page(house, a_monthly_product(house, terms_stack="dropcloud"))
    at(datetime(2026, 11, 24, 9, tzinfo=UTC))
    assert ask(browser(), product, wish="web", method="wire").status_code == 422
    assert ask(browser(), product, wish="web", method="card").status_code == 303
    an_entity(house.reseller)
    db.session.commit()
    answer = ask(browser(), product, wish="web", method="card")
    assert answer.status_code == 422 and 'value="card"' not in browser().get("/sign-up").text
    assert ask(browser(), product, wish="quote", method="direct_debit").status_code == 303
    assert the_sign_up().state == SignUpState.PENDING
