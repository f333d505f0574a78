"""The public page where a key is typed: read as people type, refused beside the field."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from html import unescape

import pytest
from flask.testing import FlaskClient

from portal.licensing.codes import make_code
from portal.subscriptions.typed_keys import UNKNOWN_MOST
from tests.builders import House
from tests.licensing.test_activation import a_key

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]


def test_a_typed_key_says_what_it_is_for_until_its_last_day(house: House, browser: Browser, at: At) -> None:
    key, client = a_key(house, seats=3), browser()
    typed = key.code.lower().replace("-", " ").replace("0", "o").replace("1", "i")
    page = client.post("/key", data={"key": typed})
    assert page.status_code == 200 and "no-store" in page.headers["Cache-Control"]
    assert "NATSO BACKUP+" in page.text and "0 poste activé sur 3" in page.text
    assert key.masked in page.text and key.code not in page.text
    assert "aucune machine activée" in page.text
    at(datetime(2027, 11, 22, 22, 59, tzinfo=UTC))
    assert "expirée" not in browser().post("/key", data={"key": key.code}).text
    at(datetime(2027, 11, 23, 9, tzinfo=UTC))
    assert key.valid_through < date(2027, 11, 23)
    assert "expirée" in browser().post("/key", data={"key": key.code}).text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Tapez votre clé."),
        ("2X61P-SW7GE", "il y en a 10 ici"),
        ("UX61P-SW7GE-TKN3E-2TGSC", "Le caractère n° 1 n'existe pas"),
        ("2X61P-SW7GE-TKN3E-2TGSD", "mal recopiée"),
        ("2X61P-SW7GE-TKN3E-2TGSC", "Cette clé est inconnue."),
        ("x" * 65, "64"),
    ],
)
def test_a_wrong_key_is_refused_beside_the_field(
    house: House, browser: Browser, typed: str, said: str
) -> None:
    page = browser().post("/key", data={"key": typed})
    assert page.status_code == 422 and said in unescape(page.text)
    assert 'id="key-error-1"' in page.text and "?key=" not in page.text


def test_the_page_brings_the_sentences_of_the_browsers_own_check(browser: Browser) -> None:
    page = browser().get("/key").text
    assert "key.js" in page and "<script>" not in page
    for sentence in ("il y en a %(found)d ici", "Le caractère n° %(at)d", "mal recopiée"):
        assert sentence in unescape(page)


def test_who_only_guesses_is_told_to_come_back_later(browser: Browser) -> None:
    client = browser()
    for number in range(UNKNOWN_MOST + 1):
        code = make_code(1, lambda length, n=number: n.to_bytes(length))
        page = client.post("/key", data={"key": code.text})
        assert page.status_code == 422
    assert "Trop de demandes" in page.text
