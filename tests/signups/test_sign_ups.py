"""The public page of sign-ups: for whom, what is refused, what nobody else learns, and what is erased."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from portal.customers.models import Customer
from portal.db import db
from portal.journal import JournalEntry
from portal.links import SignedLink
from portal.mail import Mail
from portal.quotes.models import Quote
from portal.resellers.brand import brand_of
from portal.signups.asking import FROM_ONE_PLACE, TO_ONE_ADDRESS
from portal.signups.jobs import erase_unconfirmed
from portal.signups.models import SignUp, SignUpKind, SignUpOffer, SignUpState, Trial
from portal.signups.offers import lacking_texts
from portal.subscriptions.models import Order, Subscription
from tests.builders import House, a_customer, stored
from tests.signups.builders import (
    HER,
    TYPED,
    a_confirmed_sign_up,
    ask,
    confirm,
    keep_words,
    last_mail_to,
    open_page,
    sign_up,
    the_sign_up,
    token_to,
)
from tests.subscriptions.builders import a_monthly_product, a_product
from tests.terms.builders import a_published

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
OTHER = {"billing-email": "max@atelier.example", "siren": "552100554", "name": "Atelier Max"}


@pytest.fixture(autouse=True)
def known_hosts(app: Flask) -> None:
    """What a process believes of the hosts outlives the rows of a test."""
    app.extensions.pop("brand_hosts", None)


def test_the_page_is_there_once_the_operator_has_opened_it(house: House, browser: Browser) -> None:
    product, stranger, client = a_product(house), browser(), browser(house.operator)
    assert stranger.get("/sign-up").status_code == 404 and "/sign-up" not in stranger.get("/login").text
    rules = {"is_open": "y", "house": house.reseller.uid, "erase_days": "20", "warn_days": "5"}
    assert client.post("/setup/sign-up", data={**rules, "warn_days": "0"}).status_code == 422
    assert client.post("/setup/sign-up", data=rules).status_code == 303
    assert stranger.get("/sign-up").status_code == 404  # no offer yet
    page = client.get("/setup/sign-up").text
    assert "n'est pas déposé" in page
    (version,) = lacking_texts(product)
    assert (
        f'href="/terms/{version}"' in page
        and f"/terms/{version}/words" in client.get(f"/terms/{version}").text
    )
    keep_words(product)
    offer = {"may_try": "y", "trial_days": "14", "trial_seats": "1"}
    assert client.post(f"/setup/sign-up/{product.uid}", data=offer).status_code == 303
    page = stranger.get("/sign-up").text
    assert "essai de 14 jours" in page and "Revendeur" in page and "Demander un devis" not in page
    assert 'value="14"' in client.get(f"/setup/sign-up/{product.uid}").text
    assert ask(stranger, product, wish="quote").status_code == 422
    assert client.post(f"/setup/sign-up/{product.uid}", data={**offer, "may_try": ""}).status_code == 303
    del offer["may_try"]
    assert client.post(f"/setup/sign-up/{product.uid}", data=offer).status_code == 303
    assert stranger.get("/sign-up").status_code == 404
    assert browser(house.owner).get("/setup/sign-up").status_code == 403


def test_001_09_terms_that_nobody_can_read_are_not_accepted_on_the_web(
    house: House, browser: Browser, at: At
) -> None:
    """Neither trial nor order before the text in force is there to read; a quote brings its own."""
    product, phone = open_page(house), browser()
    assert ask(phone, product).status_code == 303
    version = a_published(house, date(2026, 12, 15))
    at(datetime(2026, 12, 15, 9, tzinfo=UTC))
    assert "Essayer gratuitement" not in phone.get("/sign-up").text
    assert ask(phone, product).status_code == 422
    assert ask(phone, product, wish="quote", **OTHER).status_code == 303
    keep_words(product)
    db.session.commit()
    assert ask(phone, product, **{**OTHER, "billing-email": "eve@atelier.example"}).status_code == 303
    page = phone.get(f"/sign-up/{token_to('eve@atelier.example')}").text
    assert version.version in page and "Lire le texte" in page


def test_what_is_wrong_is_said_beside_its_field_and_nothing_leaves(house: House, browser: Browser) -> None:
    product, phone = open_page(house), browser()
    for wrong, told in (
        ({"siren": "123456789"}, "clé de contrôle"),
        ({"billing-email": "léa"}, "adresse e-mail"),
        ({"quantity": "0"}, "Entre 1 et 10"),
        ({"vat_number": "FR00123"}, "TVA"),
        ({"wish": "everything"}, ""),
        ({"health_data": ""}, "oui ou par non"),
    ):
        answer = ask(phone, product, **wrong)
        assert answer.status_code == 422 and told in answer.text, wrong
    unknown = phone.post("/sign-up", data={**TYPED, "product": "nothing"})
    assert unknown.status_code == 422
    assert the_sign_up() is None and last_mail_to() is None


def test_each_brands_host_belongs_to_its_house(house: House, browser: Browser) -> None:
    """The portal's own host belongs to the house that the operator has chosen."""
    product = open_page(house)
    brand_of(house.reseller).host = "ouest.localhost"
    brand_of(house.other).host = "nord.localhost"
    db.session.commit()
    phone = browser()
    assert "Autre revendeur" in phone.get("/sign-up", base_url="http://nord.localhost").text
    for host, reseller, typed in (
        ("ouest.localhost", house.reseller, {}),
        ("nord.localhost", house.other, OTHER),
    ):
        assert ask(phone, product, host=host, **typed).status_code == 303
        row, address = the_sign_up(), typed.get("billing-email", HER)
        assert row.organisation_id == reseller.id
        assert f"http://{host}:8000/sign-up/" in last_mail_to(address, "confirm").body
        confirm(browser(), token_to(address), address)
        assert stored(row).customer.reseller_id == reseller.id
    assert "Atelier Max" not in browser(house.sales).get("/sign-ups").text
    assert "Boutique Léa" in browser(house.sales).get("/sign-ups").text


