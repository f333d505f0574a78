"""A reseller's morning: by keyboard alone, by thumb on a phone; and everyday tasks, counted."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import people
from tests.browser.conftest import OpenPage

pytestmark = pytest.mark.browser
FAR = 150  # presses of Tab: more than a whole turn of any page takes


def tab_to(page: Page, what: Locator) -> None:
    """Press Tab until this has the focus."""
    for _press in range(FAR):
        page.keyboard.press("Tab")
        if what.evaluate("element => element === document.activeElement"):
            return
    pytest.fail(f"not reached by Tab: {what}")


def scripted(page: Page) -> None:
    """Wait until the script listens: before, « Chercher » is a link to a page of its own."""
    expect(page.locator("html.scripted")).to_be_attached()


def find(page: Page, text: str, name: str) -> None:
    """Through the palette, without a mouse."""
    scripted(page)
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog").get_by_role("searchbox")).to_be_focused()
    page.keyboard.type(text, delay=20)
    expect(page.get_by_role("dialog").get_by_role("link").first).to_contain_text(name)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)


def test_a_morning_by_keyboard_alone(open_page: OpenPage) -> None:
    page = open_page("owner of the south", expected=("htmx:afterRequest",))  # one leaves while it searches
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Aller au contenu")).to_be_focused()
    page.keyboard.press("Enter")
    first = page.locator(".todo-line .btn").first
    tab_to(page, first)  # the day begins with what presses most
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Aujourd'hui")
    find(page, "menuis", "Menuiserie")
    tab_to(page, page.locator("summary", has_text="Ajouter une note"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_label("Note", exact=True))
    page.keyboard.type("Rappeler lundi")
    tab_to(page, page.get_by_role("button", name="Garder la note"))
    page.keyboard.press("Enter")
    expect(page.locator(".note-text").first).to_have_text("Rappeler lundi")
    tab_to(page, page.get_by_role("link", name="Nouvelle commande").first)
    page.keyboard.press("Enter")
    order_by_keyboard(page)
    find(page, "factures", "Factures")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile(r"^FA-|^Factures"))


def order_by_keyboard(page: Page) -> None:
    offers = page.get_by_role("radio", name=re.compile("NATSO|Do'BaaS|DropCloud|NumSpot"))
    tab_to(page, page.locator(".choice input:checked"))
    while not page.get_by_label("NATSO BACKUP+ Poste de travail").is_checked():
        before = page.locator(".sums").inner_text()
        page.keyboard.press("ArrowDown")
        expect(page.locator(".sums")).not_to_have_text(before, use_inner_text=True)
    expect(offers.and_(page.locator(":focus"))).to_have_count(1)  # the focus stays where one types
    tab_to(page, page.get_by_label("Quantité"))
    page.keyboard.press("Control+a")
    page.keyboard.type("3")
    page.keyboard.press("Tab")
    expect(page.locator(".sums")).to_contain_text("3 × NATSO BACKUP+ Poste de travail")
    tab_to(page, page.get_by_role("button", name="Commander"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(
        re.compile("3 × NATSO|Conditions à accepter")
    )


def test_a_morning_by_touch(open_page: OpenPage) -> None:
    page = open_page("owner of the south", viewport=people.PHONE, has_touch=True, is_mobile=True)
    page.goto("/")
    page.locator(".todo-line .btn").first.tap()
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Aujourd'hui")
    thumb = page.get_by_role("navigation", name="Navigation du pouce")
    scripted(page)
    thumb.get_by_role("link", name="Chercher").tap()
    page.get_by_role("dialog").get_by_role("searchbox").fill("boulang")
    page.get_by_role("dialog").get_by_role("link", name="Boulangerie").first.tap()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Boulangerie")
    expect(page.get_by_role("link", name="Nouvelle commande").first).to_be_in_viewport()
    thumb.get_by_role("link", name="Menu").tap()
    page.get_by_role("navigation", name="Navigation principale").get_by_role("link", name="Factures").tap()
    expect(page.get_by_role("heading", level=1, name="Factures")).to_be_visible()
    page.locator("table.cards tbody tr").first.get_by_role("link").first.tap()
    expect(page.get_by_role("link", name="Télécharger le PDF")).to_be_in_viewport()
    assert people.too_wide(page) == []


class Clicks:
    """A person at the desk who counts."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0
        page.goto("/")

    def on(self, what: Locator) -> None:
        what.first.click()
        self.count += 1

    def menu(self, name: str) -> None:
        self.on(
            self.page.get_by_role("navigation", name="Navigation principale").get_by_role("link", name=name)
        )

    def search(self, text: str, name: str) -> None:
        scripted(self.page)
        self.on(self.page.get_by_role("link", name=re.compile("^Chercher")))
        self.page.keyboard.type(text, delay=20)
        self.on(self.page.get_by_role("dialog").get_by_role("link", name=name))
        expect(self.page.get_by_role("heading", level=1)).to_contain_text(name)

    def sees(self, text: str) -> None:
        expect(self.page.locator("main")).to_contain_text(text)


