"""axe finds nothing to say about any page, in light and in dark, at desk and on a phone."""

from collections.abc import Callable
from importlib.resources import files

import pytest
from playwright.sync_api import Page, expect

from tests.browser import people
from tests.browser.conftest import OpenPage
from tour.instance import Instance

pytestmark = pytest.mark.browser

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
Act = Callable[[Page], object]


# Nothing is asked of the server, nothing is being swapped in, and no colour is on its way to another.
AT_REST = """() => !document.querySelector(".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added")
    && document.getAnimations().every(each => each.playState !== "running"
        || each.effect.getComputedTiming().iterations === Infinity)"""


def violations(page: Page) -> list[str]:
    """What axe finds; it is run by the debugger, so that the page keeps its security policy."""
    page.wait_for_load_state("load")  # with its style and its script
    page.wait_for_function(AT_REST)
    page.evaluate(AXE)
    options = {"runOnly": RULES, "resultTypes": ["violations"], "iframes": False}  # a mail in its own frame
    found = page.evaluate("options => axe.run(document, options)", options)["violations"]
    return [f"{rule['id']}: {node['html'][:200]}" for rule in found for node in rule["nodes"]]


def at(path: str) -> Act:
    return lambda page: page.goto(path)


def first_of(path: str, row: str = "") -> Act:
    return lambda page: people.open_first(page, path, row)


def wrong_password(page: Page) -> None:
    page.goto("/login")
    page.get_by_label("Adresse e-mail").fill("personne@portail.example")
    page.get_by_label("Mot de passe").fill("au hasard")
    page.get_by_role("button", name="Se connecter").click()
    expect(page.get_by_text("Adresse ou mot de passe incorrect")).to_be_visible()


def empty_customer(page: Page) -> None:
    page.goto("/customers/new")
    page.get_by_role("button", name="Enregistrer le client").click()
    expect(page.get_by_role("alert")).to_be_visible()


def new_order(page: Page) -> None:
    people.open_first(page, "/customers")
    page.get_by_role("link", name="Nouvelle commande").click()
    expect(page.get_by_role("button", name="Commander")).to_be_enabled()  # once its price is known


def termination(page: Page) -> None:
    people.open_first(page, "/subscriptions", "actif")
    page.get_by_role("link", name="Résilier").click()
    page.get_by_text("Résilier à ces conditions").click()
    expect(page.get_by_role("button", name="Confirmer la résiliation")).to_be_visible()


def contract(page: Page) -> None:
    people.open_first(page, "/subscriptions", "Do'BaaS")
    page.get_by_role("link", name="Contrat et dates").click()
    expect(page.get_by_role("heading", name="Si vous partez")).to_be_visible()
    for line in page.locator("details > summary:visible").all()[1:8]:
        line.click()


def own_contract(page: Page) -> None:
    page.goto("/")
    page.get_by_role("table").first.get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="Si vous partez")).to_be_visible()


def contract_asked(page: Page) -> None:
    """A refusal beside its field, put there by a swap."""
    contract(page)
    page.get_by_label("Et si…").select_option("incident")
    expect(page.locator("#question input[name=what]")).to_have_value("incident")
    page.get_by_role("button", name="Demander").click()
    expect(page.get_by_text("Ce champ est nécessaire.")).to_be_visible()


def amendment(page: Page) -> None:
    people.open_first(page, "/subscriptions", "Do'BaaS")
    page.get_by_role("link", name="Contrat et dates").click()
    page.get_by_role("link", name="Ajouter un avenant").click()
    page.get_by_label("Valeur à changer").select_option("reversibility.delivery_days")
    expect(page.get_by_text("60 jours")).to_be_visible()


def debit(page: Page) -> None:
    people.open_first(page, "/sepa/batches")
    page.get_by_role("table").get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def wall_machine(page: Page) -> None:
    """The machine whose contract is to be reviewed, with its trend unfolded."""
    page.goto("/backups")
    page.get_by_role("link", name="serveur-fichiers").first.click()
    expect(page.get_by_role("button", name="Clore la réévaluation")).to_be_visible()
    page.get_by_text("Les chiffres").click()