def test_001_08_a_subscription_on_the_web_is_an_order_with_its_proforma(
    house: House, browser: Browser, at: At
) -> None:
    """001-08, 000-09: ordered under accepted terms; by mandate it begins once the mandate is signed."""
    product = open_page(house, a_monthly_product(house))
    at(datetime(2026, 11, 24, 9, tzinfo=UTC))
    token = sign_up(browser(), product, wish="web", method="direct_debit", quantity="4")
    order = db.session.scalars(select(Order)).one()
    assert (order.quantity, order.state, order.ordered_on) == (4, "awaiting_mandate", date(2026, 11, 24))
    assert order.proofs and db.session.scalars(select(Subscription)).all() == []
    assert "Votre commande est passée" in browser().get(f"/sign-up/{token}").text
    row = the_sign_up()
    assert (row.state, row.outcome_uid) == (SignUpState.DONE, order.uid)
    assert f"/orders/{order.uid}" in browser(house.sales).get(f"/sign-ups/{row.uid}").text


def test_a_quote_that_was_asked_for_opens_filled_in_or_is_dismissed(house: House, browser: Browser) -> None:
    product, client = open_page(house), browser(house.sales)
    sign_up(browser(), product, wish="quote", quantity="7")
    row = the_sign_up()
    assert row.customer.acceptances == [] and row.state == SignUpState.OPEN
    assert "Boutique Léa" in client.get("/").text and "Lire la demande" in client.get("/").text
    answer = client.post(f"/sign-ups/{row.uid}/quote")
    quote = db.session.scalars(select(Quote)).one()
    assert answer.location == f"/quotes/{quote.uid}"
    assert [(line.quantity, line.product_id) for line in quote.lines] == [(7, product.id)]
    assert client.post(f"/sign-ups/{row.uid}/quote").status_code == 409
    other = a_confirmed_sign_up(house, product, a_customer(house.reseller))
    assert client.post(f"/sign-ups/{other.uid}/dismissal", data={"reason": ""}).status_code == 422
    assert client.post(f"/sign-ups/{other.uid}/dismissal", data={"reason": "Un essai"}).status_code == 303
    assert stored(other).state == SignUpState.DISMISSED
    assert "Un essai" in client.get(f"/sign-ups/{other.uid}").text
    assert browser(house.reader).post(f"/sign-ups/{other.uid}/dismissal").status_code == 403


