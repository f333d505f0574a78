"""On a slow line the page is used before its scripts have come; nothing of that is lost."""

import threading

import pytest
from playwright.sync_api import Route, expect

from tests.browser import people
from tests.browser.conftest import OpenPage

pytestmark = pytest.mark.browser


def test_a_choice_made_before_the_scripts_is_told_when_they_come(open_page: OpenPage) -> None:
    page = open_page("operator")
    people.open_first(page, "/subscriptions", "Do'BaaS")
    page.get_by_role("link", name="Contrat et dates").click()
    address = page.get_by_role("link", name="Ajouter un avenant").get_attribute("href")
    held: list[Route] = []
    came = threading.Event()

    def hold(route: Route) -> None:
        held.append(route)
        came.set()

    page.route("**/htmx.min*.js*", hold)
    page.goto(str(address), wait_until="commit")
    page.get_by_label("Valeur à changer").select_option("reversibility.delivery_days")
    assert came.is_set() and page.get_by_text("60 jours").count() == 0
    for route in held:
        route.continue_()
    expect(page.get_by_text("60 jours")).to_be_visible()


def test_no_other_question_is_answered_while_the_chosen_one_is_on_its_way(open_page: OpenPage) -> None:
    page = open_page("owner")
    people.open_first(page, "/subscriptions", "Do'BaaS")
    page.get_by_role("link", name="Contrat et dates").click()
    question = page.locator("#question")
    expect(question.locator("input[name=what]")).to_have_value("terminate")
    held: list[Route] = []
    page.route("**/question?what=incident", lambda route: held.append(route))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "ask=1" in request.url else None)
    with page.expect_request("**/question?what=incident"):
        question.get_by_label("Et si…").select_option("incident")
    question.get_by_role("button", name="Demander").click()
    for route in held:
        route.continue_()
    expect(question.locator("input[name=what]")).to_have_value("incident")
    assert asked == []


def test_what_only_works_by_the_script_is_not_offered_before_it_came(open_page: OpenPage) -> None:
    page = open_page("owner")
    held: list[Route] = []
    page.route("**/app*.js*", lambda route: held.append(route))
    page.goto("/sepa/mandates", wait_until="commit")
    everything = page.locator("[data-tick-all]")
    expect(everything).to_be_attached()
    expect(everything).to_be_hidden()
    for route in held:
        route.continue_()
    everything.click()
    expect(page.get_by_role("toolbar")).to_be_visible()
