"""The guide as it is read: help on a phone, a word sought from the palette, without a script."""

import pytest
from playwright.sync_api import expect

from tests.browser import people
from tests.browser.conftest import OpenPage

pytestmark = pytest.mark.browser


def test_help_is_in_the_menu_of_a_phone_and_knows_the_screen(open_page: OpenPage) -> None:
    page = open_page("customer", viewport=people.PHONE, java_script_enabled=False)
    page.goto("/vaults")
    page.get_by_role("link", name="Menu", exact=True).click()
    page.get_by_role("link", name="Aide", exact=True).click()
    expect(page.get_by_role("heading", name="Sur l'écran d'où vous venez")).to_be_visible()
    page.get_by_role("link", name="Votre coffre et votre phrase secrète").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("phrase secrète")
    assert people.too_wide(page) == []


def test_help_is_in_the_account_menu_at_a_desk(open_page: OpenPage) -> None:
    page = open_page("finance")
    page.goto("/sepa/collections")
    page.locator("details.account > summary").click()
    page.get_by_role("link", name="Aide et guide").click()
    expect(page.get_by_role("link", name="La remise à la banque").first).to_be_visible()


def test_the_palette_leads_to_a_place_in_the_guide(open_page: OpenPage) -> None:
    page = open_page("owner")
    page.goto("/customers")
    page.keyboard.press("/")
    page.get_by_role("dialog").get_by_role("searchbox").fill("feuille de secours")
    page.get_by_role("dialog").get_by_role("link", name="Feuille de secours").click()
    expect(page.get_by_role("heading", name="Feuille de secours")).to_be_in_viewport()


def test_the_first_steps_are_put_away_and_brought_back_without_javascript(open_page: OpenPage) -> None:
    page = open_page("owner of the south", java_script_enabled=False)
    page.goto("/")
    page.get_by_role("button", name="Ne plus montrer").click()
    expect(page.get_by_role("heading", name="Premiers pas")).to_have_count(0)
    page.goto("/guide")
    page.get_by_role("button", name="Montrer à nouveau").click()
    expect(page.get_by_role("heading", name="Premiers pas")).to_be_visible()
