"""A person reads the guide in her language, finds in it what she seeks, and whom to ask."""

import re
from collections.abc import Callable
from html import unescape

import pytest
from flask.testing import FlaskClient

from portal.access import Role
from portal.config import version
from portal.db import db
from portal.guide.pages import pages
from portal.i18n import LANGUAGE_COOKIE
from portal.web import CSP
from tests.builders import House, a_customer, a_user

Browser = Callable[..., FlaskClient]
_PAGE = re.compile(r'href="/guide/([a-z-]+)"')


def contents(page: str, heading: str) -> list[str]:
    """Names of the pages under a heading of the contents."""
    return _PAGE.findall(page.partition(heading)[2].partition("</section>")[0])


def test_the_contents_begin_with_what_concerns_the_reader(house: House, browser: Browser) -> None:
    for person in (house.owner, house.finance, house.technician, house.operator):
        page = browser(person).get("/guide").text
        own = contents(page, "Pour vous")
        assert own == [
            each.name
            for each in pages("fr").values()
            if person.role in each.roles and each.name not in {"glossary", "changes"}
        ]
        assert set(_PAGE.findall(page)) == set(pages("fr"))


@pytest.mark.slow
@pytest.mark.words
def test_every_page_is_read_by_everybody_in_both_languages(house: House, browser: Browser) -> None:
    for person in house.people.values():
        client = browser(person)
        for language in ("fr", "en"):
            client.set_cookie(LANGUAGE_COOKIE, language)
            for page in pages(language).values():
                answer = client.get(f"/guide/{page.name}")
                assert answer.status_code == 200
                assert page.title in unescape(answer.text)
                assert not re.search(r"\sstyle=|\son\w+=|<script(?![^>]*src=)", answer.text)
                assert answer.headers["Content-Security-Policy"] == CSP


def test_a_page_that_is_none_is_missing(house: House, browser: Browser) -> None:
    client = browser(house.owner)
    for name in ("nothing", "..", "glossary.md", "%2e%2e%2fdesign"):
        assert client.get(f"/guide/{name}").status_code == 404
    assert browser().get("/guide").status_code == 303


def test_what_the_reader_may_not_open_is_no_link_for_her(house: House, browser: Browser) -> None:
    assert 'href="/billing/runs"' in browser(house.finance).get("/guide/month").text
    other = browser(house.owner).get("/guide/month")
    assert other.status_code == 200 and 'href="/billing/runs"' not in other.text


def test_words_are_found_in_the_guide_and_lead_to_their_place(house: House, browser: Browser) -> None:
    client = browser(house.owner)
    page = client.get("/guide", query_string={"q": "caducité"}).text
    assert 'href="/guide/glossary#lapse"' in page
    for text in ("caduc mandat", "CADUC", "mandat caducite"):
        assert "/guide/glossary#lapse" in client.get("/guide", query_string={"q": text}).text, text
    assert "Rien dans le guide" in client.get("/guide", query_string={"q": "zzzz"}).text
    assert "Rien dans le guide" in client.get("/guide", query_string={"q": "&"}).text
    client.set_cookie(LANGUAGE_COOKIE, "en")
    assert "/guide/glossary#lapse" in client.get("/guide", query_string={"q": "lapse"}).text


def test_the_search_over_everything_finds_the_guide_too(house: House, browser: Browser) -> None:
    client = browser(house.owner)
    for headers in ({}, {"HX-Request": "true"}):
        page = client.get("/search", query_string={"q": "caducité"}, headers=headers).text
        assert 'href="/guide/glossary#lapse"' in page
    many = client.get("/search", query_string={"q": "mandat"}).text
    assert many.count('href="/guide/') == 5 and 'href="/guide?q=mandat"' in many


def test_help_knows_the_screen_that_one_comes_from(house: House, browser: Browser) -> None:
    client = browser(house.owner)
    home = client.get("/sepa/mandates").text
    (address,) = set(re.findall(r'href="(/guide\?about=[^"]+)"', home))
    assert "mandate" in contents(client.get(unescape(address)).text, "d'où vous venez")
    assert "d'où vous venez" not in client.get("/guide?about=nothing.at_all").text


def test_a_customer_asks_her_reseller_and_a_reseller_the_provider(house: House, browser: Browser) -> None:
    customer = a_customer(house.reseller)
    person = a_user(customer.organisation, Role.CUSTOMER)
    db.session.commit()
    page = browser(person).get("/guide").text
    assert house.reseller.name in page and f"mailto:{house.owner.email}" in page
    assert house.other.name not in page
    page = browser(house.owner).get("/guide").text
    assert house.provider.name in page and "mailto:facturation@example.org" in page
    assert "mailto:" not in browser(house.operator).get("/guide").text


def test_who_has_left_is_nobody_to_ask(house: House, browser: Browser) -> None:
    customer = a_customer(house.reseller)
    person = a_user(customer.organisation, Role.CUSTOMER)
    house.owner.is_enabled = False
    db.session.commit()
    page = browser(person).get("/guide").text
    assert house.reseller.name in page and "mailto:" not in page


def test_the_version_of_the_program_is_told(house: House, browser: Browser) -> None:
    assert version() and f"Version {version()}" in browser(house.owner).get("/guide").text
    assert version() in " ".join(each.heading for each in pages("fr")["changes"].sections)
    assert version() in " ".join(each.heading for each in pages("en")["changes"].sections)


def test_a_picture_has_its_size_and_its_words_and_is_kept_by_browsers(house: House, browser: Browser) -> None:
    client = browser(house.owner)
    image = re.search(r"<img [^>]*>", client.get("/guide/morning").text)
    assert image
    found = dict(re.findall(r'(\w+)="([^"]*)"', image.group()))
    assert found["alt"] and found["loading"] == "lazy"
    assert 300 < int(found["width"]) < 1000 and 100 < int(found["height"]) < 900
    address = unescape(found["src"])
    assert address.startswith("/static/guide/today-fr.png?v=")
    answer = client.get(address)
    assert answer.mimetype == "image/png"
    answer.close()
