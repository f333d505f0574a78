"""Every form that changes something carries its token once, in no address; no page explains a word twice."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.custody.models import offer_access
from portal.db import EVERYTHING, db, set_scope
from portal.engine.models import Vault
from portal.journal import SYSTEM
from portal.mail import Mail
from portal.reversibility.models import ReversibilityCase
from portal.sepa.models import Mandate, MandateState
from portal.sepa.signing.account_change import ask_account
from tests.builders import House, a_customer
from tests.each import for_each
from tests.guide.test_explain import words_explained
from tests.sepa.people import OTHER_IBAN, a_mandate, go_to_code
from tests.vault_fixtures import agent  # noqa: F401 (the page of a passphrase has a form while it runs)
from tests.world import a_world

Browser = Callable[..., FlaskClient]
TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
TOKEN = "csrf_token"
_LINK = re.compile(r"https?://[^/\s]+(/(sign|new-account|unlock|fetch|vault-access)/\S+)")
STEPS = {  # the pages behind a link of each kind, below its own address
    "sign": ("", "/mandate", "/signature", "/refusal", "/delegation"),
    "new-account": ("", "/change", "/confirmation"),
    "unlock": ("",),
    "fetch": ("",),
    "vault-access": ("",),
}


@dataclass
class Form:
    """What a browser would send: by which method, with how many tokens; and what of it goes by GET."""

    method: str
    action: str
    tokens: list[str] = field(default_factory=list)
    asks: list[str] = field(default_factory=list)

    def fault(self) -> str:
        if self.method == "post":
            if len(self.tokens) != 1 or not self.tokens[0]:
                return f"{self.action}: {len(self.tokens)} tokens"
            return f"{self.action}: {self.asks[0]} would send its token in an address" if self.asks else ""
        return f"{self.action}: a form that asks carries a token" if self.tokens else ""


class Reader(HTMLParser):
    """The forms of a page, those that are not closed included."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._open = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        assert not (values.keys() & {"form"}), "a control outside its form: teach this reader first"
        if tag == "form":
            self.forms.append(Form(values.get("method", "get").lower(), values.get("action", "")))
            self._open = True
        if not self._open:
            return
        form = self.forms[-1]
        if tag in {"input", "button", "textarea", "select"} and values.get("name") == TOKEN:
            form.tokens.append(values.get("value", ""))
        if values.get("formmethod", "").lower() == "get":
            form.asks.append("formmethod")
        if "hx-get" in values and (tag == "form" or "form" in values.get("hx-include", "")):
            form.asks.append("hx-get")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = False


def faults(page: str) -> set[str]:
    return {fault for form in Reader(page).forms if (fault := form.fault())}


def test_what_is_wrong_with_a_form_is_seen() -> None:
    token = f'<input type="hidden" name="{TOKEN}" value="x">'
    assert (
        faults(f'<form method="post" action="/a">{token}</form><form action="/b"><input name="q"></form>')
        == set()
    )
    assert faults('<form method="post" action="/a"></form>') == {"/a: 0 tokens"}
    assert faults(f'<form method="POST" action="/a">{token}{token}</form>') == {"/a: 2 tokens"}
    assert faults(f'<form method="post" action="/a">{token.replace("x", "")}</form>') == {"/a: 1 tokens"}
    assert faults(f'<form method="get" action="/a">{token}</form>') == {
        "/a: a form that asks carries a token"
    }
    assert faults(f'<form action="/a">{token}</form>') == {"/a: a form that asks carries a token"}
    for part in ('<button formmethod="get"></button>', '<div hx-get="/b" hx-include="closest form"></div>'):
        assert "in an address" in faults(f'<form method="post" action="/a">{token}{part}</form>').pop()


@contextmanager
def tokens_on(app: Flask) -> Iterator[None]:
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        yield
    finally:
        app.config["WTF_CSRF_ENABLED"] = False


def faults_of(page: str) -> tuple[set[str], set[str]]:
    """What is wrong with the forms and the explained words of a page; and the words that it explains."""
    words = words_explained(page)
    return faults(page) | {f"{word} is explained twice" for word in words if words.count(word) > 1}, set(
        words
    )


@pytest.mark.slow
@pytest.mark.words
@pytest.mark.usefixtures("agent")
def test_every_page_behind_a_signed_link(app: Flask, house: House, browser: Browser) -> None:
    ids = a_world(house)
    _waiting, token = a_mandate(house, a_customer(house.reseller, name="Signataire", siren=None))
    go_to_code(browser(), token)
    signed = db.session.scalars(db.select(Mandate).where(Mandate.state == MandateState.SIGNED)).one()
    _change, new = ask_account(signed, by=SYSTEM)
    db.session.commit()
    browser().post(f"/new-account/{new}/account", data={"iban": OTHER_IBAN})
    set_scope(EVERYTHING)
    offer_access(
        db.session.scalars(db.select(Vault).where(Vault.uid == ids["/vaults/"])).one(), hours=72, by=SYSTEM
    )
    case = db.session.scalars(db.select(ReversibilityCase)).one()
    case.send_fetch_link("mails/export_ready.txt")
    db.session.commit()
    links = {
        tuple(found) for mail in db.session.scalars(db.select(Mail)) for found in _LINK.findall(mail.body)
    }
    assert {kind for _path, kind in links} == STEPS.keys()
    seen, wrong = dict.fromkeys(STEPS, 0), set()
    with tokens_on(app):
        for path, kind in links:
            for step in STEPS[kind]:
                page = browser().get(path + step).text
                seen[kind] += len(Reader(page).forms)
                wrong |= {f"{kind}{step} {fault}" for fault in faults(page)}
    assert wrong == set()
    assert min(seen.values()) > 0, seen


@for_each(sorted(TEMPLATES.rglob("*.html")))
def test_every_form_is_written_with_one_token(path: Path) -> None:
    """Also where no record of a test leads: a state, a refusal."""
    for opened in re.split(r"(?=<form\b)", path.read_text())[1:]:
        head, _close, inside = opened.partition("</form>")[0].partition(">")
        written = len(re.findall(r"csrf\(\)|\.csrf_token", inside))
        assert written == (1 if 'method="post"' in head else 0), head
