"""Lists, keyboard and menu."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser import people
from tests.browser.conftest import OpenPage

pytestmark = pytest.mark.browser


def test_the_list_follows_what_is_typed_and_its_address_too(open_page: OpenPage) -> None:
    page = open_page("owner")
    page.goto("/customers")
    rows = page.locator("#list tbody tr")
    expect(rows).to_have_count(20)
    page.get_by_label("Chercher dans la liste").press_sequentially("etude n", delay=30)
    expect(rows).not_to_have_count(20)
    for row in rows.all():
        expect(row).to_contain_text("Étude notariale")
    expect(page).to_have_url(re.compile(r"/customers\?q=etude"))
    expect(page.get_by_label("Chercher dans la liste")).to_be_focused()


def test_reload_and_back_give_the_whole_page(open_page: OpenPage) -> None:
    page = open_page("owner")
    page.goto("/customers")
    rows = page.locator("#list tbody tr")
    page.get_by_label("Chercher dans la liste").fill("menuiserie")
    expect(rows).not_to_have_count(20)
    found = rows.count()
    page.reload()
    expect(page.get_by_role("heading", level=1, name="Clients")).to_be_visible()
    expect(rows).to_have_count(found)
    rows.first.get_by_role("link").click()
    expect(page.locator(".crumbs")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("navigation", name="Navigation principale")).to_be_visible()
    expect(rows).to_have_count(found)
    page.go_back()
    expect(page).to_have_url(re.compile("/customers$"))
    expect(page.get_by_role("navigation", name="Navigation principale")).to_be_visible()
    expect(rows).to_have_count(20)


def test_the_first_tab_leads_to_the_content(open_page: OpenPage) -> None:
    page = open_page("owner")
    page.goto("/customers")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Aller au contenu")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Nouveau client")).to_be_focused()


def test_the_focus_is_always_seen(open_page: OpenPage) -> None:
    page = open_page("owner")
    page.goto("/customers")
    for _ in range(16):
        page.keyboard.press("Tab")
        look = page.evaluate(
            """() => {
                const here = document.activeElement, style = getComputedStyle(here);
                return [here.outerHTML.slice(0, 80), style.outlineStyle, style.outlineWidth];
            }"""
        )
        assert look[1:] == ["solid", "3px"], look[0]


def test_the_search_of_a_list_is_reached_by_the_tabulator(open_page: OpenPage) -> None:
    page = open_page("owner")
    page.goto("/customers")
    page.get_by_role("main").get_by_role("link", name="Archivés").focus()
    page.keyboard.press("Tab")
    search = page.get_by_label("Chercher dans la liste")
    expect(search).to_be_focused()
    page.keyboard.type("a/b")
    expect(search).to_have_value("a/b")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_the_menu_opens_and_leads_somewhere_on_a_phone(open_page: OpenPage) -> None:
    page = open_page("owner", viewport=people.PHONE, has_touch=True, is_mobile=True)
    page.goto("/")
    menu = page.get_by_role("navigation", name="Navigation principale")
    expect(menu).to_be_hidden()
    opener = page.get_by_role("navigation", name="Navigation du pouce").get_by_role("link", name="Menu")
    assert opener.bounding_box()["height"] >= 44
    opener.tap()
    expect(menu).to_be_visible()
    menu.get_by_role("link", name="Commandes").tap()
    expect(page.get_by_role("heading", level=1, name="Commandes")).to_be_visible()
    expect(menu).to_be_hidden()


def test_nothing_is_kept_in_the_browser(open_page: OpenPage) -> None:
    page = open_page("owner")
    page.goto("/customers")
    page.get_by_label("Chercher dans la liste").fill("menuiserie")
    expect(page).to_have_url(re.compile("menuiserie"))
    people.open_first(page, "/sepa/mandates?state=sent")
    page.go_back()
    kept = page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]")
    assert kept == [0, 0, ""]
