"""The end of a contract, worked out under the eyes; a session that ends meanwhile."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import people
from tests.browser.conftest import OpenPage

pytestmark = pytest.mark.browser


def open_termination(page: Page) -> None:
    people.open_first(page, "/subscriptions", "annuel")
    page.get_by_role("link", name="Résilier").click()
    expect(page.get_by_role("heading", level=1, name="Résilier")).to_be_visible()
    page.wait_for_load_state("load")


def test_what_the_contract_says_follows_the_date(open_page: OpenPage) -> None:
    page = open_page("owner")
    open_termination(page)
    address, facts, sent_on = page.url, page.locator("#termination"), page.get_by_label("Résiliation envoyée")
    expect(facts.locator("details.clause")).not_to_have_count(0)
    before, day = facts.inner_text(), sent_on.input_value()
    sent_on.fill(f"{int(day[:4]) + 1}{day[4:]}")
    sent_on.press("Tab")
    expect(facts).to_contain_text("dans le futur")
    sent_on.fill(f"{int(day[:4]) - 1}{day[4:]}")
    sent_on.press("Tab")
    expect(facts).to_contain_text("précéder le début du contrat")
    sent_on.fill(day)
    sent_on.press("Tab")
    expect(facts).to_have_text(before, use_inner_text=True)
    assert page.url == address


def test_each_fact_unfolds_to_its_clause(open_page: OpenPage) -> None:
    page = open_page("owner")
    open_termination(page)
    facts = page.locator("#termination details.clause")
    assert facts.count() >= 4
    for fact in facts.all():
        body = fact.locator(".clause-body")
        expect(body).to_be_hidden()
        fact.locator("summary").click()
        expect(body).to_be_visible()
        expect(body).to_contain_text(re.compile(r"\w{3,}"))
        expect(fact.locator(".clause-mark")).to_have_text(re.compile(r"\b00[0-4]-\d\d\b"))


def test_a_session_that_ended_goes_to_the_sign_in_page_and_back(open_page: OpenPage) -> None:
    page = open_page("customer", expected=("status of 401", "Response Status Error Code 401"))
    page.goto("/login")  # a session of its own, which this test may end
    page.context.clear_cookies()
    page.goto("/login")
    people.sign_in(page, "owner of the south")
    page.goto("/customers?q=b")
    page.context.clear_cookies()
    page.get_by_label("Chercher dans la liste").press_sequentially("o", delay=20)
    expect(page.get_by_role("heading", level=1, name="Connexion")).to_be_visible()
    expect(page.get_by_text("Votre session a expiré")).to_be_visible()
    expect(page.locator("#list")).to_have_count(0)
    people.sign_in(page, "owner of the south")
    expect(page).to_have_url(re.compile(r"/customers\?q=b"))
    expect(page.get_by_role("heading", level=1, name="Clients")).to_be_visible()


@pytest.mark.parametrize("width", [360, 980, 1440])
def test_what_happens_on_a_day_of_the_contract_can_be_read_at_any_width(
    open_page: OpenPage, width: int
) -> None:
    page = open_page("owner", viewport={"width": width, "height": 900})
    people.open_first(page, "/subscriptions", "Do'BaaS")
    page.get_by_role("link", name="Contrat et dates").click()
    what = page.locator("#calendar .dated-what").first
    expect(what).to_be_visible()
    page.wait_for_load_state()
    box = what.bounding_box()
    assert box and box["width"] > 150