def as_it_looks(page: Page) -> None:
    """A mail as a mail program shows it; on the page of the portal nothing may run in it, axe neither."""
    people.open_first(page, "/outbox")
    address = page.get_by_role("link", name="Ouvrir seul").get_attribute("href")
    shown = page.request.get(str(address)).text()
    page.goto("about:blank")
    page.set_content(shown)
    expect(page.get_by_text("Vous recevez ce message")).to_be_visible()


def explained(page: Page) -> None:
    """A word beside which its meaning is open."""
    people.open_first(page, "/sepa/mandates?state=signed")
    page.get_by_role("button", name="RUM").click()
    expect(page.locator("#explain-rum")).to_be_visible()


# What the walk of test_every_page.py does not meet, and what matters most; at the desk, in the light.
PAGES: dict[str, tuple[str | None, Act]] = {
    "sign-in": (None, at("/login")),
    "sign-in refused": (None, wrong_password),
    "owner's home": ("owner", at("/")),
    "customers": ("owner", at("/customers")),
    "nobody found": ("owner", at("/customers?q=zzz")),
    "onboarding refused": ("owner of the south", empty_customer),
    "customer": ("owner", first_of("/customers")),
    "new order": ("owner", new_order),
    "wall": ("owner", at("/backups")),
    "machine on the wall": ("operator", wall_machine),
    "order to pay": ("finance", first_of("/orders?state=awaiting_payment")),
    "termination": ("owner", termination),
    "contract": ("owner", contract),
    "own contract": ("customer", own_contract),
    "contract asked": ("owner", contract_asked),
    "amendment": ("operator", amendment),
    "invoice": ("finance", first_of("/billing/invoices")),
    "cockpit": ("finance", at("/sepa/collections")),
    "batch": ("finance", first_of("/sepa/batches")),
    "debit": ("finance", debit),
    "verify": (None, at("/verify")),
    "mandate signed": ("finance", first_of("/sepa/mandates?state=signed")),
    "mail": ("finance", first_of("/outbox")),
    "mail as it looks": ("finance", as_it_looks),
    "what became of a mail": ("owner", first_of("/mails")),
    "guide": ("owner", at("/guide?q=mandat&about=sepa.list_mandates")),
    "page of the guide": ("customer", at("/guide/my-vault")),
    "glossary": ("owner", at("/guide/glossary#rum")),
    "word explained": ("owner", explained),
    "no such page": ("owner", at("/nothing-here")),
}
ON_A_PHONE = (  # what acts lead to, which the walk over all pages does not meet
    "word explained",
    "sign-in refused",
    "onboarding refused",
    "termination",
    "contract",
    "own contract",
    "contract asked",
    "amendment",
    "mail as it looks",
    "machine on the wall",
)
HTTP_ERRORS = ("the server responded with a status of 4",)


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_on_the_page(history: None, open_page: OpenPage, name: str) -> None:
    who, act = PAGES[name]
    page = open_page(who, expected=HTTP_ERRORS)
    act(page)
    assert violations(page) == []


@pytest.mark.parametrize("name", ON_A_PHONE)
def test_the_page_fits_a_narrow_phone_and_axe_finds_nothing_in_the_dark(
    history: None, open_page: OpenPage, name: str
) -> None:
    who, act = PAGES[name]
    page = open_page(who, expected=HTTP_ERRORS, viewport=people.NARROW, color_scheme="dark")
    act(page)
    assert people.too_wide(page) == []
    assert violations(page) == []


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_axe_finds_nothing_on_the_signing_pages(portal: Instance, open_page: OpenPage, colours: str) -> None:
    person = {"light": "direction@client26.example", "dark": "direction@client28.example"}[colours]
    page = open_page(viewport=people.PHONE, color_scheme=colours, expected=HTTP_ERRORS)
    page.goto(people.link_to_sign(portal, person))
    found = {"account": violations(page)}
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_role("alert")).to_be_visible()
    found["account refused"] = violations(page)
    people.enter_account(page, 26)
    found["text"] = violations(page)
    page.get_by_role("button", name="Recevoir mon code").click()
    expect(page.get_by_role("alert")).to_be_visible()
    found["text refused"] = violations(page)
    people.consent(page)
    found["code"] = violations(page)
    people.type_code(page, people.code_to_sign(portal, person))
    found["signed"] = violations(page)
    assert {step: list_ for step, list_ in found.items() if list_} == {}
