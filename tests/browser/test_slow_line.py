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
