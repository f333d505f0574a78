"""What a customer backs up, fetches and takes along: a real restic repository, and the steps around it.

Who backs up keeps her own list of what she has sent; whatever the portal hands her is held against that list.
"""

import base64
import hashlib
import io
import os
import re
import subprocess
import zipfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from life.client import Client
from life.provider import Provider
from life.staff import Worker
from portal.engine.browser_seal import seal
from tour.person import Person, path_in
from tour.picking import pick_file

_DIGITS = re.compile(r"\b(\d{3}) ?(\d{3})\b")
_SUM = re.compile(r"^([0-9a-f]{64})  (.+)$", re.M)
WHAT_IS_KEPT = ("config", "data", "index", "keys", "snapshots")  # of a repository; locks come and go


class Safe:
    """A customer's vault: her machine writes into it, and only she knows its passphrase."""

    def __init__(self, client: Client, provider: Provider, name: str) -> None:
        self.client, self.provider, self.place, self.name = client, provider, client.place, name
        self.passphrase = f"phrase du client {client.serial}, connue de lui seul"
        self.folder = Path(self.place.data) / "vaults" / f"client-{client.serial}"
        self.documents = Path(self.place.folder) / "documents" / str(client.serial)
        self.request = self.case = ""  # paths of their pages

    # -- her machine ---------------------------------------------------------------------------------------

    def restic(self, *words: str) -> str:
        """What restic says to who knows the passphrase. Raises subprocess.CalledProcessError."""
        secrets = {"RESTIC_PASSWORD": self.passphrase, "RESTIC_REPOSITORY": str(self.folder)}
        command = ["restic", "--quiet", "--no-cache", *words]
        done = subprocess.run(
            command, env={**os.environ, **secrets}, check=True, capture_output=True, text=True
        )
        return done.stdout

    def backs_up(self) -> None:
        """Three files that say whose they are, at the present instant."""
        (self.documents / "Comptabilité").mkdir(parents=True, exist_ok=True)
        for name in ("Devis.txt", "Notes.txt", "Comptabilité/Bilan é, à relire.txt"):
            (self.documents / name).write_text(f"{self.client.name}, {name}\n" * 40)
        at = f"{self.place.clock.now():%Y-%m-%d %H:%M:%S}"
        self.restic("backup", "--host", f"poste-{self.client.serial}", "--time", at, str(self.documents))

    def sent(self) -> set[str]:
        """SHA-256 of each file that she has backed up."""
        return {_sha256(path.read_bytes()) for path in self.documents.rglob("*.txt")}

    def kept(self) -> dict[str, str]:
        """SHA-256 of every file of the repository by its name; {} once nothing is there."""
        found: dict[str, str] = {}
        for part in WHAT_IS_KEPT:
            for path in (self.folder / part, *(self.folder / part).rglob("*")):
                if path.is_file():
                    found[str(path.relative_to(self.folder))] = _sha256(path.read_bytes())
        return found

    def is_readable(self) -> bool:
        """Does restic check the whole repository, every file read, without a complaint?"""
        try:
            self.restic("check", "--read-data", "--no-lock")
        except subprocess.CalledProcessError:
            return False
        return True

    def looks(self) -> None:
        """Somebody looks at the disk."""
        self.client.note("disk", kept=self.kept())

    def opens(self) -> None:
        """The first backup; then a technician attaches the repository to her subscription."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        self.restic("init")
        self.backs_up()
        self.client.look()
        technician = self.provider.technician
        technician.visit(self.client.subscription)
        technician.visit(technician.link(r"/subscriptions/\w+/vaults/new$"))
        technician.send_form_of("/vaults", name=self.name, location=str(self.folder))
        self.client.note("vault")
        self.place.work()
        self.looks()

    # -- a restore -----------------------------------------------------------------------------------------

    def asks_restore(self, cause: str) -> None:
        """Support notes that one file is missing, and why."""
        technician = self.provider.technician
        self._visit_vault(technician)
        technician.visit(technician.link(r"/restore-requests/new/"))
        path = str(technician.page.url.path)
        technician.send_form_of(path, what="Le bilan a disparu", cause=cause, kind="simple")
        self.request = technician.page.url.path
        self.client.note("restore asked", cause=cause)
        self.place.work()

    def gets_file(self, price: str | None) -> None:
        """She opens the vault, a technician picks the file, she fetches it; then it is billed or not.

        price: without VAT, as typed; None where support closes the request without a charge.
        """
        technician = self.provider.technician
        self.unlocks("info")
        pick_file(technician, self.request, "Bilan")
        self.place.work()
        fetcher, files = self._fetches("info", "restauré")
        fetcher.close()
        self.client.note("restored", files={_sha256(content) for content in files.values()})
        technician.visit(self.request)
        technician.send_form_of("/check")
        technician.visit(self.request)
        technician.send_form_of("/billing", billed="yes" if price else "no", price=price)
        self.place.work()

    def _visit_vault(self, person: Worker) -> None:
        person.visit(f"{self.client.subscription}")
        person.visit(person.link(r"^/vaults/\w{16}$"))

    def unlocks(self, who: str) -> None:
        """Behind the link of the newest mail she types the passphrase, sealed in her browser."""
        letter = self.place.letters.last(self.client.email(who), "Ouvrir votre coffre")
        phone = Person(self.place.url)
        phone.visit(path_in(letter.message, "/unlock/"))
        found = re.search(r'data-seal-for="([^"]+)"\s+data-name="(\w+)"', phone.page.text)
        if not found:
            raise LookupError("the page does not say for whom the passphrase is sealed")
        sealed = seal(base64.urlsafe_b64decode(found[1]), found[2], self.passphrase.encode())
        typed = base64.urlsafe_b64encode(sealed).decode()
        phone.send_form_of(phone.page.url.path, sealed=typed, consent="y")
        phone.close()
        self.place.work()

    def _fetches(self, who: str, subject: str) -> tuple[Person, dict[str, bytes]]:
        """Link, code, every file; the browser stays open on the page behind the code."""
        letters, email = self.place.letters, self.client.email(who)
        browser = Person(self.place.url)
        browser.visit(path_in(letters.last(email, subject).message, "/fetch/"))
        browser.send_form_of("/code")
        self.place.work()
        digits = _DIGITS.search(letters.last(email, "Votre code pour récupérer").text)
        assert digits, "no code in the mail"
        browser.send_form_of("/check", code="".join(digits.groups()))
        files = {}
        for href in dict.fromkeys(re.findall(r'href="(/fetch/[^"]+/\w{16})"', browser.page.text)):
            files[href] = browser.download(href).content
        return browser, files

    # -- the way out ---------------------------------------------------------------------------------------

    def asks_back(self, reason: str) -> None:
        """Her data is asked for: by herself in her space, else by her reseller, whom she has told."""
        by = self.client.space or self.client.owner
        by.visit(self.client.subscription)
        by.visit(by.link(r"/reversibility/new/"))
        self._fill_in(by, reason)
        self.client.note("asked back", reason=reason)
        self.place.work()

    def asks_back_too_late(self, reason: str) -> None:
        """At the address that she has kept, she is told that it is over. Raises AssertionError otherwise."""
        by = self.client.space or self.client.owner
        by.visit(f"/reversibility/new/{self.client.subscription.rpartition('/')[2]}")
        said = "nothing"
        try:
            self._fill_in(by, reason)
        except RuntimeError as error:
            said = str(error)
        assert "Le délai pour demander les données est passé" in said, said
        self.client.note("asked back too late")

    def _fill_in(self, by: Worker, reason: str) -> None:
        vault, today = by.value(r'<option[^>]*value="(\w{16})"'), str(self.place.today)
        day = today if 'name="received_on"' in by.page.text else None
        path = str(by.page.url.path)
        by.send_form_of(path, vault=vault, reason=reason, form="readable", received_on=day)
        self.case = by.page.url.path

    def writes_letter(self, tracking: str) -> None:
        """Her registered letter is noted on the page of the case, the day it comes."""
        today = str(self.place.today)
        days = {"posted_on": today, "first_presented_on": today, "received_on": today}
        operator = self.provider.operator
        operator.visit(self.case)
        operator.send_form_of("/letter", tracking=tracking, **days)

    def opens_for_copy(self) -> None:
        """The signatory types the passphrase; the copy is made at once."""
        self.unlocks("direction")

    def takes_copy(self, answer: str | None) -> None:
        """Fetch everything, check the sums as a program would, and answer.

        answer: when to erase, ``now`` or ``later``; None where she says nothing.
        """
        browser, files = self._fetches("direction", "prêtes à télécharger")
        self.client.note("copy", files=_unpacked(files.values()))
        if answer is not None:
            browser.send_form_of("/acceptance", when=answer)
            self.client.note("accepted back", when=answer)
        browser.close()
        self.place.work()

    def is_erased(self) -> None:
        """The operator orders the erasure; what the page answers is a fact of that day."""
        operator, said = self.provider.operator, "refused"
        page = operator.visit(self.case or self._only_case(operator))
        with suppress(RuntimeError):
            operator.send_form_of("/erasure", confirm=self.name)
            said = "ordered"
        if said == "refused" and 'id="confirm"' in page:
            raise RuntimeError(f"the page offers an erasure and refuses it: {operator.notice()}")
        self.place.work()
        self.client.note("erasure", said=said)
        self.looks()

    def _only_case(self, operator: Worker) -> str:
        """The case that the portal has opened for her; that of her subscription where there is none."""
        operator.visit(self.client.path)
        return operator.link(r"^/reversibility/\w{16}$")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _unpacked(contents: Iterable[bytes]) -> set[str]:
    """SHA-256 of the customer's files in the archives. Raises ValueError where a sum says another."""
    found: dict[str, str] = {}
    sums: list[tuple[str, str]] = []
    for content in contents:
        if content[:2] != b"PK":
            sums += _SUM.findall(content.decode(errors="replace"))
            continue
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            found |= {name: _sha256(archive.read(name)) for name in archive.namelist()}
    wrong = [name for digest, name in sums if name.endswith(".txt") and found.get(name) != digest]
    if wrong or not sums:
        raise ValueError(f"the sums do not tell of what was handed over: {wrong}")
    return {digest for name, digest in found.items() if name.endswith(".txt")}
