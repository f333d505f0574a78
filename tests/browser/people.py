"""What people do with the portal in a browser, step by step, as the tests need it."""

import re

from playwright.sync_api import Page, expect

from portal.demo.houses import PASSWORD
from portal.demo.numbers import make_iban
from tour.accepting import accept_terms
from tour.instance import Instance

PEOPLE = {
    "owner": "gerance@ouest.example",
    "sales": "commerce@ouest.example",
    "finance": "finance@portail.example",
    "operator": "exploitation@portail.example",
    "technician": "technique@portail.example",
    "customer": "client@ouest.example",
    "owner of the north": "gerance@nord.example",
    "sales of the north": "commerce@nord.example",
    "owner of the south": "gerance@sud.example",
    "sales of the south": "commerce@sud.example",
}
PHONE = {"width": 360, "height": 740}
NARROW = {"width": 320, "height": 640}  # 1280 pixels at 400 %
DESKTOP = {"width": 1440, "height": 900}


def sign_in(page: Page, who: str) -> None:
    """Through the form that is on the page."""
    page.get_by_label("Adresse e-mail").fill(PEOPLE[who])
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Se connecter").click()
    expect(page.locator("details.account")).to_be_attached()


def open_first(page: Page, path: str, row: str = "") -> None:
    """Open a list, then the first record of it whose row contains a text."""
    page.goto(path)
    page.locator("main table.dense tbody tr", has_text=row).locator("a").first.click()
    expect(page.locator(".crumbs")).to_be_visible()


def fill_customer(page: Page, name: str, siren: str, terms: str = "natso") -> None:
    """The onboarding form, with the billing contact only."""
    page.get_by_label("Raison sociale ou nom").fill(name)
    page.get_by_label("SIREN").fill(siren)
    for optional in ("SIRET", "Numéro de TVA"):  # a draft of another test may have filled them
        page.get_by_label(optional).fill("")
    page.get_by_label("Numéro et rue").fill("3 quai des Essais")
    page.get_by_label("Code postal").fill("35000")
    page.get_by_label("Ville").fill("Rennes")
    page.get_by_label("Non", exact=True).check()
    billing = page.get_by_role("group", name="Facturation")
    billing.get_by_label("Nom").fill("Service comptable")
    billing.get_by_label("Adresse e-mail").fill(f"compta@{siren}.example")
    page.get_by_label("Contrat à faire accepter").select_option(terms)


def accept(portal: Instance, siren: str) -> None:
    """The signatory of a customer of this form accepts her contract."""
    accept_terms(portal.url, portal.mailbox, f"compta@{siren}.example")


def save_customer(page: Page, name: str) -> None:
    page.get_by_role("button", name="Enregistrer le client").click()
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()


def link_to_sign(portal: Instance, recipient: str) -> str:
    """The address in the mail that the signer received; a demonstration may have been loaded elsewhere."""
    mail = portal.mailbox.wait_for(recipient, "À signer : mandat").get_body(("plain",)).get_content()
    return portal.url + re.search(r"/sign/\S+", mail).group()


def code_to_sign(portal: Instance, recipient: str) -> str:
    mail = portal.mailbox.wait_for(recipient, "Votre code pour signer").get_body(("plain",)).get_content()
    return re.search(r"^\s+(\d{3} \d{3})\s*$", mail, re.M).group(1)


def enter_account(page: Page, serial: int) -> None:
    page.get_by_label("IBAN du compte").fill(make_iban(serial))
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_role("heading", name="Lire et accepter")).to_be_visible()


def consent(page: Page) -> None:
    page.get_by_label("J'autorise ce créancier").check()
    page.get_by_label("J'ai le pouvoir d'engager").check()
    page.get_by_label("Votre prénom et votre nom").fill("La direction")
    page.get_by_label("Votre fonction").fill("gérance")
    page.get_by_role("button", name="Recevoir mon code").click()
    expect(page.get_by_role("heading", name="Taper le code pour signer")).to_be_visible()


def type_code(page: Page, code: str) -> None:
    page.get_by_label("Code à 6 chiffres").fill(code)
    page.get_by_role("button", name="Signer le mandat").click()
    expect(page.get_by_role("heading", name="C'est signé")).to_be_visible()


def too_wide(page: Page) -> list[str]:
    """What makes the page scroll sideways: nothing, unless the page is wider than its window."""
    page.wait_for_load_state("load")  # with its style
    script = """() => {
      const wide = document.documentElement.clientWidth;
      if (document.documentElement.scrollWidth <= wide) return [];
      const inside = element => element.closest(".table-wrap") && !element.matches(".table-wrap");
      return [...document.body.querySelectorAll("*")]
        .filter(element => !inside(element) && element.getBoundingClientRect().right > wide + 1)
        .map(element => element.outerHTML.slice(0, 150)).concat("page");
    }"""
    return page.evaluate(script)


def confirm_if_asked(page: Page) -> None:
    """Before a grave act, more than five minutes after the last proof."""
    page.wait_for_load_state("load")
    if page.get_by_role("heading", name="Confirmer que c'est vous").count():
        page.get_by_label("Mot de passe").fill(PASSWORD)
        page.get_by_role("button", name="Confirmer", exact=True).click()
