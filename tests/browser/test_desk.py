"""The restore desk as it is worked at, from the telephone to the billed line, with its real waits."""

import re
import zipfile
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from portal import clock
from portal.demo.vaults import PASSPHRASE
from tests.browser import people
from tests.browser.conftest import OpenPage
from tour.instance import Instance

pytestmark = pytest.mark.browser

CODE = re.compile(r"^\s+(\d{3} ?\d{3})\s*$", re.M)


def mail_of(portal: Instance, subject: str) -> str:
    """The newest to the technical contact; the next one is waited for anew."""
    mail = portal.mailbox.wait_for("@client", subject)
    portal.mailbox.messages.remove(mail)
    return mail.get_body(("plain",)).get_content()


def code_by(portal: Instance, phone: Page, button: str) -> str:
    """The code that a press of a button sends; one of an earlier page is not it."""
    box = portal.mailbox
    box.messages[:] = [mail for mail in box.messages if "Votre code" not in str(mail["Subject"])]
    phone.get_by_role("button", name=button).click()
    code = CODE.search(mail_of(portal, "Votre code"))
    assert code
    return code[1]


def link_in(portal: Instance, text: str) -> str:
    found = re.search(rf"{portal.url}/\S+", text)
    assert found, text
    return found.group()


def fix_price(page: Page, item: str, euros: str) -> None:
    page.goto("/work-prices")
    page.get_by_label("Prestation").select_option(label=item)
    page.get_by_label("Prix hors taxes").fill(euros)
    page.get_by_role("button", name="Fixer ce prix").click()
    people.confirm_if_asked(page)
    expect(page.locator("main table")).to_contain_text(f"{euros},00")


def customer_who_is_billed(page: Page) -> str:
    """One whose contract bills restores, with a vault."""
    page.goto("/vaults")
    for vault in [
        link.get_attribute("href") for link in page.locator("main table a[href^='/vaults/']").all()
    ]:
        page.goto(str(vault))
        if "Do'BaaS" in page.locator("main").inner_text():
            return str(page.locator("main a[href^='/customers/']").first.get_attribute("href")).split("/")[-1]
    raise LookupError("no vault under Do'BaaS")


def call(page: Page, customer: str, what: str, scope: str) -> str:
    """What is typed while she talks; the address of the request."""
    page.goto(f"/restore-requests/call/{customer}")
    page.locator("input[name=caller]").first.check()
    page.get_by_label("Je l'ai rappelée").check()
    page.get_by_label("Que faut-il retrouver").fill(what)
    page.get_by_label("C'est", exact=True).select_option(scope)
    page.get_by_label("Qui a la phrase secrète").select_option("herself")
    answer = page.locator("#answer")
    expect(answer).to_contain_text("Simple" if scope == "file" else "Complexe")
    expect(answer).to_contain_text("002-08")
    page.get_by_role("button", name="Enregistrer et envoyer").click()
    expect(page.get_by_text("Envoyer un nouveau lien")).to_be_visible()
    return page.url


def open_vault(portal: Instance, open_page: OpenPage) -> Page:
    """The customer, on her telephone."""
    phone = open_page(viewport=people.PHONE)
    phone.goto(link_in(portal, mail_of(portal, "Ouvrir votre coffre")))
    phone.get_by_label("Phrase secrète du coffre").fill(PASSPHRASE)
    phone.get_by_label("J'accepte que").check()
    phone.get_by_role("button", name="Ouvrir mon coffre").click()
    expect(phone.get_by_role("heading", name="Votre coffre est ouvert")).to_be_visible(timeout=60_000)
    return phone


def fetch(portal: Instance, phone: Page, folder: Path) -> Path:
    phone.goto(link_in(portal, mail_of(portal, "restauré")))
    phone.get_by_label("Code reçu").fill(code_by(portal, phone, "Recevoir le code"))
    phone.locator("main form .btn-primary").first.click()
    with phone.expect_download() as coming:
        phone.locator("a[href*='/fetch/']").first.click()
    place = folder / coming.value.suggested_filename
    coming.value.save_as(place)
    assert people.too_wide(phone) == []
    return place


