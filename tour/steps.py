"""The steps. Each returns the path of what it made; the first error ends the tour."""

import re
import subprocess
from pathlib import Path
from typing import Any

import httpx
import sepaxml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from playwright.sync_api import sync_playwright

from portal.licensing.license_file import verify
from tour import moving, opening, vault
from tour.accepting import accept_terms
from tour.chromium import launched
from tour.numbers import make_iban, make_siren
from tour.person import PASSWORD, paris, path_in, text_of
from tour.stage import Stage


class Tour(Stage):
    """One life of a contract, step by step."""

    # -- 1 to 4 ----------------------------------------------------------------------------------------
    def set_up(self) -> Path:
        """``flask setup``, and the first operator with a passkey."""
        return opening.set_up(self)

    def open_shop(self) -> Path:
        """Mail and store tried, offers priced, a second legal entity."""
        return opening.open_shop(self)

    def hire(self) -> Path:
        """Two resellers, one below the other, and people with second factors."""
        return opening.hire(self)

    def move_in(self) -> Path:
        """Three hundred customers from a workbook of the former system."""
        return moving.move_in(self)

    # -- 2 ---------------------------------------------------------------------------------------------
    def onboard(self, name: str = "Scierie du Vallon", serial: int = 700, terms: str = "natso") -> Path:
        """Onboard a customer on one form; her signatory accepts the contract with a link and a code."""
        self.owner.visit("/customers/new")
        box = f"client{serial}.example"
        self.owner.send(
            "/customers/new",
            kind="business",
            name=name,
            siren=make_siren(serial),
            street="2 chemin du Moulin",
            postcode="88400",
            town="Gérardmer",
            country="FR",
            language="fr",
            health_data="no",
            terms=terms,
            **{
                "billing-name": "Comptabilité",
                "billing-email": f"compta@{box}",
                "signatory-name": "Direction",
                "signatory-email": f"direction@{box}",
                "technical-name": "Informatique",
                "technical-email": f"info@{box}",
            },
        )
        if name not in self.owner.page.text:
            raise RuntimeError("the customer's page does not show")
        accept_terms(self.portal.url, self.mails, f"direction@{box}")
        return self.keep(f"2-customer-{serial}.html", self.owner.page.text)

    # -- 3 ---------------------------------------------------------------------------------------------
    def order(self) -> Path:
        """Order five workstation licences for a year, by wire: a pro-forma with its own number."""
        self._order("NATSO BACKUP+ Poste de travail", 5, "wire")
        self.order_path = self.owner.page.url.path
        mail = self.mails.wait_for("compta@client700.example", "pro forma")
        (pdf,) = mail.iter_attachments()
        return self.keep("3-proforma.pdf", pdf.get_content())

    def _order(self, product: str, quantity: int, method: str) -> None:
        self.owner.visit(self.owner.link(r"/customers/\w+/orders/new$"))
        found = re.search(
            rf'value="(\w+)"[^>]*>\s*<span class="choice-name">{re.escape(product)}<', self.owner.page.text
        )
        assert found, product
        self.owner.visit(f"{self.owner.page.url.path}?product={found[1]}&quantity={quantity}")
        self.owner.send_form_of("/orders", product=found[1], quantity=quantity, method=method)

    # -- 4 ---------------------------------------------------------------------------------------------
    def pay(self) -> Path:
        """Finance records the wire: invoice, PDF, mail with the key; before it there is no key."""
        if "Aucune clé avant le paiement" not in self.owner.visit(self.order_path):
            raise RuntimeError("a key shows before the payment")
        self.finance.visit(self.order_path)
        self.finance.send_form_of(
            "/payment", received_on=paris("%Y-%m-%d"), amount="299,40", reference="VIR TOUR 1"
        )
        mail = self.mails.wait_for("compta@client700.example", "Paiement reçu")
        self.key = re.findall(r"\b(?:[0-9A-Z]{5}-){3}[0-9A-Z]{5}\b", text_of(mail))[0]
        (pdf,) = mail.iter_attachments()
        return self.keep("4-invoice.pdf", pdf.get_content())

    # -- 5 ---------------------------------------------------------------------------------------------
    def activate(self) -> Path:
        """Five machines activate, a sixth is refused; the licence file verifies offline."""
        answers = [self._activate(f"machine-{n}") for n in (1, 1, 2, 3, 4, 5, 6)]
        codes = [answer.status_code for answer in answers]
        if codes != [201] * 6 + [409] or answers[0].content != answers[1].content:
            raise RuntimeError(f"unexpected answers {codes}")
        if answers[-1].json()["error"]["code"] != "NO_SEAT_LEFT":
            raise RuntimeError(answers[-1].text)
        published = httpx.get(f"{self.portal.url}/api/v1/license-keys").json()
        keys = {kid: Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)) for kid, key in published.items()}
        verify(answers[0].content, keys)
        return self.keep("5-licence.json", answers[0].content)

    def _activate(self, machine: str) -> httpx.Response:
        body = {"key": self.key, "fingerprint": machine, "hostname": machine}
        return httpx.post(f"{self.portal.url}/api/v1/activations", json=body)

    # -- 6 ---------------------------------------------------------------------------------------------
    def sign_mandate(self) -> Path:
        """A second customer signs its mandate on a phone, without account or JavaScript."""
        self.onboard("Coiffure du Lac", 701, "dropcloud")
        self._order("DropCloud WeSend, utilisateur", 4, "direct_debit")
        mail = self.mails.wait_for("direction@client701.example", "À signer")
        with sync_playwright() as driver:
            browser = launched(driver)
            phone = browser.new_context(
                viewport={"width": 360, "height": 740}, java_script_enabled=False, locale="fr-FR"
            )
            self._sign_on(phone.new_page(), self.portal.url + path_in(mail, "/sign/"))
            browser.close()
        signed = self.mails.wait_for("direction@client701.example", "signé")
        (pdf,) = signed.iter_attachments()
        return self.keep("6-mandate.pdf", pdf.get_content())

    def _sign_on(self, page: Any, address: str) -> None:
        page.goto(address)
        page.fill("[name=iban]", make_iban(701))
        page.click("button.main")
        page.fill("[name=signer_name]", "Direction")  # waits for its page, which a list of boxes does not
        page.fill("[name=signer_role]", "Gérance")
        for box in page.locator("input[type=checkbox]").all():
            box.check()
        page.screenshot(path=self.artefacts / "6-mandate.png", full_page=True)
        page.click("button.main")
        code = self.mails.wait_for("direction@client701.example", "Votre code pour signer")
        digits = re.search(r"\b(\d{3}) ?(\d{3})\b", text_of(code))
        assert digits
        page.fill("[name=code]", "".join(digits.groups()))
        page.click("button.main")
        page.screenshot(path=self.artefacts / "6-signed.png", full_page=True)

    # -- 7 ---------------------------------------------------------------------------------------------
    def collect(self) -> Path:
        """The monthly run invoices, announces the debits, and exports a file that the XSD accepts."""
        self.bill()
        self.mails.wait_for("compta@client701.example", "Prélèvement de")
        self.finance.visit("/sepa/collections")
        entity = re.search(r'name="entity"[^>]*value="(\w+)"', self.finance.page.text)
        day = max(re.findall(r'value="(\d{4}-\d\d-\d\d)"', self.finance.page.text))
        self.finance.send_form_of(
            "/sepa/batches", entity=entity[1] if entity else None, scheme="CORE", through=day
        )
        batch = self.finance.page.url.path
        self.wait(self.treasurer, batch, rf"{batch}/release")
        self.treasurer.send_form_of("/release")
        self.wait(self.finance, batch, rf"{batch}/file")
        self.finance.send(f"{batch}/file")
        if self.finance.page.url.path == "/password":  # five minutes after she has signed in
            self.finance.confirm(batch, PASSWORD)
            self.finance.send(f"{batch}/file")
        xml = self.keep("7-batch.xml", self.finance.page.content)
        schema = Path(sepaxml.__file__).parent / "schemas" / "pain.008.001.08.xsd"
        subprocess.run(
            ["xmllint", "--noout", "--schema", str(schema), str(xml)], check=True, capture_output=True
        )
        return xml

    # -- 8 ---------------------------------------------------------------------------------------------
    def restore(self) -> Path:
        """A lost file comes back from a real repository, and its charge stands on the next invoice."""
        return vault.restore(self)

    # -- 9 ---------------------------------------------------------------------------------------------
    def leave(self) -> Path:
        """Terminate, export, check, accept, erase, certify."""
        return vault.leave(self)


STEPS = (
    ("provider set up, first operator with a passkey", Tour.set_up),
    ("mail and store tried, offers priced, second entity", Tour.open_shop),
    ("two resellers, people with second factors", Tour.hire),
    ("three hundred customers taken in from a workbook", Tour.move_in),
    ("customer onboarded, terms accepted by code", Tour.onboard),
    ("five licences ordered, pro-forma sent", Tour.order),
    ("wire recorded, invoice and key sent", Tour.pay),
    ("five machines activated, the sixth refused", Tour.activate),
    ("mandate signed on a phone", Tour.sign_mandate),
    ("month invoiced, debits announced, file accepted by the XSD", Tour.collect),
    ("lost file restored from the repository and billed", Tour.restore),
    ("terminated, handed back, erased, certified", Tour.leave),
)
