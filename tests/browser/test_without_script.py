"""The portal without JavaScript, and the signature on a phone."""

import re

import pytest
from playwright.sync_api import Page, Request, expect

from portal.demo.numbers import make_siren
from tests.browser import people
from tests.browser.conftest import OpenPage
from tour.instance import Instance

pytestmark = pytest.mark.browser


def test_everything_works_without_javascript(portal: Instance, open_page: OpenPage) -> None:
    page = open_page(java_script_enabled=False, expected=("the server responded with a status of 422",))
    page.goto("/")
    people.sign_in(page, "sales of the north")
    page.goto("/customers/new")
    siren, name = make_siren(7010), "Pharmacie sans script"
    people.fill_customer(page, name, siren)
    people.save_customer(page, name)
    people.accept(portal, siren)
    page.get_by_role("link", name="Nouvelle commande").click()
    page.get_by_label("NATSO BACKUP+ Poste de travail").check()
    page.get_by_role("button", name="Calculer le prix").click()
    expect(page.locator(".sums")).to_contain_text("1 × NATSO BACKUP+ Poste de travail")
    page.get_by_label("Quantité").fill("2")
    page.get_by_role("button", name="Commander").click()  # its price has not been seen
    expect(page.locator(".sums")).to_contain_text("2 × NATSO BACKUP+ Poste de travail")
    page.get_by_role("button", name="Commander : 2 ×").click()
    expect(page.get_by_text("attend le paiement")).to_be_visible()
    address = page.url
    portal.mailbox.wait_for(f"compta@{siren}.example", "facture pro forma")

    office = open_page("finance", java_script_enabled=False)
    office.goto(address)
    office.get_by_label("Montant reçu").fill("119,76")
    office.get_by_label("Référence bancaire").fill("VIR ESSAI 1")
    office.get_by_role("button", name="Enregistrer le paiement").click()
    expect(office.get_by_text(re.compile("Facture FA-.* émise et envoyée"))).to_be_visible()
    paid = portal.mailbox.wait_for(f"compta@{siren}.example", "Paiement reçu")
    text = paid.get_body(("plain",)).get_content()
    assert re.search(r"\b([0-9A-Z]{5}-){2,}[0-9A-Z]{5}\b", text)
    page.reload()
    expect(page.locator("h1 + .pill", has_text="livrée")).to_be_visible()


def test_a_hard_word_is_explained_without_javascript(portal: Instance, open_page: OpenPage) -> None:
    page = open_page("owner", java_script_enabled=False)
    people.open_first(page, "/sepa/mandates?state=signed")
    meaning = page.locator("#explain-rum")
    expect(meaning).to_be_hidden()
    page.get_by_role("button", name="Que veut dire « RUM »").click()
    expect(meaning).to_be_visible()
    page.get_by_role("button", name="CORE et B2B").click()
    expect(meaning).to_be_hidden()  # one at a time
    page.locator("#explain-core-b2b").get_by_role("link").click()
    expect(page.get_by_role("heading", name="CORE et B2B")).to_be_in_viewport()


def for_a_thumb(page: Page) -> list[str]:
    """Buttons and boxes that are smaller than 44 pixels, and what sticks out of the screen."""
    problems = people.too_wide(page)
    for target in page.locator("main button, main .main, main input:not([type=hidden]), main select").all():
        box = target.bounding_box()
        if target.get_attribute("type") == "checkbox":
            box = target.locator("xpath=ancestor::label").bounding_box()
        if box["height"] < 44:
            problems.append(f"{box['height']} px: {target.evaluate('e => e.outerHTML')[:120]}")
    return problems


def test_a_mandate_is_signed_on_a_phone_without_javascript(portal: Instance, open_page: OpenPage) -> None:
    person = "direction@client46.example"
    page = open_page(viewport=people.PHONE, java_script_enabled=False, has_touch=True, is_mobile=True)
    weights: dict[str, int] = {}

    def weigh(request: Request) -> None:
        response = request.response()
        if response and response.status == 200:
            weights[request.url] = len(response.body())

    page.on("requestfinished", weigh)

    def check(step: str) -> None:
        """What this page loads, cached or not: itself, its style, its icons."""
        page.wait_for_load_state("networkidle")
        assert for_a_thumb(page) == [], step
        files = {url: size for url, size in weights.items() if "/static/" in url or url == page.url}
        assert sum(files.values()) < 100_000, files

    page.goto(people.link_to_sign(portal, person))
    check("account")
    people.enter_account(page, 46)
    check("text")
    people.consent(page)
    check("code")
    people.type_code(page, people.code_to_sign(portal, person))
    check("signed")
    assert len(weights) >= 5
    sealed = portal.mailbox.wait_for(person, "est signé")
    assert [part.get_content_type() for part in sealed.iter_attachments()] == ["application/pdf"]


def test_back_leads_to_the_account_again_after_a_wrong_one(portal: Instance, open_page: OpenPage) -> None:
    page = open_page(viewport=people.PHONE, java_script_enabled=False, has_touch=True, is_mobile=True)
    page.goto(people.link_to_sign(portal, "direction@client43.example"))
    box = page.get_by_label("IBAN du compte")
    box.fill("FR76 3000 6000 0112 3456 7890 188")
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_role("alert")).to_contain_text("La clé de l'IBAN est fausse")
    expect(box).to_have_value("FR76 3000 6000 0112 3456 7890 188")
    page.wait_for_load_state()  # a page can be read before its style is there
    assert box.evaluate("each => each.scrollWidth <= each.clientWidth"), "the whole IBAN is seen"
    people.enter_account(page, 43)
    page.go_back()
    expect(page.get_by_role("heading", name="Autoriser les prélèvements")).to_be_visible()
    expect(page.get_by_text("Déjà saisi")).to_be_visible()
    page.go_forward()
    expect(page.get_by_role("heading", name="Lire et accepter")).to_be_visible()


def test_a_double_click_without_javascript_places_one_order(portal: Instance, open_page: OpenPage) -> None:
    page = open_page("sales of the south", java_script_enabled=False)
    name = "Clinique du double envoi"
    page.goto("/customers/new")
    people.fill_customer(page, name, make_siren(7011))
    people.save_customer(page, name)
    people.accept(portal, make_siren(7011))
    page.get_by_role("link", name="Nouvelle commande").click()
    page.get_by_label("NATSO BACKUP+ Poste de travail").check()
    page.get_by_role("button", name="Calculer le prix").click()
    expect(page.locator(".sums")).to_contain_text("1 × NATSO BACKUP+ Poste de travail")
    page.get_by_role("button", name="Commander").dblclick()
    expect(page.get_by_role("heading", level=1, name="1 × NATSO")).to_be_visible()
    page.get_by_role("link", name=name).click()
    expect(page.locator("table.brief").get_by_role("link", name="1 × NATSO")).to_have_count(1)
