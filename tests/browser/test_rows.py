"""Lists where it is hard: on a small phone, with hostile names, and by keyboard alone."""

import pytest
from playwright.sync_api import Page, expect

from portal.demo.numbers import make_siren
from tests.browser import people
from tests.browser.conftest import OpenPage

pytestmark = pytest.mark.browser
LISTS = [
    ("owner", "/customers"),
    ("owner", "/orders"),
    ("owner", "/subscriptions"),
    ("owner", "/billing/invoices"),
    ("owner", "/sepa/mandates"),
    ("owner", "/vaults"),
    ("owner", "/mails"),
    ("owner", "/usage-gaps"),
    ("finance", "/usage-gaps"),
    ("finance", "/sepa/creditors"),
    ("operator", "/prices"),
    ("operator", "/resellers"),
    ("operator", "/work/journal"),
    ("owner", "/work/journal"),
    ("customer", "/orders"),
    ("customer", "/subscriptions"),
    ("customer", "/billing/invoices"),
]
OUTSIDE = """() => [...document.querySelectorAll("table.cards tbody td:is([data-rank='1'], [data-rank='2'])")]
    .filter((cell) => !cell.querySelector(".nothing"))
    .filter((cell) => {
        const box = cell.getBoundingClientRect();
        return !box.width || box.left < 0 || box.right > innerWidth;
    })
    .map((cell) => `${cell.dataset.label}: ${cell.textContent.trim()}`)"""


def wide(page: Page) -> int:
    """How far the page reaches beyond the screen, in pixels, once its styles are there."""
    page.wait_for_load_state("load")
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


@pytest.mark.parametrize(("who", "path"), LISTS)
def test_what_matters_of_each_row_is_on_the_screen_of_a_phone(
    open_page: OpenPage, who: str, path: str
) -> None:
    all_is_on_the_screen(open_page(who, viewport=people.PHONE), path)


def all_is_on_the_screen(page: Page, path: str) -> None:
    page.goto(path)
    expect(page.locator("table.cards tbody tr").first).to_be_visible()
    assert page.evaluate(OUTSIDE) == []
    assert wide(page) <= 0


def test_a_month_that_was_billed_is_on_the_screen_of_a_phone(open_page: OpenPage, history: None) -> None:
    all_is_on_the_screen(open_page("finance", viewport=people.PHONE), "/billing/runs")


def test_a_name_without_a_blank_widens_no_page(open_page: OpenPage) -> None:
    page = open_page("owner of the south", viewport=people.PHONE)
    page.goto("/customers/new")
    name = "W" * 70
    people.fill_customer(page, name, make_siren(7044))
    people.save_customer(page, name)
    assert wide(page) <= 0
    page.goto("/customers?q=wwww")
    assert page.evaluate(OUTSIDE) == []
    assert wide(page) <= 0


def test_rows_are_walked_and_opened_by_keyboard(open_page: OpenPage) -> None:
    page = open_page("owner")
    page.goto("/sepa/mandates?state=sent")
    rows = page.locator("#rows tr")
    page.keyboard.press("j")
    expect(rows.nth(0).get_by_role("link").first).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(rows.nth(1).get_by_role("link").first).to_be_focused()
    expect(page.get_by_role("toolbar")).to_be_hidden()
    page.keyboard.press("x")
    expect(rows.nth(1).get_by_role("checkbox")).to_be_checked()
    expect(page.get_by_role("toolbar", name="Avec les lignes choisies")).to_be_visible()
    name = rows.nth(1).get_by_role("link").first.inner_text()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)


def test_a_head_sorts_and_the_rest_is_added_below(open_page: OpenPage) -> None:
    page = open_page("owner")
    page.goto("/billing/invoices")
    page.get_by_role("link", name="Montant TTC").click()
    head = page.get_by_role("columnheader", name="Montant TTC")
    expect(head).to_have_attribute("aria-sort", "ascending")
    page.get_by_role("link", name="Montant TTC").click()
    expect(head).to_have_attribute("aria-sort", "descending")


def test_the_day_is_one_button_a_line_on_a_phone(open_page: OpenPage) -> None:
    page = open_page("owner", viewport=people.PHONE)
    page.goto("/")
    lines = page.locator(".todo-line")
    expect(lines.first).to_be_visible()
    assert wide(page) <= 0
    for button in lines.locator(".btn").all():
        box = button.bounding_box()
        assert box is not None and box["height"] >= 36 and box["x"] + box["width"] <= people.PHONE["width"]
