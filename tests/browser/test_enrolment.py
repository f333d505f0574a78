"""The recovery secret exists in the customer's browser and on her paper, nowhere else."""

import re

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser import people
from tests.browser.conftest import OpenPage

pytestmark = pytest.mark.browser


def a_sheet(page: Page) -> str:
    people.open_first(page, "/vaults")
    page.get_by_role("link", name="Faire une feuille de secours").click()
    page.get_by_role("button", name="Faire ma feuille").click()
    expect(page.locator("#secret")).to_be_visible()
    return page.locator("#secret").inner_text()


def test_the_secret_is_made_in_the_browser_and_never_sent(open_page: OpenPage) -> None:
    page = open_page("customer", viewport=people.PHONE)
    sent: list[str] = []

    def see(request: Request) -> None:
        sent.append(f"{request.url} {request.post_data or ''} {request.headers}")

    page.on("request", see)
    secret = a_sheet(page)
    assert re.fullmatch(r"(?:[A-Z2-7]{5}-){4}[A-Z2-7]{6}", secret)
    assert secret[-1] in "AEIMQUY4"  # 128 bits in 26 letters: the last one carries three
    expect(page.locator("#make")).to_be_hidden()
    page.get_by_label("J'ai imprimé la feuille").check()
    page.get_by_role("button", name="C'est fait").click()
    expect(page.get_by_text("vous seul, avec votre feuille de secours").first).to_be_visible()
    told = "\n".join(sent)
    assert "printed=y" in told
    assert secret not in told and secret.replace("-", "") not in told
    assert secret not in page.content()
    assert a_sheet(page) != secret


def test_the_paper_has_the_secret_and_not_the_rest_of_the_page(open_page: OpenPage) -> None:
    page = open_page("customer")
    a_sheet(page)
    page.emulate_media(media="print")
    expect(page.locator("#secret")).to_be_visible()
    for hidden in (".side", ".page-head", "#print", "#confirm", "pre.commands >> nth=0"):
        expect(page.locator(hidden)).to_be_hidden()
