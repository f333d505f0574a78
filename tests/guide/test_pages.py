"""The guide says true things: its links lead somewhere, both languages tell the same."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from flask import Flask

from portal.access import Role
from portal.guide.pages import FOLDER, GLOSSARY, MARKDOWN, Page, inline, meanings, pages
from portal.guide.reading import may_open
from tests.test_catalogues import FRENCH

ROOT = Path(__file__).resolve().parents[2]
EVERY = [page for language in ("fr", "en") for page in pages(language).values()]
BOTH = sorted(pages("fr"))


def name(page: Page) -> str:
    return f"{page.language}/{page.name}"


def test_each_french_page_has_its_english_twin() -> None:
    assert list(pages("fr")) == list(pages("en"))
    assert {path.parent.name for path in FOLDER.glob("*/*")} == {"fr", "en"}


@pytest.mark.parametrize("page", BOTH)
def test_both_languages_have_the_same_parts_readers_links_and_pictures(page: str) -> None:
    french, english = pages("fr")[page], pages("en")[page]
    assert [each.level for each in french.sections] == [each.level for each in english.sections]
    assert (french.roles, french.rank, french.links) == (english.roles, english.rank, english.links)
    assert len(french.pictures) == len(english.pictures)
    assert french.title != english.title and french.summary != english.summary


@pytest.mark.parametrize("page", EVERY, ids=name)
def test_what_it_links_to_is_there_for_each_of_its_readers(app: Flask, page: Page) -> None:
    with app.app_context():
        closed = [(link, role) for link in page.links for role in page.roles if not may_open(link, role)]
    assert closed == []


@pytest.mark.parametrize("page", EVERY, ids=name)
def test_a_place_in_a_page_that_is_linked_exists(page: Page) -> None:
    own = pages(page.language)
    for link in page.links:
        target, _hash, place = link.partition("#")
        if target.startswith("/guide/"):
            other = own[target.removeprefix("/guide/")]
            assert place in {"", *(each.name for each in other.sections)}, link


@pytest.mark.parametrize("page", EVERY, ids=name)
def test_its_headings_can_be_linked_one_by_one(page: Page) -> None:
    names = [each.name for each in page.sections[1:]]
    assert len(set(names)) == len(names) and all(names)
    assert {each.level for each in page.sections[1:]} <= {2, 3}


@pytest.mark.parametrize("page", EVERY, ids=name)
def test_a_page_is_short(page: Page) -> None:
    text = (FOLDER / page.language / f"{page.name}.md").read_text()
    assert page.name in {GLOSSARY, "changes"} or len(text.split()) < 700
    assert len(page.summary) <= 140


@pytest.mark.parametrize("page", pages("en").values(), ids=lambda page: page.name)
def test_an_english_page_has_no_french(page: Page) -> None:
    text = " ".join([page.title, page.summary, *(f"{each.heading} {each.text}" for each in page.sections)])
    assert FRENCH.findall(text.replace("réversibilité", "")) == []


@pytest.mark.parametrize("language", ["fr", "en"])
def test_what_stands_in_bold_is_a_word_of_the_screens(language: str) -> None:
    """So that a button which is renamed is renamed in the guide."""
    with (ROOT / "translations/en/LC_MESSAGES/messages.po").open("rb") as file:
        catalogue = read_po(file, locale="en")
    sentences = (each.id if language == "fr" else each.string for each in catalogue if each.id)
    said = " | ".join(" | ".join(each) if isinstance(each, tuple) else str(each) for each in sentences)
    wrong = [
        (page.name, words)
        for page in pages(language).values()
        if page.name != "changes"
        for words in in_bold(page)
        if words.lower() not in said.lower()
    ]
    assert wrong == []


def in_bold(page: Page) -> Iterator[str]:
    for opening, content in pairwise(inline(page.tokens)):
        if opening.type == "strong_open":
            yield content.content.replace("\u202f", " ").replace("\u00a0", " ").rstrip(".")


def test_every_role_has_pages_of_its_own() -> None:
    for role in Role:
        own = [page for page in pages("fr").values() if role in page.roles and not page.is_for_everyone]
        assert own, role


def test_markdown_brings_no_html_of_its_own() -> None:
    assert "<script" not in MARKDOWN.render("<script>alert(1)</script>")
    assert "href" not in MARKDOWN.render("[a](javascript:alert(1))")


def test_both_glossaries_explain_the_same_words_briefly() -> None:
    french, english = meanings("fr"), meanings("en")
    assert list(french) == list(english)
    assert [word for word in french.values() if not 40 < len(word.text) < 420] == []


PICTURES = ROOT / "static" / "guide"


def test_every_picture_that_is_shown_is_there_and_the_other_way_round() -> None:
    shown = {address for page in EVERY for address in page.pictures}
    assert shown == {f"/static/guide/{path.name}" for path in PICTURES.iterdir()}
    assert 0 < len(shown) <= 8


@pytest.mark.parametrize("page", EVERY, ids=name)
def test_a_picture_says_in_words_what_it_shows_and_has_the_language_of_its_page(page: Page) -> None:
    for image in (each for each in inline(page.tokens) if each.type == "image"):
        assert len(image.content) > 30
        assert str(image.attrs["src"]).endswith(f"-{page.language}.png")


def test_pictures_are_light() -> None:
    assert [path.name for path in PICTURES.iterdir() if path.stat().st_size > 60_000] == []
