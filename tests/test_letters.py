"""Each kind of mail as it reaches people: its words, its one link, its look in light and in dark."""

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from lxml import html

from portal.mail import KINDS, Mail, html_of
from portal.mail.reading import read
from tests.builders import House
from tests.letters import every_letter

At = Callable[[datetime], None]
Browser = Callable[..., FlaskClient]
TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
HOME = "http://127.0.0.1:8000"
VOID = {"meta", "br", "link", "img", "hr", "input"}


def words(text: str) -> list[str]:
    """What is read aloud: no signs, and no lines that only frame."""
    return re.findall(r"[\w@/%€]+", text)


def body_of(page: str) -> Any:
    tree = html.document_fromstring(page)
    for gone in tree.xpath("//style | //title | //*[@class='gist']"):
        gone.drop_tree()
    return tree


def told(tree: Any) -> list[str]:
    """The words of the page in their order, where each element stands apart."""
    return words(" ".join(tree.itertext()))


def balanced(page: str) -> bool:
    """Is every element closed where it was opened?"""
    opened: list[str] = []
    for closing, name in re.findall(r"<(/?)([a-z0-9]+)\b[^>]*>", page):
        if name in VOID:
            continue
        if not closing:
            opened.append(name)
        elif not opened or opened.pop() != name:
            return False
    return opened == []


@pytest.fixture(params=["fr", "en"])
def letters(house: House, browser: Browser, at: At, request: pytest.FixtureRequest) -> dict[str, Mail]:
    return every_letter(house, browser, at, request.param)


@pytest.mark.slow
def test_every_letter_has_one_purpose_one_link_and_the_same_words_twice(letters: dict[str, Mail]) -> None:
    assert set(letters) == set(KINDS)
    for name, mail in letters.items():
        page = html_of(mail)
        tree = body_of(page)
        links = set(tree.xpath("//a[starts-with(@href, 'http')]/@href"))
        assert len(links) <= 1, name
        assert set(re.findall(r"https?://\S+", mail.body)) - {"http://127.0.0.1:8000/customers/x"} == links, (
            name
        )
        assert 0 < len(mail.subject) <= 78, (name, mail.subject)
        assert not re.search(r"\b(None|Undefined|Direction)\b|%\(|\{\{", f"{mail.subject}\n{mail.body}"), name
        text = re.sub(r"^\+-+\+$|^-- $|^- ", "", mail.body, flags=re.M)
        sender = words(mail.sender or "")
        assert told(tree)[len(sender) :] == words(text), name
        assert page.startswith("<!doctype html>") and balanced(page), name
        assert f'lang="{mail.language}" dir="ltr"' in page
        assert not re.search(r"<(img|script|iframe|form)\b|\b(src|background)=|url\(|@import", page), name


@pytest.mark.slow
def test_every_letter_says_who_writes_why_and_who_answers(letters: dict[str, Mail]) -> None:
    for name, mail in letters.items():
        foot = read(mail.body, HOME).foot
        assert foot[0] == "DROPCLOUD SAS", name
        assert len(foot) == 3 and "facturation@example.org" in foot[2], name
        assert mail.reply_to == "facturation@example.org"
        assert KINDS[name].is_internal or "Revendeur" in foot[2], name


def test_each_template_is_a_kind() -> None:
    written = {
        str(path.relative_to(TEMPLATES).with_suffix(""))
        for path in [*TEMPLATES.glob("mails/*.txt"), *TEMPLATES.glob("*/mail_*.txt")]
    }
    assert written - {"mails/frame"} == set(KINDS)
