"""Pages of the guide for the person who reads: as HTML, found by words, or by the screen she comes from."""

import struct
from collections.abc import Iterable
from copy import copy
from functools import lru_cache
from typing import NamedTuple

from flask import current_app, g
from flask_babel import get_locale
from markdown_it.token import Token
from markupsafe import Markup
from werkzeug.exceptions import HTTPException

from portal.access import GRANTS, OF_ITS_ISSUER, RESELLER, Permission, Role, holds
from portal.config import ROOT
from portal.guide.pages import MARKDOWN, Page, Section, meanings, pages
from portal.search.words import words_of
from portal.web import asset

_STATIC = "/static/"
PICTURE_SCALE = 1.5  # points of a picture for one of the page
_SIZE_IN_PNG = slice(16, 24)  # width and height, four bytes each


class Found(NamedTuple):
    """A part of a page that has the words, and the place in it."""

    page: Page
    section: Section


class Shelf(NamedTuple):
    """The pages that are written for the acting person, and the others."""

    own: list[Page]
    others: list[Page]


def language() -> str:
    return "fr" if str(get_locale()).startswith("fr") else "en"


def shelf() -> Shelf:
    everything = pages(language()).values()
    own = [page for page in everything if g.actor.role in page.roles]
    return Shelf(own, [page for page in everything if page not in own])


def endpoint_of(address: str) -> str | None:
    """What answers at an address of the portal; None for no page."""
    router = current_app.url_map.bind("localhost")
    try:
        return str(router.match(address.partition("#")[0].partition("?")[0], method="GET")[0])
    except HTTPException:
        return None


def may_open(address: str, role: Role, bills_itself: bool = True) -> bool:
    """Does this address lead to a page that the role may see? One without a permission is everybody's.

    bills_itself: has the house of the reader an issuer of its own?
    """
    endpoint = endpoint_of(address)
    if endpoint is None:
        return False
    permission = getattr(current_app.view_functions[endpoint], "permission", None)
    if permission in OF_ITS_ISSUER and role in RESELLER and not bills_itself:
        return False
    return permission is None or role in GRANTS[permission]


def about(endpoint: str) -> list[Page]:
    """Own pages that lead to a screen, or else to one of the same room."""
    room = endpoint.partition(".")[0]
    led = [(page, [endpoint_of(link) or "" for link in page.links]) for page in shelf().own]
    same = [page for page, targets in led if endpoint in targets]
    return same or [page for page, targets in led if any(each.partition(".")[0] == room for each in targets)]


def written(page: Page) -> Markup:
    """The page as HTML; what the acting person may not open is not a link for her."""
    return _written(page.language, page.name, g.actor.role, holds(g.actor, Permission.MONTH_READ))


@lru_cache(maxsize=512)
def _written(language: str, name: str, role: Role, bills_itself: bool) -> Markup:
    tokens = [_for(token, role, bills_itself) for token in pages(language)[name].tokens]
    return Markup(MARKDOWN.renderer.render(tokens, MARKDOWN.options, {}))  # noqa: S704 - escaped by the renderer


def _for(token: Token, role: Role, bills_itself: bool) -> Token:
    if not token.children:
        return token
    children, closed = [copy(child) for child in token.children], False
    for child in children:
        if child.type == "image":
            child.attrs = _picture(child)
        elif child.type == "link_open":
            address = str(child.attrs["href"])
            closed = address.startswith("/") and not may_open(address, role, bills_itself)
            if closed:
                child.tag, child.attrs = "span", {}
        elif child.type == "link_close" and closed:
            child.tag, closed = "span", False
    return token.copy(children=children)


def _picture(image: Token) -> dict[str, str | int | float]:
    """With its size, so that the text does not move when it comes."""
    name = str(image.attrs["src"]).removeprefix(_STATIC)
    with (ROOT / "static" / name).open("rb") as file:
        width, height = struct.unpack(">II", file.read(_SIZE_IN_PNG.stop)[_SIZE_IN_PNG])
    sizes = {"width": round(width / PICTURE_SCALE), "height": round(height / PICTURE_SCALE)}
    return {**image.attrs, "src": asset(name), "loading": "lazy", **sizes}


def meaning(word: str) -> Section:
    """What a hard word means, of the glossary in the person's language."""
    return meanings(language())[word]


def found(terms: list[str]) -> list[Found]:
    """Parts of the pages in which each term begins a word."""
    hits = [hit for page in pages(language()).values() for hit in _in_page(page, terms)]
    return sorted(hits, key=lambda hit: _rank(hit, terms))


def _in_page(page: Page, terms: list[str]) -> list[Found]:
    title = words_of(f"{page.title} {page.summary}")
    return [Found(page, section) for section in page.sections if terms and _has(section, title, terms)]


def _has(section: Section, title: list[str], terms: list[str]) -> bool:
    """Each term somewhere, and one of them in the part itself; the title is of the page's beginning."""
    own = section.words if section.name else [*title, *section.words]
    return any(_begins(own, term) for term in terms) and all(_begins([*title, *own], term) for term in terms)


def _begins(words: Iterable[str], term: str) -> bool:
    return any(word.startswith(term) for word in words)


def _rank(hit: Found, terms: list[str]) -> tuple[bool, bool]:
    """Own pages first, and of these what is about it by name."""
    heading = words_of(hit.section.heading or hit.page.title)
    return g.actor.role not in hit.page.roles, not any(_begins(heading, term) for term in terms)
