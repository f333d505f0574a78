"""Somebody at a Chromium whose device answers for passkeys: to enrol one, and to sign an order."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import CDPSession, Page, sync_playwright

from tour.chromium import launched
from tour.person import PASSWORD

DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


class Device:
    """The passkey of one person, between two visits of a browser."""

    def __init__(self, url: str, email: str) -> None:
        self.url, self.email = url, email
        self.cookies: list[Any] = []
        self._credentials: list[Any] = []

    @contextmanager
    def browser(self) -> Iterator[Page]:
        """A window of hers; what she did in it stays hers."""
        with sync_playwright() as driver:
            browser = launched(driver)
            context = browser.new_context(base_url=self.url, locale="fr-FR")
            context.add_cookies(self.cookies)
            page = context.new_page()
            line = context.new_cdp_session(page)
            number = self._plug_in(line)
            yield page
            held = line.send("WebAuthn.getCredentials", {"authenticatorId": number})
            self._credentials, self.cookies = held["credentials"], context.cookies()
            browser.close()

    def _plug_in(self, line: CDPSession) -> str:
        line.send("WebAuthn.enable")
        number: str = line.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})["authenticatorId"]
        for each in self._credentials:
            line.send("WebAuthn.addCredential", {"authenticatorId": number, "credential": each})
        return number

    def enrol(self, welcome: str) -> bytes:
        """Choose a password behind the link, sign in, add a passkey, keep the codes; a picture of them."""
        with self.browser() as page:
            page.goto(welcome)
            page.fill("[name=password]", PASSWORD)
            page.click("button.btn-primary")
            page.goto("/login")
            page.fill("[name=email]", self.email)
            page.fill("[name=password]", PASSWORD)
            page.get_by_role("button", name="Se connecter").click()
            page.get_by_text("Avant de continuer, ajoutez un second facteur").wait_for()
            page.get_by_role("button", name="Ajouter une clé d'accès").click()
            page.get_by_role("button", name="Créer la clé d'accès").click()
            page.locator(".codes li").nth(9).wait_for()
            picture = page.screenshot()
            page.get_by_role("button", name="Je les ai mis à l'abri").click()
            page.get_by_role("heading", name="Codes de secours", exact=True).wait_for()
        return picture

    def erase(self, case: str, vault: str) -> None:
        """Order an erasure and sign with the passkey what is ordered."""
        with self.browser() as page:
            page.goto(case)
            page.fill("[name=confirm]", vault)
            page.locator("form[action$='/erasure'] button").click()
            page.get_by_role("heading", name="Confirmer que c'est vous").wait_for()
            if page.locator("[name$=password]").count():
                page.fill("[name$=password]", PASSWORD)
            page.get_by_role("button", name="Confirmer avec ma clé d'accès").click()
            page.get_by_role("heading", name="Confirmer que c'est vous").wait_for(state="detached")
