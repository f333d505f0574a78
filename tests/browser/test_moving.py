"""A reseller moves in: her workbook is checked, taken in, and taken back."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser import people
from tests.browser.conftest import OpenPage
from tests.workbooks import as_xlsx, rows_of

pytestmark = pytest.mark.browser


def test_a_workbook_is_checked_taken_in_and_undone(open_page: OpenPage) -> None:
    rows = rows_of(3, reseller="")
    rows["keys"] = []
    rows["subscriptions"], rows["terms"] = rows["subscriptions"][:1], rows["terms"][:1]
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
    a_month_is_compared(page, open_page)
    page.locator("summary", has_text="Annuler la reprise").click()
    page.get_by_role("button", name="Annuler la reprise").click()
    expect(page.locator(".pill", has_text="annulé")).to_be_visible()


def a_month_is_compared(page: Page, open_page: OpenPage) -> None:
    """Each column that differs is marked; the operator sees it, a neighbour does not."""
    page.get_by_role("link", name="Mois en parallèle").click()
    month = page.url
    theirs = "Référence;Libellé;HT;TVA;TTC\nC-00001;Licences;30,00;3,00;33,00\n"
    page.get_by_label("Mois").fill("2026-12")
    page.get_by_label("Factures de l'ancien système").set_input_files(
        {"name": "factures.csv", "mimeType": "text/csv", "buffer": theirs.encode()}
    )
    page.get_by_role("button", name="Comparer sans rien émettre").click()
    line = page.locator("tr", has_text="C-00001")
    expect(page.get_by_text("Facturation de 2026-12")).to_be_visible()
    while page.get_by_role("link", name="Actualiser").count():
        page.get_by_role("link", name="Actualiser").click()
    expect(line).to_contain_text("ancien 3,00")
    operator = open_page("operator")
    operator.goto(month)
    expect(operator.locator("tr", has_text="C-00001")).to_contain_text("33,00")
    neighbour = open_page("owner of the north", expected=("404",))
    assert neighbour.goto(month).status == 404  # type: ignore[union-attr]
    page.get_by_role("link", name="reprise.xlsx").click()
