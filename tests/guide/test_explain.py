"""A hard word is explained where it is met: once on a page, in the language of the page, without a script."""

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path

from flask.testing import FlaskClient

from portal.access import Role
from portal.db import db
from portal.guide.pages import meanings
from portal.i18n import LANGUAGE_COOKIE
from tests.builders import House, a_user
from tests.sepa.people import a_mandate
from tests.world import a_world

ROOT = Path(__file__).resolve().parents[2]
Browser = Callable[..., FlaskClient]
_OPENS = re.compile(r'popovertarget="explain-([a-z0-9-]+)"')
_MEANS = re.compile(r'id="explain-([a-z0-9-]+)" popover')


def test_every_word_that_a_screen_explains_is_in_the_glossary() -> None:
    asked = {
        word
        for path in (ROOT / "templates").rglob("*.html")
        for word in re.findall(r'\bexplain\("([^"]+)"', path.read_text())
    }
    assert len(asked) >= 12 and asked <= set(meanings("fr"))


def words_explained(page: str) -> list[str]:
    """Those that a page explains, each as often as it does; tests walk all pages for it."""
    words = _OPENS.findall(page)
    assert words == _MEANS.findall(page)
    return words


def test_the_meaning_is_in_the_language_of_the_page(house: House, browser: Browser) -> None:
    mandate, _token = a_mandate(house)
    db.session.commit()
    client = browser(house.owner)
    for language in ("fr", "en"):
        client.set_cookie(LANGUAGE_COOKIE, language)
        page = unescape(client.get(f"/sepa/mandates/{mandate.uid}").text)
        assert meanings(language)["rum"].text in page
        assert 'href="/guide/glossary#rum"' in page


def test_a_customer_meets_them_too(house: House, browser: Browser) -> None:
    ids = a_world(house)
    customer = a_user(house.people[Role.OWNER].organisation, Role.CUSTOMER)
    db.session.commit()
    page = browser(customer).get(f"/subscriptions/{ids['/subscriptions/']}").text
    assert {"pinned", "term"} <= set(_OPENS.findall(page))


def test_who_signs_without_an_account_reads_what_the_numbers_are(house: House, browser: Browser) -> None:
    _mandate, token = a_mandate(house)
    db.session.commit()
    page = browser(None).get(f"/sign/{token}").text
    assert _OPENS.findall(page) == ["ics", "rum"]
    assert unescape(page).count(meanings("fr")["rum"].text) == 1
    assert "/guide" not in page  # it asks for an account