def test_what_nobody_confirms_is_seen_by_nobody_and_erased(house: House, browser: Browser, at: At) -> None:
    """With its link and its mails; no line of the journal speaks of it. Source: GDPR art. 5(1)(e)."""
    product = open_page(house)
    entries = db.session.scalar(select(func.count(JournalEntry.id)))
    ask(browser(), product)
    row, token = the_sign_up(), token_to()
    assert "Boutique" not in row.entry_sealed
    assert db.session.scalar(select(func.count(JournalEntry.id))) == entries
    client = browser(house.owner)
    assert client.get(f"/sign-ups/{row.uid}").status_code == 404
    assert "Boutique" not in client.get("/sign-ups").text + client.get("/").text
    at(datetime(2026, 12, 1, 9, tzinfo=UTC))  # the link is valid for seven days
    assert browser().get(f"/sign-up/{token}").status_code == 410
    for day, left in ((22, 1), (24, 0)):
        at(datetime(2026, 12, day, 9, tzinfo=UTC))
        erase_unconfirmed()
        db.session.commit()
        for kind in (SignUp, SignedLink, Mail):
            assert db.session.scalar(select(func.count(kind.id))) == left, (day, kind)


def test_a_confirmed_one_is_never_erased(house: House, browser: Browser, at: At) -> None:
    sign_up(browser(), open_page(house))
    at(datetime(2027, 6, 1, 9, tzinfo=UTC))
    erase_unconfirmed()
    db.session.commit()
    assert stored(the_sign_up()).state == SignUpState.DONE


def test_floods_are_stopped_by_place_and_by_address(house: House, browser: Browser, at: At) -> None:
    product, phone = open_page(house), browser()
    for _each in range(FROM_ONE_PLACE):
        assert ask(phone, product).location == "/sign-up/sent"  # the answer is always the same
    assert db.session.scalar(select(func.count(Mail.id))) == TO_ONE_ADDRESS
    answer = ask(phone, product, **OTHER)
    assert answer.status_code == 429 and "Réessayez" in answer.text
    assert last_mail_to(OTHER["billing-email"]) is None
    at(datetime(2026, 11, 23, 10, 1, tzinfo=UTC))
    assert ask(phone, product, **OTHER).status_code == 303


def test_a_wrong_code_confirms_nothing(house: House, browser: Browser) -> None:
    product, phone = open_page(house), browser()
    ask(phone, product, wish="quote")
    token = token_to()
    phone.post(f"/sign-up/{token}")
    assert phone.post(f"/sign-up/{token}/code", data={"code": "000 000"}).status_code in (303, 422)
    assert the_sign_up().state == SignUpState.PENDING and db.session.scalars(select(Customer)).all() == []
    for _each in range(2):
        phone.post(f"/sign-up/{token}/code/again")
    assert phone.post(f"/sign-up/{token}/code/again").status_code == 429
    assert confirm_again(phone, token) == SignUpState.OPEN


def confirm_again(phone: FlaskClient, token: str) -> SignUpState:
    code = last_mail_to(HER, "code").body.split("    ")[1][:7]
    phone.post(f"/sign-up/{token}/code", data={"code": code})
    assert phone.post(f"/sign-up/{token}/code", data={"code": code}).status_code == 409, "once only"
    return stored(the_sign_up()).state


def test_an_offer_that_left_the_page_meanwhile_waits_for_a_person(house: House, browser: Browser) -> None:
    """The customer and her acceptance stay; the trial does not begin."""
    product, phone = open_page(house), browser()
    ask(phone, product)
    db.session.scalars(select(SignUpOffer)).one().trial_days = 0
    db.session.commit()
    confirm(phone, token_to())
    row = the_sign_up()
    assert row.state == SignUpState.OPEN and "plus ainsi" in row.held_because and row.customer is not None
    assert db.session.scalars(select(Trial)).all() == []
    assert "vous répond" in phone.get(f"/sign-up/{token_to()}").text
    assert "Retenue parce que" in browser(house.sales).get(f"/sign-ups/{row.uid}").text


def test_a_consumer_signs_up_without_a_siren(house: House, browser: Browser) -> None:
    product = open_page(house)
    sign_up(browser(), product, kind="consumer", siren="", name="Léa Roux")
    assert the_sign_up().customer.kind == "consumer" and the_sign_up().kind == SignUpKind.TRIAL
