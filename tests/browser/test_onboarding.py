"""Onboarding a customer, as it is lived in front of the screen."""

import re

import pytest
from playwright.sync_api import expect

from portal.demo.numbers import make_siren
from tests.browser import people
from tests.browser.conftest import OpenPage
from tour.instance import Instance

pytestmark = pytest.mark.browser


def test_a_wrong_siren_is_told_on_leaving_the_field_and_nothing_else_moves(open_page: OpenPage) -> None:
    page = open_page("sales")
    page.goto("/customers/new")
    page.get_by_label("Raison sociale ou nom").fill("Menuiserie de l'Essai")
    siren = page.get_by_label("SIREN")
    siren.fill("123 456 789")
    expect(page.locator("#field-siren .field-error")).to_have_count(0)  # not while typing
    siren.press("Tab")
    expect(page.locator("#field-siren .field-error")).to_contain_text("clé de contrôle")
    expect(page.get_by_label("SIRET")).to_be_focused()
    expect(page.get_by_label("Raison sociale ou nom")).to_have_value("Menuiserie de l'Essai")
    expect(siren).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".field-error")).to_have_count(1)  # fields not visited yet stay quiet
    siren.fill(make_siren(7001))
    siren.press("Tab")
    expect(page.locator(".field-error")).to_have_count(0)


def test_a_consumer_is_asked_for_no_company_number(open_page: OpenPage) -> None:
    page = open_page("sales")
    page.goto("/customers/new")
    siren = page.get_by_label("SIREN")
    page.get_by_label("Particulier").check()
    expect(siren).to_be_hidden()
    page.get_by_label("Entreprise").check()
    expect(siren).to_be_visible()


def test_the_field_looks_the_same_after_it_was_checked(open_page: OpenPage) -> None:
    page = open_page("sales of the south")
    page.goto("/customers/new")
    siret = page.locator("#field-siret")
    before = siret.get_attribute("class")
    siret.get_by_role("textbox").fill("12")
    siret.get_by_role("textbox").press("Tab")
    expect(siret.locator(".field-error")).to_be_visible()
    expect(siret).to_contain_text("facultatif")
    expect(siret).to_have_class(before or "")


def test_the_entry_is_still_there_after_closing_the_window(open_page: OpenPage) -> None:
    page = open_page("owner of the north")
    page.goto("/customers/new")
    page.get_by_label("Raison sociale ou nom").fill("Librairie de l'Essai")
    with page.expect_response(re.compile("/check/town")):
        page.get_by_label("Ville").fill("Brest")
        page.get_by_label("Ville").press("Tab")
    page.close()
    again = open_page("owner of the north")
    again.goto("/customers/new")
    expect(again.get_by_text("Votre saisie précédente a été reprise")).to_be_visible()
    expect(again.get_by_label("Raison sociale ou nom")).to_have_value("Librairie de l'Essai")
    expect(again.get_by_label("Ville")).to_have_value("Brest")
    again.get_by_role("button", name="Recommencer à zéro").click()
    expect(again.get_by_label("Ville")).to_have_value("")


def test_the_summary_of_errors_takes_the_focus_and_leads_to_the_fields(open_page: OpenPage) -> None:
    page = open_page("owner of the south", expected=("status of 422",))
    page.goto("/customers/new")
    page.get_by_label("Raison sociale ou nom").fill("Garage de l'Essai")
    page.get_by_role("button", name="Enregistrer le client").click()
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    expect(page).to_have_title(re.compile("^Erreur"))
    expect(page.get_by_label("Raison sociale ou nom")).to_have_value("Garage de l'Essai")
    targets = [link.get_attribute("href") for link in summary.get_by_role("link").all()]
    assert len(targets) >= 7
    for target in targets:
        expect(page.locator(target)).to_have_count(1)
    summary.get_by_role("link", name="SIREN").click()
    expect(page.get_by_label("SIREN")).to_be_focused()


def test_the_summary_leads_to_a_choice_too(open_page: OpenPage) -> None:
    page = open_page("owner of the south", expected=("status of 422",))
    page.goto("/customers/new")
    page.get_by_role("button", name="Enregistrer le client").click()
    page.get_by_role("alert").get_by_role("link", name="Des données de santé").click()
    expect(page.get_by_role("radio", name="Non", exact=True)).to_be_focused()


def test_a_double_click_onboards_one_customer(open_page: OpenPage) -> None:
    page = open_page("owner of the south")
    page.goto("/customers/new")
    name = "Fromagerie du double clic"
    people.fill_customer(page, name, make_siren(7002))
    page.get_by_role("button", name="Enregistrer le client").dblclick()
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()
    page.goto("/customers?q=Fromagerie du double")
    expect(page.locator("#list tbody tr")).to_have_count(1)


def test_a_double_click_places_one_order(portal: Instance, open_page: OpenPage) -> None:
    page = open_page("owner of the north")
    page.goto("/customers/new")
    name = "Cabinet du double clic"
    people.fill_customer(page, name, make_siren(7003))
    people.save_customer(page, name)
    people.accept(portal, make_siren(7003))
    page.get_by_role("link", name="Nouvelle commande").click()
    page.get_by_label("NATSO BACKUP+ Poste de travail").check()
    expect(page.locator(".sums")).to_contain_text("1 × NATSO BACKUP+ Poste de travail")
    page.get_by_role("button", name="Commander").dblclick()
    expect(page.get_by_role("heading", level=1, name="1 × NATSO")).to_be_visible()
    page.get_by_role("link", name=name).click()
    expect(page.locator("table.brief").get_by_role("link", name="1 × NATSO")).to_have_count(1)
