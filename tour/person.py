"""Somebody at a browser without JavaScript: pages, forms with their tokens, redirects."""

import re
import time
from datetime import datetime
from email.message import EmailMessage
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from pyotp import TOTP

PASSWORD = "quatre barques vertes au quai 29"  # of everybody who comes


def paris(form: str) -> str:
    """The present day or month as contracts count it, whatever zone this machine is in."""
    return datetime.now(ZoneInfo("Europe/Paris")).strftime(form)


class Person:
    """``visit`` a page, then ``send`` one of its forms; every answer above 399 is an error."""

    def __init__(self, base: str) -> None:
        anew = httpx.Limits(max_keepalive_connections=0)  # none that a server may have closed or died with
        self._client = httpx.Client(base_url=base, follow_redirects=True, timeout=60, limits=anew)
        self.page: httpx.Response
        self._secret = ""
        self._password = ""

    def close(self) -> None:
        self._client.close()

    def visit(self, path: str) -> str:
        self.page = self._client.get(path)
        self._check()
        return self.page.text

    def adopt(self, cookies: list[Any]) -> "Person":
        """Go on with the session of a browser."""
        for cookie in cookies:
            self._client.cookies.set(cookie["name"], cookie["value"])
        return self

    def welcome(self, path: str, email: str, password: str) -> "Person":
        """Choose a password behind the link of an invitation, and sign in with it."""
        self.visit(path)
        self.send(path, password=password)
        return self.sign_in(email, password)

    def enrol_app(self) -> "Person":
        """Add an application of one-time codes, as staff must before anything else."""
        self.visit("/account/second-factor")
        self.send_form_of("/app/new")
        secret = re.search(r'<code class="key">([A-Z2-7 ]+)</code>', self.page.text)
        assert secret, "the page shows no secret"
        self._secret = secret[1].replace(" ", "")
        self.send_form_of("/app", code=TOTP(self._secret).now(), name="Téléphone")
        self.send_form_of("/codes/kept")
        return self

    def confirm(self, back: str, password: str) -> None:
        """Show again who she is, with the password and a code that has not served yet."""
        last = TOTP(self._secret).now()
        while TOTP(self._secret).now() == last:
            time.sleep(0.5)
        self.send("/password", password=password, code=TOTP(self._secret).now(), next=back)

    def sign_in(self, email: str, password: str) -> "Person":
        self._password = password
        self.visit("/login")
        self.send("/login", email=email, password=password)
        if "/login" in str(self.page.url):
            raise RuntimeError(f"{email} cannot sign in")
        return self

    def send(self, action: str, *, files: dict[str, tuple[str, bytes]] | None = None, **fields: Any) -> str:
        """Post a form of the present page, with its token; files: name and content by field."""
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.page.text)
        data = {name: value for name, value in fields.items() if value is not None}
        if token:
            data["csrf_token"] = token[1]
        headers = {"Referer": str(self.page.url)}
        self.page = self._client.post(action, data=data, files=files, headers=headers)
        self._check()
        if 'name="confirm-password"' in self.page.text and "confirm-password" not in fields:
            shown = {"confirm-password": self._password, "confirm-passkey": "", "confirm-code": ""}
            return self.send(action, **fields, **shown)
        return self.page.text

    def send_form_of(self, ending: str, **fields: Any) -> str:
        """Post the form of the present page whose action ends so."""
        actions = [unescape(a) for a in re.findall(r'action="([^"]+)"', self.page.text)]
        action = next((a for a in actions if a.endswith(ending)), None)
        if action is None:
            raise RuntimeError(f"{self.page.url} has no form for {ending}, only {sorted(set(actions))}")
        return self.send(action, **fields)

    def download(self, path: str) -> httpx.Response:
        answer = self._client.get(path)
        answer.raise_for_status()
        return answer

    def link(self, pattern: str) -> str:
        """The first address on the page that matches."""
        for href in re.findall(r'href="([^"]+)"', self.page.text):
            if re.search(pattern, href):
                return unescape(href)
        raise RuntimeError(f"no link {pattern} on {self.page.url}")

    def _check(self) -> None:
        if self.page.status_code >= 400:
            said = re.findall(r"(?:field-error|alert-danger)[^>]*>(.*?)</(?:p|div)>", self.page.text, re.S)
            text = " / ".join(re.sub(r"<[^>]+>|\s+", " ", part).strip() for part in said)
            raise RuntimeError(f"{self.page.request.method} {self.page.url}: {self.page.status_code} {text}")


def text_of(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def path_in(message: EmailMessage, part: str) -> str:
    """The path of the first link of a mail that contains ``part``."""
    found = re.search(rf"https?://[^/\s]+({part}\S+)", text_of(message))
    if not found:
        raise RuntimeError(f"no link {part} in « {message['Subject']} »")
    return found[1].rstrip(".,")
