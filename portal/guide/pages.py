"""The pages of the guide, read once from docs/guide/<language>/*.md.

A page begins with a head between two lines ``---``: ``title``, ``summary``, ``roles`` (names of roles, or
``everyone``) and ``rank``, its place among the pages. A heading may end with ``{#name}``, by which it is
linked in both languages alike.
"""

import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from portal.access import Role
from portal.config import ROOT
from portal.search.words import words_of
from portal.typography import typeset

FOLDER = ROOT / "docs" / "guide"
GLOSSARY = "glossary"
_HEAD = re.compile(r"---\n(.*?)\n---\n", re.DOTALL)
_NAMED = re.compile(r"\s*\{#([a-z0-9-]+)\}$")
MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


@dataclass(frozen=True, slots=True)
class Section:
    """What stands under one heading; the first one of a page, before any heading, has no name."""

    name: str
    heading: str
    level: int
    text: str
    words: tuple[str, ...]  # of heading and text, as they are searched


@dataclass(frozen=True)
class Page:
    """One page in one language. tokens: what the Markdown says, ready to be written as HTML."""

    name: str
    language: str
    title: str
    summary: str
    roles: frozenset[Role]
    rank: int
    tokens: tuple[Token, ...]
    sections: tuple[Section, ...]

    @property
    def is_for_everyone(self) -> bool:
        return self.roles == frozenset(Role)

    @property
    def links(self) -> list[str]:
        """Addresses of the portal that it leads to."""
        found = (str(each.attrs["href"]) for each in inline(self.tokens) if each.type == "link_open")
        return [address for address in found if address.startswith("/")]

    @property
    def pictures(self) -> list[str]:
        """Addresses of the pictures that it shows."""
        return [str(each.attrs["src"]) for each in inline(self.tokens) if each.type == "image"]


def inline(tokens: tuple[Token, ...]) -> list[Token]:
    """The parts of every line of text."""
    return [child for token in tokens for child in token.children or ()]


@cache
def pages(language: str) -> dict[str, Page]:
    """Every page of a language by its name, in their order."""
    read = (_read(path, language) for path in sorted((FOLDER / language).glob("*.md")))
    return {page.name: page for page in sorted(read, key=lambda page: (page.rank, page.name))}


def _read(path: Path, language: str) -> Page:
    text = path.read_text()
    head = _HEAD.match(text)
    if head is None:
        raise ValueError(f"{path}: no head")
    values = dict(line.split(": ", 1) for line in head.group(1).splitlines())
    tokens = MARKDOWN.parse(text[head.end() :])
    for token in tokens:
        _set(token, language)
    _name_headings(tokens)
    names = values["roles"].split()
    return Page(
        name=path.stem,
        language=language,
        title=_typeset(values["title"], language),
        summary=_typeset(values["summary"], language),
        roles=frozenset(Role if names == ["everyone"] else map(Role, names)),
        rank=int(values["rank"]),
        tokens=tuple(tokens),
        sections=tuple(_sections(tokens)),
    )


def _set(token: Token, language: str) -> None:
    token.attrs.pop("style", None)  # of a column that is aligned: no style stands in a page
    for child in token.children or ():
        if child.type == "text":
            child.content = _typeset(child.content, language)


def _typeset(text: str, language: str) -> str:
    return typeset(text) if language == "fr" else text


def _name_headings(tokens: list[Token]) -> None:
    """Give each heading the name that is written behind it, else one made of its words."""
    for opening, content in pairwise(tokens):
        if opening.type == "heading_open":
            last = (content.children or [content])[-1]
            named = _NAMED.search(last.content)
            last.content = _NAMED.sub("", last.content)
            opening.attrSet("id", named.group(1) if named else "-".join(words_of(_plain(content))))


def _plain(content: Token) -> str:
    """Text without its marks; a picture is its words."""
    return "".join(" " if each.type == "softbreak" else each.content for each in content.children or ())


def _sections(tokens: list[Token]) -> list[Section]:
    found: list[Section] = []
    name, heading, level, texts = "", "", 1, list[str]()
    before: Token | None = None
    for token in tokens:
        if token.type == "inline" and before is not None and before.type == "heading_open":
            found.append(_section(name, heading, level, texts))
            name, heading, level = str(before.attrs["id"]), _plain(token), int(before.tag[1])
            texts = []
        elif token.type == "inline":
            texts.append(_plain(token))
        before = token
    return [*found, _section(name, heading, level, texts)]


def _section(name: str, heading: str, level: int, texts: list[str]) -> Section:
    text = " ".join(texts)
    return Section(name, heading, level, text, tuple(words_of(f"{heading} {text}")))


def meanings(language: str) -> dict[str, Section]:
    """The words of the glossary by their names."""
    return {section.name: section for section in pages(language)[GLOSSARY].sections if section.name}