def accept_quote(portal: Instance, phone: Page) -> None:
    phone.goto(link_in(portal, mail_of(portal, "Votre devis")))
    expect(phone.get_by_text("90,00 €").first).to_be_visible()
    code = code_by(portal, phone, "Recevoir mon code")
    phone.get_by_label("Vos nom et fonction").fill("La direction")
    phone.get_by_label("Code à 6 chiffres").fill(code)
    phone.get_by_role("button", name="J'accepte le devis").click()
    expect(phone.get_by_role("button", name="J'accepte le devis")).to_have_count(0)
    assert people.too_wide(phone) == []


def read_oldest_point(page: Page, request: str) -> None:
    page.goto(request)  # the names of the newest point come first
    expect(page.get_by_role("link", name="Parcourir les dossiers")).to_be_visible(timeout=60_000)
    page.goto(f"{request}/files")
    points = page.locator("select[name=snapshot]")
    oldest = points.locator("option").last.get_attribute("value")
    points.select_option(oldest)
    page.get_by_role("button", name="Lire ce point").click()
    page.goto(request)
    expect(page.get_by_role("link", name="Parcourir les dossiers")).to_be_visible(timeout=30_000)


def test_a_file_is_back_while_the_customer_talks_and_billed(
    portal: Instance, open_page: OpenPage, tmp_path: Path
) -> None:
    fix_price(open_page("operator"), "Restauration simple, un fichier", "45")
    page = open_page("technician")
    request = call(page, customer_who_is_billed(page), "le devis de la charpente", "file")
    phone = open_vault(portal, open_page)
    expect(page.get_by_role("link", name="Parcourir les dossiers")).to_be_visible(timeout=30_000)
    page.goto(f"{request}/files?q=charpente")
    page.get_by_role("button", name="Restaurer", exact=True).first.click()
    expect(page.get_by_role("button", name="Vérifié avec le client")).to_be_visible(timeout=30_000)
    assert fetch(portal, phone, tmp_path).stat().st_size == 480
    page.get_by_role("button", name="Vérifié avec le client").click()
    page.get_by_role("button", name="Clore la demande").click()
    expect(page.locator(".page-head")).to_contain_text("facturé")


def test_a_folder_of_an_older_day_is_quoted_planned_given_back_checked_and_billed(
    portal: Instance, open_page: OpenPage, tmp_path: Path
) -> None:
    fix_price(open_page("operator"), "Heure de main-d'œuvre", "90")
    page = open_page("technician")
    request = call(page, customer_who_is_billed(page), "le dossier des factures d'avant-hier", "files")
    phone = open_vault(portal, open_page)
    expect(page.get_by_role("link", name="Parcourir les dossiers")).to_be_visible(timeout=30_000)
    page.get_by_role("link", name="Chiffrer").click()
    order = page.url
    page.get_by_label("Minutes, ou nombre").fill("60")
    page.get_by_role("button", name="Ajouter").click()
    page.get_by_role("button", name="Envoyer le devis").click()
    expect(page.get_by_text("Valable jusqu'au")).to_be_visible()
    accept_quote(portal, phone)
    page.goto(order)
    soon = datetime.now(clock.PARIS) + timedelta(hours=1)
    page.get_by_label("Jour et heure").fill(f"{soon:%Y-%m-%dT%H:%M}")
    page.get_by_label("Technicien dédié").select_option(label="Support technique")
    page.get_by_role("button", name="Planifier et prévenir").click()
    expect(page.locator(".page-head")).to_contain_text("planifi")
    read_oldest_point(page, request)
    page.goto(f"{request}/files?q=Factures")
    page.locator("main table tbody tr", has_text="Factures").first.get_by_role("checkbox").check()
    page.get_by_role("button", name="Restaurer ce qui est coché").click()
    expect(page.get_by_role("button", name="Vérifié avec le client")).to_be_visible(timeout=30_000)
    with zipfile.ZipFile(fetch(portal, phone, tmp_path)) as archive:
        names = archive.namelist()
    assert [name for name in names if name.endswith("FA-0412.txt")] and "MANIFEST.csv" in names, names
    page.get_by_role("button", name="Vérifié avec le client").click()
    page.goto(order)
    page.get_by_label("Minutes, ou nombre").fill("50")
    page.get_by_role("button", name="Ajouter").click()
    expect(page.get_by_text("75,00 €").first).to_be_visible()
    page.goto(request)
    expect(page.get_by_text("Sera facturé")).to_contain_text("75,00 €")
    page.get_by_role("button", name="Clore la demande").click()
    expect(page.locator(".page-head")).to_contain_text("facturé")
