"""Somebody at a browser without JavaScript: pages, forms with their tokens, redirects."""

import re
from email.message import EmailMessage
from html import unescape
from typing import Any

import httpx


class Person:
    """``visit`` a page, then ``send`` one of its forms; every answer above 399 is an error."""

    def __init__(self, base: str) -> None:
        self._client = httpx.Client(base_url=base, follow_redirects=True, timeout=60)
        self.page: httpx.Response
        self._password = ""

    def visit(self, path: str) -> str:
        self.page = self._client.get(path)
        self._check()
        return self.page.text

    def sign_in(self, email: str, password: str) -> "Person":
        self._password = password
        self.visit("/login")
        self.send("/login", email=email, password=password)
        if "/login" in str(self.page.url):
            raise RuntimeError(f"{email} cannot sign in")
        return self

    def send(self, action: str, **fields: Any) -> str:
        """Post a form of the present page, with its token."""
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.page.text)
        data = {name: value for name, value in fields.items() if value is not None}
        if token:
            data["csrf_token"] = token[1]
        self.page = self._client.post(action, data=data, headers={"Referer": str(self.page.url)})
        self._check()
        if 'name="confirm-password"' in self.page.text and "confirm-password" not in fields:
            shown = {"confirm-password": self._password, "confirm-passkey": "", "confirm-code": ""}
            return self.send(action, **fields, **shown)
        return self.page.text

    def send_form_of(self, ending: str, **fields: Any) -> str:
        """Post the form of the present page whose action ends so."""
        actions = [unescape(a) for a in re.findall(r'action="([^"]+)"', self.page.text)]
        return self.send(next(a for a in actions if a.endswith(ending)), **fields)

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
