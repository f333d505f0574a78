"""A second factor from the first sign-in to the day when it is lost, with a device that Chromium plays."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from portal.demo.houses import PASSWORD
from tests.browser import people
from tests.browser.test_accessibility import violations
from tour.instance import Instance

OWNER, SALES = "gerance@ouest.example", "commerce@ouest.example"
OPERATOR = "exploitation@portail.example"


@pytest.fixture
def strict(demonstration: Path) -> Iterator[Instance]:
    """A portal that requires the second factor of staff."""
    place = Instance(like=demonstration)
    place.environment["SECOND_FACTOR"] = "required"
    with place:
        yield place


Look = Callable[[Page], None]


def fits_and_is_read(page: Page) -> None:
    assert people.too_wide(page) == [] and violations(page) == []


def a_device(chromium: Browser, place: Instance, problems: list[str]) -> Page:
    """A window whose device answers for passkeys and has verified its owner."""
    context = chromium.new_context(
        base_url=place.url, locale="fr-FR", viewport=people.PHONE, color_scheme="dark"
    )
    page = context.new_page()
    page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return page


def type_password(page: Page, email: str, password: str = PASSWORD) -> None:
    page.goto("/login")
    page.get_by_label("Adresse e-mail").fill(email)
    page.get_by_label("Mot de passe").fill(password)
    page.get_by_role("button", name="Se connecter").click()


def enrol(page: Page, look: Look = lambda page: None) -> None:
    """At the first sign-in there is nothing else to do."""
    expect(page.get_by_text("Avant de continuer, ajoutez un second facteur")).to_be_visible()
    look(page)
    page.get_by_role("button", name="Ajouter une clé d'accès").click()
    expect(page.get_by_role("button", name="Créer la clé d'accès")).to_be_visible()
    look(page)
    page.get_by_role("button", name="Créer la clé d'accès").click()
    expect(page.locator(".codes li")).to_have_count(10)
    look(page)
    page.get_by_role("button", name="Je les ai mis à l'abri").click()
    page.goto("/")
    expect(page.get_by_role("heading", name="Aujourd'hui")).to_be_visible()


def leave_and_return(page: Page, email: str) -> None:
    page.context.clear_cookies()
    type_password(page, email)
    expect(page.get_by_role("button", name="Continuer avec ma clé d'accès")).to_be_visible()
    fits_and_is_read(page)
    page.get_by_role("button", name="Continuer avec ma clé d'accès").click()
    expect(page.get_by_role("heading", name="Aujourd'hui")).to_be_visible()


def press_for(page: Page, name: str, person: str, deed: str) -> None:
    page.goto("/people")
    page.get_by_role("link", name=re.compile(person)).first.click()
    page.locator("summary", has_text=name).click()
    page.locator("details[open]").get_by_role("button", name=deed).click()


@pytest.mark.browser
@pytest.mark.slow
def test_a_passkey_from_the_first_sign_in_to_its_loss(strict: Instance, chromium: Browser) -> None:
    problems: list[str] = []
    sales, owner, operator = (a_device(chromium, strict, problems) for _ in range(3))
    for page, email in ((sales, SALES), (owner, OWNER), (operator, OPERATOR)):
        type_password(page, email)
        enrol(page, fits_and_is_read if page is owner else lambda page: None)
    leave_and_return(sales, SALES)
    press_for(owner, "Second facteur perdu", "Commerce, Revendeur Ouest", "Second facteur perdu")
    expect(owner.get_by_text("attend une deuxième personne")).to_be_visible()
    fits_and_is_read(owner)
    press_for(operator, "Accorder", "Commerce, Revendeur Ouest", "Accorder")
    expect(operator.get_by_text("la personne reçoit un lien")).to_be_visible()
    mail = strict.mailbox.wait_for(SALES, "entrez de nouveau")
    body = mail.get_body(("plain",))
    assert body is not None
    found = re.search(r"/welcome/\S+", body.get_content())
    assert found
    sales.goto("/customers")  # her session has ended
    expect(sales.get_by_role("button", name="Se connecter")).to_be_visible()
    sales.goto(found[0])
    sales.get_by_label("Mot de passe").fill("quatre chevaux verts")
    sales.get_by_role("button", name="Choisir ce mot de passe").click()
    expect(sales.get_by_role("button", name="Se connecter")).to_be_visible()
    type_password(sales, SALES, "quatre chevaux verts")
    enrol(sales)
    for page in (sales, owner, operator):
        page.context.close()
    assert problems == []
