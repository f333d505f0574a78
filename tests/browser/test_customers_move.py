"""A customer accepts her contract on a phone, two files become one, and she goes to another reseller."""

import re

import pytest
from playwright.sync_api import Page, expect

from portal.demo.numbers import make_siren
from tests.browser import people
from tests.browser.conftest import OpenPage
from tests.browser.test_accessibility import violations
from tour.instance import Instance
from tour.person import path_in

pytestmark = pytest.mark.browser
NOT_FOUND = ("status of 404",)


def a_phone(open_page: OpenPage) -> Page:
    return open_page(viewport=people.PHONE, color_scheme="dark")


def is_nobody_elses(open_page: OpenPage, address: str, who: str = "owner of the north") -> None:
    stranger = open_page(who, expected=NOT_FOUND)
    answer = stranger.goto(address)
    assert answer is not None and answer.status == 404


def entered(page: Page, name: str, siren: str) -> str:
    """The address of a new customer."""
    page.goto("/customers/new")
    people.fill_customer(page, name, siren)
    people.save_customer(page, name)
    return page.url


def code_of(portal: Instance, recipient: str, subject: str) -> str:
    mail = portal.mailbox.wait_for(recipient, subject)
    portal.mailbox.messages.remove(mail)
    body = mail.get_body(("plain",)).get_content()
    return re.search(r"^\s+(\d{3} \d{3})\s*$", body, re.M).group(1)


def test_the_signatory_accepts_her_contract_on_a_phone(portal: Instance, open_page: OpenPage) -> None:
    siren, page = make_siren(7051), open_page("owner of the south")
    address = entered(page, "Atelier du contrat", siren)
    expect(page.get_by_text("faire accepter").first).to_be_visible()
    phone = a_phone(open_page)
    phone.goto(
        portal.url + path_in(portal.mailbox.wait_for(f"compta@{siren}.example", "Conditions à"), "/accept/")
    )
    assert violations(phone) == [] and people.too_wide(phone) == []
    phone.get_by_role("button", name="Recevoir mon code").click()
    expect(phone.get_by_role("alert")).to_contain_text("Cochez cette case pour accepter")
    phone.get_by_label("J'ai lu ces textes").check()
    phone.get_by_label("J'ai le pouvoir").check()
    phone.get_by_label("Votre prénom et votre nom").fill("Camille Roux")
    phone.get_by_label("Votre fonction").fill("gérante")
    phone.get_by_role("button", name="Recevoir mon code").click()
    phone.get_by_label("Code à 6 chiffres").fill("000 000")
    phone.get_by_role("button", name="Accepter ces conditions").click()
    expect(phone.get_by_role("alert")).to_contain_text("Essais restants")
    assert violations(phone) == [] and people.too_wide(phone) == []
    phone.get_by_label("Code à 6 chiffres").fill(
        code_of(portal, f"compta@{siren}.example", "Votre code pour accepter")
    )
    phone.get_by_role("button", name="Accepter ces conditions").click()
    expect(phone.get_by_role("heading", name="C'est accepté")).to_be_visible()
    page.goto(address)
    page.locator("summary", has_text="Conditions acceptées").click()
    expect(page.get_by_text("par lien et code")).to_be_visible()
    expect(page.get_by_text("Camille Roux, gérante").first).to_be_visible()
    is_nobody_elses(open_page, address)


def test_two_files_of_one_customer_become_one(open_page: OpenPage) -> None:
    page = open_page("owner of the south")
    double = entered(page, "Garage Lenoir", make_siren(7052))
    kept = entered(page, "Garage Lenoir et fils", make_siren(7053))
    page.get_by_role("link", name="Réunir à une fiche entrée deux fois").click()
    page.get_by_label("Chercher une autre fiche").fill("lenoir")
    page.get_by_role("button", name="Chercher", exact=True).click()
    page.locator("summary", has_text="Réunir à la fiche qui reste").click()
    page.get_by_role("button", name="Réunir à la fiche qui reste").click()
    expect(page.get_by_role("heading", level=1, name="Garage Lenoir et fils")).to_be_visible()
    page.goto(double)
    page.get_by_role("link", name="Garage Lenoir et fils").click()
    expect(page).to_have_url(kept)
    page.goto("/customers?q=lenoir")
    expect(page.locator("#list tbody tr")).to_have_count(1)
    is_nobody_elses(open_page, f"{kept}/merge")


def test_a_customer_goes_to_another_reseller(portal: Instance, open_page: OpenPage) -> None:
    siren, page = make_siren(7054), open_page("owner of the south")
    address = entered(page, "Librairie qui déménage", siren)
    operator = open_page("operator")
    operator.goto(address)
    operator.get_by_role("link", name="Transférer à un autre revendeur").click()
    operator.get_by_label("Nouveau revendeur").select_option(label="Revendeur Nord")
    operator.get_by_role("button", name="Demander les trois accords").click()
    people.confirm_if_asked(operator)
    expect(operator.get_by_text("attend les trois accords")).to_be_visible()
    for who in ("gerance@sud.example", "gerance@nord.example", f"compta@{siren}.example"):
        consent(portal, a_phone(open_page), who)
    new = open_page("owner of the north")
    new.goto("/customers?q=demenage")
    expect(new.get_by_role("link", name="Librairie qui déménage").first).to_be_visible()
    is_nobody_elses(open_page, address, "owner of the south")


def consent(portal: Instance, phone: Page, who: str) -> None:
    phone.goto(portal.url + path_in(portal.mailbox.wait_for(who, "Votre accord pour"), "/consent/"))
    phone.get_by_role("button", name="Recevoir mon code").click()
    assert violations(phone) == [] and people.too_wide(phone) == []
    phone.get_by_label("Vos nom et fonction").fill("Camille Roux, gérante")
    phone.get_by_label("Code à 6 chiffres").fill(code_of(portal, who, "Votre code pour le transfert"))
    phone.get_by_role("button", name="Je suis d'accord").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text(
        re.compile("Votre accord est noté|Le transfert est fait")
    )
