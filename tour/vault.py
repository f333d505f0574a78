"""The two steps that read a real repository: a restore, and the end of the contract."""

import base64
import hashlib
import re
import subprocess
import zipfile
from pathlib import Path

from portal.engine.browser_seal import seal
from tour.person import PASSWORD, Person, paris, path_in, text_of
from tour.picking import pick_file
from tour.stage import Stage

FILE = "Bilan é, à relire.txt"
VAULT = "Postes de travail"
PASSPHRASE = "phrase de la scierie, connue d'elle seule"
BOX = "client700.example"


def attach(tour: Stage) -> None:
    """The customer's machine backs up into a repository; a technician attaches it to her subscription."""
    place = tour.portal.data / "vaults" / "scierie"
    place.parent.mkdir(parents=True, exist_ok=True)
    documents = tour.portal.folder / "Documents"
    (documents / "Comptabilité").mkdir(parents=True)
    for name in ("Devis charpente.txt", "Notes.txt", f"Comptabilité/{FILE}"):
        (documents / name).write_text(f"{name}\n" * 40)
    settings = {**tour.portal.environment, "RESTIC_PASSWORD": PASSPHRASE, "RESTIC_REPOSITORY": str(place)}
    for words in (["init"], ["backup", "--host", "poste-1", str(documents)]):
        subprocess.run(["restic", "--quiet", *words], env=settings, check=True, capture_output=True)
    technician = tour.technician
    technician.visit(tour.order_path)
    technician.visit(technician.link(r"/subscriptions/\w+$"))
    technician.visit(technician.link(r"/subscriptions/\w+/vaults/new$"))
    technician.send_form_of("/vaults", name=VAULT, location=str(place))


def give_access(tour: Stage) -> None:
    """The customer gets her own space, from her page."""
    owner = tour.owner
    owner.visit("/customers?q=Scierie")
    owner.visit(owner.link(r"/customers/\w{16}$"))
    owner.visit(owner.link(r"/people/new\?house="))
    house = re.search(r'name="house" value="(\w+)"', owner.page.text)
    assert house
    email = f"espace@{BOX}"
    owner.send_form_of(
        "/people", house=house[1], role="customer", email=email, name="Direction", language="fr"
    )
    mail = tour.mails.wait_for(email, "")
    tour.customer = Person(tour.portal.url).welcome(path_in(mail, "/welcome/"), email, PASSWORD)


def restore(tour: Stage) -> Path:
    """Ask, open the vault, browse, restore one file, fetch it, check, bill; see it on the next invoice."""
    attach(tour)
    technician = tour.technician
    technician.visit("/vaults")
    technician.visit(technician.link(r"/vaults/\w+"))
    technician.visit(technician.link(r"/restore-requests/new/"))
    technician.send_form_of(
        str(technician.page.url.path),
        what=f"Le fichier {FILE} a disparu",
        cause="lost_by_user",
        kind="simple",
    )
    request = technician.page.url.path
    _unlock(tour, "info")
    tour.wait(technician, request, r"/restore-requests/\w+/files")
    pick_file(technician, request, "Bilan")
    content = _fetch(tour, "info", "restauré")
    tour.wait(technician, request, r"/check")
    technician.send_form_of("/check")
    technician.visit(request)
    technician.send_form_of("/billing", billed="yes", price="90,00")
    tour.bill()
    tour.finance.visit("/billing/invoices")
    tour.finance.visit(tour.finance.link(r"/billing/invoices/\w+"))
    if "90,00" not in tour.finance.page.text:
        raise RuntimeError("the restore is not on the next invoice")
    return tour.keep("8-restored.txt", next(iter(content.values())))


