"""The restore desk as it is worked at, from the telephone to the billed line, with its real waits."""

import csv
import hashlib
import io
import os
import re
import zipfile
from base64 import b64decode
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from portal import clock
from portal.demo.vaults import PASSPHRASE
from portal.engine.customer_side import backup
from portal.engine.passphrase import Passphrase
from portal.engine.port import RepoRef
from portal.engine.restic import Restic
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
    phone.get_by_role("button", name="Commander avec obligation de paiement").click()
    expect(phone.get_by_role("button", name="Commander avec obligation de paiement")).to_have_count(0)
    assert people.too_wide(phone) == []


def odd_names() -> list[bytes]:
    """Five hundred names that somebody's programs have made."""
    kinds = (
        "facture \u202egnp.{n}.exe".encode(),
        b"ligne\nsuivante-{n}",
        b"-rf-{n}",
        b"latin-\xe9\xff-{n}",
        "\U0001f9fe\U0001f469\u200d\U0001f4bb-{n}".encode(),
        "e\u0301t\u00e9-{n}".encode(),
        b"'$(id)' \"{n}\" \\ *?",
        b" fin. {n} .",
        b"\x1b[31m-{n}",
        b"long-{n}-" + b"x" * 190,
    )
    return [kinds[n % len(kinds)].replace(b"{n}", str(n).encode()) for n in range(500)]


def back_up_odd_names(portal: Instance, customer: str, place: Path) -> dict[bytes, str]:
    """An older point of her vault, with a folder of them; the hash of each."""
    bills = place / "Documents" / "Factures"
    bills.mkdir(parents=True)
    (bills / "FA-0412.txt").write_text("Document")
    expected = {}
    for name in odd_names():
        content = hashlib.sha256(name).hexdigest().encode()
        (bills / os.fsdecode(name)).write_bytes(content)
        expected[name] = hashlib.sha256(content).hexdigest()
    repo = RepoRef(str(portal.data / "vaults" / customer))
    at = clock.now() - timedelta(days=4)
    backup(Restic(), repo, Passphrase(PASSPHRASE), [place / "Documents"], "ancien-poste", at=at)
    return expected


def paper(archive: zipfile.ZipFile, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig"), newline="")))


def names_and_hashes(archive: zipfile.ZipFile) -> dict[bytes, str]:
    """Of each file in the folder: its exact name, as the papers have it, and the hash of what came."""
    inside = {name: hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()}
    rows = paper(archive, "MANIFEST.csv")
    assert all(inside[row["path"]] == row["sha256"] for row in rows)
    exact = {row["path"]: row["path"].encode() for row in rows}
    for row in paper(archive, "NAMES.csv"):
        raw = b64decode(row["original_base64"]) or row["original"].encode()
        exact[row["path"]] = raw
    return {exact[row["path"]].rpartition(b"/")[2]: row["sha256"] for row in rows}


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
    customer = customer_who_is_billed(page)
    expected = back_up_odd_names(portal, customer, tmp_path)
    request = call(page, customer, "le dossier des factures d'avant-hier", "files")
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
        given_back = names_and_hashes(archive)
    assert given_back.pop(b"FA-0412.txt")
    assert given_back == expected, "each of five hundred odd names, byte for byte"
    page.get_by_role("button", name="Vérifié avec le client").click()
    page.goto(order)
    page.get_by_label("Minutes, ou nombre").fill("50")
    page.get_by_role("button", name="Ajouter").click()
    expect(page.get_by_text("75,00 €").first).to_be_visible()
    page.goto(request)
    expect(page.get_by_text("Sera facturé")).to_contain_text("75,00 €")
    page.get_by_role("button", name="Clore la demande").click()
    expect(page.locator(".page-head")).to_contain_text("facturé")
