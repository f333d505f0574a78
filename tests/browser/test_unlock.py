"""The customer's passphrase is sealed by the browser: nothing that leaves it can be read on the way."""

import re

import pytest
from playwright.sync_api import Request, expect

from portal.demo.vaults import PASSPHRASE
from tests.browser import people
from tests.browser.conftest import OpenPage
from tour.instance import Instance

pytestmark = pytest.mark.browser


def ask_for_a_restore(portal: Instance, open_page: OpenPage) -> str:
    """A restore request of the first vault; the address that its customer gets by mail."""
    page = open_page("operator")
    page.goto("/vaults")
    page.locator("main table a[href^='/vaults/']").first.click()
    page.locator("a[href^='/restore-requests/new/']").first.click()
    page.locator("[name=what]").fill("Le dossier des plans")
    page.locator("[name=cause][value=lost_by_user], [name=cause] option[value=lost_by_user]").first.evaluate(
        "e => { if (e.tagName === 'OPTION') e.selected = true; else e.checked = true; }"
    )
    page.locator("main form").first.locator("button.btn-primary").click()
    expect(page.locator(".crumbs")).to_be_visible()
    mail = portal.mailbox.wait_for("info@client", "Ouvrir votre coffre")
    portal.mailbox.messages.remove(mail)  # the next request waits for its own
    return re.search(rf"{portal.url}/unlock/\S+", mail.get_body(("plain",)).get_content()).group()


def test_the_passphrase_leaves_the_browser_sealed(portal: Instance, open_page: OpenPage) -> None:
    address = ask_for_a_restore(portal, open_page)
    page = open_page(viewport=people.PHONE)
    sent: list[str] = []

    def see(request: Request) -> None:
        sent.append(f"{request.url} {request.post_data or ''} {request.headers}")

    page.on("request", see)
    page.goto(address)
    page.get_by_label("Phrase secrète du coffre").fill(PASSPHRASE)
    page.get_by_label("J'accepte que").check()
    page.get_by_role("button", name="Ouvrir mon coffre").click()
    expect(page.get_by_role("heading", name="Votre coffre est ouvert")).to_be_visible(timeout=60_000)
    assert any("sealed=" in one for one in sent)
    assert not [one for one in sent if PASSPHRASE in one]
    assert people.too_wide(page) == []


def test_without_javascript_the_page_says_why_and_sends_nothing(
    portal: Instance, open_page: OpenPage
) -> None:
    address = ask_for_a_restore(portal, open_page)
    page = open_page(java_script_enabled=False)
    page.goto(address)
    expect(page.get_by_text("a besoin de JavaScript")).to_be_visible()
    expect(page.get_by_role("button", name="Ouvrir mon coffre")).to_be_disabled()
