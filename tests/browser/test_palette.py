"""The palette: a search over everything, by keyboard, by mouse, by thumb, and as a page without script."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import people
from tests.browser.conftest import OpenPage
from tests.browser.test_accessibility import violations

pytestmark = pytest.mark.browser


def box(page: Page) -> None:
    expect(page.get_by_role("dialog").get_by_role("searchbox")).to_be_focused()


def test_half_a_name_leads_to_a_customer_by_keyboard_alone(open_page: OpenPage) -> None:
    page = open_page("owner")
    page.goto("/")
    page.keyboard.press("Control+k")
    box(page)
    page.keyboard.type("menuis", delay=20)
    customers = page.get_by_role("dialog").locator("section", has=page.get_by_role("heading", name="Clients"))
    expect(customers.get_by_role("link").first).to_contain_text("Menuiserie")
    page.keyboard.press("ArrowDown")
    expect(customers.get_by_role("link").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/customers/[a-z2-7]{16}$"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Menuiserie")


def test_a_slash_opens_it_and_escape_gives_the_focus_back(open_page: OpenPage) -> None:
    page = open_page("owner")
    page.goto("/customers")
    link = page.get_by_role("link", name="Nouveau client")
    link.focus()
    page.keyboard.press("/")
    box(page)
    expect(page.get_by_role("dialog").get_by_role("link", name="Factures")).to_be_visible()
    page.keyboard.type("a/b")
    expect(page.get_by_role("dialog").get_by_role("searchbox")).to_have_value("a/b")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(link).to_be_focused()


def test_the_arrows_go_down_and_up_again_and_enter_takes_the_first(open_page: OpenPage) -> None:
    page = open_page("owner")
    page.goto("/customers")
    page.get_by_role("link", name=re.compile("^Chercher")).first.click()
    box(page)
    links = page.get_by_role("dialog").get_by_role("link")
    page.keyboard.type("factur")
    expect(page.locator("#palette-hits")).to_have_attribute("data-sought", "factur")
    page.keyboard.press("ArrowDown")
    expect(links.first).to_be_focused()
    page.keyboard.press("ArrowUp")
    box(page)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Factures")).to_be_visible()


def test_who_goes_on_typing_from_a_hit_types_into_the_field(open_page: OpenPage) -> None:
    page = open_page("owner")
    page.goto("/customers")
    page.keyboard.press("/")
    expect(page.get_by_role("dialog").get_by_role("link").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("dialog").get_by_role("link").first).to_be_focused()
    page.keyboard.type("journal")
    box(page)
    expect(page.get_by_role("dialog").get_by_role("link", name="Journal")).to_be_visible()
    page.mouse.click(5, 5)
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_a_name_without_result_says_so(open_page: OpenPage) -> None:
    page = open_page("owner")
    page.goto("/")
    page.keyboard.press("/")
    page.keyboard.type("introuvable")
    expect(page.get_by_role("dialog")).to_contain_text("Rien ne correspond")
    expect(page.get_by_role("dialog").get_by_role("status")).to_have_text("0 résultat")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [people.DESKTOP, people.PHONE])
def test_axe_finds_nothing_to_say(open_page: OpenPage, scheme: str, viewport: dict[str, int]) -> None:
    page = open_page("owner", viewport=viewport, color_scheme=scheme)
    page.goto("/")
    page.keyboard.press("Control+k")
    page.keyboard.type("port")
    expect(page.get_by_role("dialog").get_by_role("heading", name="Clients")).to_be_visible()
    assert violations(page) == []
    page.goto("/search?q=port")
    expect(page.get_by_role("main").get_by_role("heading", name="Clients")).to_be_visible()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


def test_a_thumb_opens_it(open_page: OpenPage) -> None:
    page = open_page("owner", viewport=people.PHONE, has_touch=True, is_mobile=True)
    page.goto("/")
    page.get_by_role("navigation", name="Navigation du pouce").get_by_role("link", name="Chercher").tap()
    box(page)
    page.get_by_role("dialog").get_by_role("button", name="Fermer").tap()
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_without_script_the_link_opens_the_page(open_page: OpenPage) -> None:
    page = open_page("owner", java_script_enabled=False)
    page.goto("/")
    page.get_by_role("link", name=re.compile("^Chercher")).first.click()
    page.get_by_role("main").get_by_label("Nom, numéro").fill("menuiserie")
    page.get_by_role("main").get_by_role("button", name="Chercher").click()
    page.get_by_role("main").get_by_role("link", name=re.compile("Menuiserie")).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Menuiserie")