Task = Callable[[Clicks], None]


def half_a_name(c: Clicks) -> None:
    c.search("menuis", "Menuiserie")
    c.sees("Contacts")


def what_is_due(c: Clicks) -> None:
    c.sees("À faire")


def remind_signatories(c: Clicks) -> None:
    c.page.goto("/")
    c.on(c.page.get_by_role("link", name=re.compile("^mandats? à signer|mandats? à signer$")))
    c.on(c.page.get_by_role("button", name="Tout choisir"))
    c.on(c.page.get_by_role("toolbar").get_by_role("button", name="Renvoyer le lien à signer"))
    c.sees("ligne")


def late_invoices(c: Clicks) -> None:
    c.on(c.page.get_by_role("link", name=re.compile("factures? en retard")))
    expect(c.page.get_by_role("heading", level=1, name="Factures")).to_be_visible()


def new_order(c: Clicks) -> None:
    c.search("menuis", "Menuiserie")
    c.on(c.page.get_by_role("link", name="Nouvelle commande"))
    c.sees("Total TTC")


def telephone(c: Clicks) -> None:
    c.search("menuis", "Menuiserie")
    expect(c.page.locator("a[href^='mailto:']").first).to_be_visible()


def invoices_as_workbook(c: Clicks) -> None:
    c.menu("Factures")
    with c.page.expect_download():
        c.on(c.page.get_by_role("link", name=re.compile("XLSX|Excel")))


def red_machines(c: Clicks) -> None:
    c.menu("Sauvegardes")
    expect(c.page.locator(".wall")).to_be_visible()


def last_notice(c: Clicks) -> None:
    c.menu("Abonnements")
    c.on(c.page.locator("table.cards tbody tr").first.get_by_role("link"))
    c.on(c.page.get_by_role("link", name="Contrat et dates"))
    c.sees("Dernier jour")


def restore(c: Clicks) -> None:
    c.menu("Coffres")
    c.on(c.page.locator("table.cards tbody tr").first.get_by_role("link"))
    c.on(c.page.get_by_role("link", name="Demander une restauration"))
    expect(c.page.get_by_role("heading", level=1)).to_be_visible()


def as_the_customer(c: Clicks) -> None:
    c.search("menuis", "Menuiserie")
    c.on(c.page.get_by_role("button", name="Voir comme le client"))
    expect(c.page.locator(".look-band")).to_be_visible()
    c.page.get_by_role("button", name="Revenir à mon espace").click()


def wire_received(c: Clicks) -> None:
    c.on(
        c.page.locator(".todo-line", has_text="Paiement attendu").get_by_role("link", name="Voir la commande")
    )
    c.sees("Virement reçu")


def months_figures(c: Clicks) -> None:
    c.on(c.page.get_by_role("link", name="Tous les chiffres, par mois"))
    c.sees("Revenu mensuel récurrent")


def run_of_the_month(c: Clicks) -> None:
    c.menu("Factures")
    c.on(c.page.get_by_role("link", name=re.compile("Facturation")))
    expect(c.page.get_by_role("heading", level=1)).to_contain_text("Facturation")


def own_invoice(c: Clicks) -> None:
    c.menu("Factures")
    c.on(c.page.locator("table.cards tbody tr").first.get_by_role("link"))
    with c.page.expect_download():
        c.on(c.page.get_by_role("link", name="Télécharger le PDF"))


TASKS: list[tuple[str, Task]] = [
    ("owner", half_a_name),
    ("owner", what_is_due),
    ("owner", remind_signatories),
    ("owner", late_invoices),
    ("owner", new_order),
    ("owner", telephone),
    ("owner", invoices_as_workbook),
    ("owner", red_machines),
    ("owner", last_notice),
    ("owner", restore),
    ("owner", as_the_customer),
    ("finance", wire_received),
    ("finance", months_figures),
    ("finance", run_of_the_month),
    ("customer", own_invoice),
]


@pytest.mark.parametrize(("who", "task"), TASKS, ids=[task.__name__ for _who, task in TASKS])
def test_an_everyday_task_takes_three_clicks_at_most(open_page: OpenPage, who: str, task: Task) -> None:
    clicks = Clicks(open_page(who, expected=("the server responded with a status of 4",)))
    task(clicks)
    assert clicks.count <= 3
