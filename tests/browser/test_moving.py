"""A reseller moves in: her workbook is checked, taken in, and taken back."""

import pytest
from playwright.sync_api import expect

from tests.browser import people
from tests.browser.conftest import OpenPage
from tests.workbooks import as_xlsx, rows_of

pytestmark = pytest.mark.browser


def test_a_workbook_is_checked_taken_in_and_undone(open_page: OpenPage) -> None:
    rows = rows_of(3, reseller="")
    for key in ("subscriptions", "keys", "terms"):
        rows[key] = []  # whatever the demonstration sells
    page = open_page("owner")
    page.goto("/moving")
    book = {"name": "reprise.xlsx", "mimeType": "application/zip", "buffer": as_xlsx(rows)}
    page.get_by_label("Classeur").set_input_files(book)  # type: ignore[arg-type]
    page.get_by_role("button", name="Vérifier sans rien écrire").click()
    expect(page.get_by_role("button", name="Reprendre ces clients")).to_be_visible()
    page.get_by_role("button", name="Reprendre ces clients").click()
    people.confirm_if_asked(page)
    expect(page.get_by_text("Annulable jusqu'au")).to_be_visible()
    page.get_by_role("link", name="Clients de cette reprise").click()
    expect(page.locator("main")).to_contain_text("Client repris 3")
    page.go_back()
    page.locator("summary", has_text="Annuler la reprise").click()
    page.get_by_role("button", name="Annuler la reprise").click()
    expect(page.locator(".pill", has_text="annulé")).to_be_visible()
