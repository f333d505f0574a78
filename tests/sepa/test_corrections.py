"""What a signer typed wrong is said on a page that the browser can come back to, once, and kept sealed."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.db import db
from portal.journal import SYSTEM
from portal.sepa.signing.account_change import ask_account
from tests.builders import House, a_customer, stored
from tests.sepa.people import ACCOUNT, IBAN, a_mandate, a_signed_mandate, code_in_mail, consent, go_to_code

Browser = Callable[..., FlaskClient]
WRONG = "FR76 3000 6000 0112 3456 7890 188"


def with_cookies(client: FlaskClient) -> FlaskClient:
    """Like a browser that has seen a page of ours: it sends back the cookie of the forms."""
    client.set_cookie("form", "of-an-earlier-page")
    return client


def at_step(client: FlaskClient, token: str, step: str) -> None:
    if step == "code":
        client.post(f"/sign/{token}/account", data=ACCOUNT)
    if step == "signature":
        go_to_code(client, token)


STEPS = {  # what is posted where, the page that says it, and what it says
    "account": ({**ACCOUNT, "iban": WRONG}, "", "La clé de l'IBAN est fausse"),
    "code": ({"signer_name": "Camille"}, "/mandate", "Cochez cette case pour autoriser"),
    "signature": ({"code": "1"}, "/signature", "Essais restants"),
    "refusal": ({"reason": " "}, "/refusal", "Dites en quelques mots pourquoi"),
    "delegation": ({"name": "Claude"}, "/delegation", "e-mail"),
}


def plain(page: str) -> str:
    return page.replace("&#39;", "'").replace("\u00a0", " ")


@pytest.mark.parametrize("step", STEPS)
def test_a_refused_entry_goes_back_to_its_page_and_is_said_there_once(
    house: House, browser: Browser, step: str
) -> None:
    _mandate, token = a_mandate(house)
    phone, (data, page, words) = with_cookies(browser()), STEPS[step]
    at_step(phone, token, step)
    if step == "code":
        data = {**data, "shown": consent(phone, token)["shown"]}
    answer = phone.post(f"/sign/{token}/{step}", data=data)
    assert (answer.status_code, answer.location) == (303, f"/sign/{token}{page}")
    first, second = phone.get(answer.location), phone.get(answer.location)
    assert (first.status_code, second.status_code) == (200, 200)
    assert 'role="alert"' in first.text and words in plain(first.text)
    assert 'role="alert"' not in second.text


def test_a_browser_without_cookies_is_answered_at_once(house: House, browser: Browser) -> None:
    _mandate, token = a_mandate(house)
    answer = browser().post(f"/sign/{token}/account", data={**ACCOUNT, "iban": WRONG})
    assert answer.status_code == 422 and "La clé de l'IBAN est fausse" in plain(answer.text)


def test_a_text_that_no_cookie_holds_is_answered_at_once(house: House, browser: Browser) -> None:
    _mandate, token = a_mandate(house)
    phone = with_cookies(browser())
    answer = phone.post(f"/sign/{token}/account", data={**ACCOUNT, "iban": WRONG, "street": "x" * 5000})
    assert answer.status_code == 422 and "x" * 5000 in answer.text


def test_what_was_typed_comes_back_and_is_sealed_in_the_cookie(house: House, browser: Browser) -> None:
    _mandate, token = a_mandate(house)
    phone = with_cookies(browser())
    answer = phone.post(f"/sign/{token}/account", data={**ACCOUNT, "iban": WRONG, "town": "Quimperlé"})
    with phone.session_transaction() as session:
        assert "correction" in session and "3000" not in str(session) and "Quimperl" not in str(session)
    page = phone.get(answer.location).text
    assert WRONG in page and "Quimperlé" in page


def test_a_correction_is_for_one_link_only(house: House, browser: Browser) -> None:
    _mandate, token = a_mandate(house)
    other = a_signed_mandate(house, a_customer(house.reseller, name="Autre", siren=None))
    _change, new = ask_account(other, by=SYSTEM)
    db.session.commit()
    phone = with_cookies(browser())
    phone.post(f"/sign/{token}/account", data={**ACCOUNT, "iban": WRONG})
    page = phone.get(f"/new-account/{new}")
    assert page.status_code == 200 and WRONG not in page.text and 'role="alert"' not in page.text


def test_a_new_account_is_corrected_the_same_way(house: House, browser: Browser) -> None:
    _change, token = ask_account(a_signed_mandate(house), by=SYSTEM)
    db.session.commit()
    phone = with_cookies(browser())
    answer = phone.post(f"/new-account/{token}/account", data={"iban": IBAN})
    assert (answer.status_code, answer.location) == (303, f"/new-account/{token}")
    assert "C'est le compte actuel" in plain(phone.get(answer.location).text)


def test_the_corrected_page_has_a_token_that_works(app: Flask, house: House, browser: Browser) -> None:
    mandate, token = a_mandate(house)
    phone = browser()
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        page = phone.get(f"/sign/{token}").text
        for iban in (WRONG, ACCOUNT["iban"]):
            form = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
            assert form is not None
            data = {**ACCOUNT, "iban": iban, "csrf_token": form[1]}
            answer = phone.post(f"/sign/{token}/account", data=data)
            assert answer.status_code == 303
            page = phone.get(answer.location).text
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
    assert answer.location == f"/sign/{token}/mandate" and stored(mandate).iban == IBAN


def test_each_wrong_code_still_counts(house: House, browser: Browser) -> None:
    mandate, token = a_mandate(house)
    phone = with_cookies(browser())
    go_to_code(phone, token)
    right = code_in_mail(mandate)
    wrong = "111111" if right != "111111" else "222222"
    for left in (4, 3):
        phone.post(f"/sign/{token}/signature", data={"code": wrong})
        page = plain(phone.get(f"/sign/{token}/signature").text)
        assert f"Essais restants : {left}" in page and wrong not in page
    assert phone.post(f"/sign/{token}/signature", data={"code": right}).status_code == 303
    assert stored(mandate).state == "signed"
