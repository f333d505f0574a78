"""A contract in words: values by name, choices in words, the notes of its editor for staff alone."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale
from lxml import html

from portal import terms
from portal.access import Role
from portal.contracts.models import TermsNotice
from portal.db import db
from portal.mail import Mail
from portal.terms.shipped import documents
from portal.terms.vocabulary import KEYS
from portal.words.term_keys import GROUPS, TERM_KEYS, term_name
from portal.words.values import value_text, written
from tests.builders import House, a_user, work
from tests.codes import codes_in
from tests.contracts.running import a_subscription
from tests.terms.builders import a_published

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
PORTAL = Path(terms.__file__).parent.parent
TEMPLATES = PORTAL.parent / "templates"
CAP = "sla.cap_invoice_basis_points"
BARE = re.compile(r"[a-z]+(?:_[a-z0-9]+)+")


def read_on(page: str) -> str:
    return " ".join(" ".join(html.fromstring(page).xpath("//main//text()")).split())


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_value_has_a_name_that_no_other_one_has(app: Flask, language: str) -> None:
    assert KEYS.keys() <= TERM_KEYS.keys()
    assert {key.partition(".")[0] for key in KEYS} == GROUPS.keys()
    with app.test_request_context(), force_locale(language):
        names = [term_name(key) for key in TERM_KEYS]
        assert len({name.casefold() for name in names}) == len(names)
        assert all(name[0].isupper() and "." not in name and "_" not in name for name in names)


def test_every_name_is_another_one_in_english(app: Flask) -> None:
    said: dict[str, list[str]] = {}
    for language in ("fr", "en"):
        with app.test_request_context(), force_locale(language):
            said[language] = [term_name(key) for key in TERM_KEYS]
    assert [fr for fr, en in zip(said["fr"], said["en"], strict=True) if fr == en] == []


@pytest.mark.parametrize("language", ["fr", "en"])
def test_no_value_of_a_contract_is_a_bare_code(app: Flask, language: str) -> None:
    with app.test_request_context(), force_locale(language):
        told = {key: value_text(value) for each in documents().values() for key, value in each.values.items()}
        chosen = {
            (key, one): written("choice", one, key) for key, entry in KEYS.items() for one in entry.choices
        }
    assert [key for key, text in told.items() if BARE.search(text)] == []
    assert [each for each, text in chosen.items() if BARE.search(text)] == []
    codes = {(key, one) for key, one in chosen if "_" in one}
    assert all(chosen[each] != each[1] for each in codes) and len(codes) > 40


def test_no_mail_and_no_paper_asks_for_an_editors_note() -> None:
    asking = re.compile(r"\b(noted|notes_for|rule_told|reads_keys|term\()")
    mails = [path for path in TEMPLATES.rglob("*.txt") if asking.search(path.read_text())]
    papers = [path for path in PORTAL.rglob("*papers.py") if asking.search(path.read_text())]
    assert mails == papers == []


def the_notice(house: House) -> TermsNotice:
    a_published(house, date(2026, 12, 15), "003", "003-2027", without=CAP)
    work()
    return db.session.scalars(db.select(TermsNotice)).one()


def test_003_04_a_customer_reads_new_terms_by_name_and_staff_with_key_and_note(
    house: House, browser: Browser, at: At
) -> None:
    customer = a_subscription(house).customer
    notice = the_notice(house)
    person = a_user(customer.organisation, Role.CUSTOMER)
    db.session.commit()
    mail = db.session.scalars(db.select(Mail).where(Mail.subject_uid == notice.uid)).one()
    name = "Plafond des pénalités, en part de la facture du mois"
    assert f"{name} : 30 % → –" in mail.body.replace("\u00a0", " ").replace("\u202f", " ")
    assert codes_in(mail.body) == set()
    at(datetime(2026, 12, 1, 9, tzinfo=UTC))
    hers = read_on(browser(person).get(f"/notices/{notice.uid}").text)
    assert name in hers and codes_in(hers) == set()
    sellers = read_on(browser(house.owner).get(f"/notices/{notice.uid}").text)
    assert name in sellers and CAP not in sellers and "A2 : 30" in sellers
    operators = read_on(browser(house.operator).get(f"/notices/{notice.uid}").text)
    assert f"{name} {CAP}" in operators and "A2 : 30" in operators


def test_an_amendment_is_chosen_by_name_and_by_key_and_its_choices_are_words(
    house: House, browser: Browser
) -> None:
    subscription = a_subscription(house)
    page = browser(house.operator).get(f"/contracts/{subscription.uid}/amendments/new?key=invoice.due").text
    tree = html.fromstring(page)
    groups = {
        each.get("label"): each.xpath("option") for each in tree.xpath("//select[@name='key']/optgroup")
    }
    assert set(groups) == {"Dans ce contrat", "Le contrat n'en dit rien"}
    for options in groups.values():
        shown = [each.text.strip() for each in options]
        assert all(
            text.endswith(f" ({each.get('value')})") for text, each in zip(shown, options, strict=True)
        )
    assert [each.text for each in tree.xpath("//select[@name='value']/option")] == [
        "fin de mois",
        "à réception",
    ]
    assert "Échéance d'une facture" in read_on(page).replace("\u2019", "'")