def _unlock(tour: Stage, who: str) -> None:
    """The customer, and nobody else, types the passphrase behind the link of the mail."""
    mail = tour.mails.wait_for(f"{who}@{BOX}", "Ouvrir votre coffre")
    customer = Person(tour.portal.url)
    customer.visit(path_in(mail, "/unlock/"))
    found = re.search(r'data-seal-for="([^"]+)"\s+data-name="(\w+)"', customer.page.text)
    if not found:
        raise RuntimeError("the page does not say for whom the passphrase is sealed")
    sealed = seal(base64.urlsafe_b64decode(found[1]), found[2], PASSPHRASE.encode())
    customer.send_form_of(
        customer.page.url.path, sealed=base64.urlsafe_b64encode(sealed).decode(), consent="y"
    )
    tour.mails.messages.remove(mail)


def _fetch(tour: Stage, who: str, subject: str) -> dict[str, bytes]:
    """Open the signed link, give the code of the second mail, download every file."""
    mail = tour.mails.wait_for(f"{who}@{BOX}", subject, 120)
    customer = tour.fetcher = Person(tour.portal.url)
    customer.visit(path_in(mail, "/fetch/"))
    customer.send_form_of("/code")
    code = tour.mails.wait_for(f"{who}@{BOX}", "Votre code pour récupérer")
    tour.mails.messages.remove(code)
    digits = re.search(r"\b(\d{3}) ?(\d{3})\b", text_of(code))
    assert digits
    customer.send_form_of("/check", code="".join(digits.groups()))
    files = {}
    for href in dict.fromkeys(re.findall(r'href="(/fetch/[^"]+/\w{16})"', customer.page.text)):
        answer = customer.download(href)
        name = re.search(r"filename\*?=\"?(?:UTF-8'')?([^\";]+)", answer.headers["Content-Disposition"])
        files[name[1] if name else href] = answer.content
    return files


def leave(tour: Stage) -> Path:
    """The customer terminates, gets everything back, accepts; the operator erases; the portal certifies."""
    give_access(tour)
    customer = tour.customer
    customer.visit("/subscriptions")
    customer.visit(customer.link(r"/subscriptions/\w+$"))
    subscription = customer.page.url.path
    customer.visit(f"{subscription}/termination")
    if "000-14" not in customer.page.text:
        raise RuntimeError("the clause does not show")
    customer.send_form_of("/termination", sent_on=paris("%Y-%m-%d"), reason="none")
    customer.visit(subscription)
    customer.visit(customer.link(r"/reversibility/new/"))
    fields = dict(re.findall(r'<option[^>]*value="(\w+)"()', customer.page.text))
    customer.send_form_of(
        str(customer.page.url.path), vault=next(iter(fields)), reason="copy", received_on=paris("%Y-%m-%d")
    )
    case = customer.page.url.path
    _unlock(tour, "direction")
    files = _fetch(tour, "direction", "prêtes à télécharger")
    _check(tour, files)
    tour.fetcher.send_form_of("/acceptance", when="now")
    tour.wait(tour.operator, case, r"/erasure")
    tour.device.erase(case, VAULT)
    mail = tour.mails.wait_for(f"direction@{BOX}", "ertificat", 60)
    (pdf,) = mail.iter_attachments()
    return tour.keep("9-certificate.pdf", pdf.get_content())


def _check(tour: Stage, files: dict[str, bytes]) -> None:
    """Unzip and verify every file as the customer would: ``sha256sum -c``."""
    folder = tour.artefacts / "9-export"
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    for archive in folder.glob("*.zip"):
        with zipfile.ZipFile(archive) as volume:
            volume.extractall(folder / "files")
    sums = next(folder.rglob("SHA256SUMS"))
    subprocess.run(["sha256sum", "-c", "--quiet", str(sums)], cwd=folder / "files", check=True)
    restored = (tour.artefacts / "8-restored.txt").read_bytes()
    digests = {hashlib.sha256(path.read_bytes()).hexdigest() for path in (folder / "files").rglob("*.txt")}
    if hashlib.sha256(restored).hexdigest() not in digests:
        raise RuntimeError("the restored file is not in the export")
