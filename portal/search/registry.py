"""Who finds what. A room decorates a function that is asked with what was typed and answers hits."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from flask import g

from portal.access import Permission, holds
from portal.listing import Near
from portal.search.words import terms_of

Answer = TypeVar("Answer")
AT_MOST = 5  # hits of each kind
_LONGEST = 100  # characters that are read


class Hit(NamedTuple):
    """One thing found: its name, where it is, a second line, and a state where it has one."""

    text: str
    url: str
    under: str = ""
    state: str = ""
    icon: str = ""


@dataclass
class Sought:
    """What somebody typed; ``terms`` is what is looked up of it, empty for a text without a word."""

    text: str
    terms: list[str] = field(init=False)
    near: Near | None = None  # what was looked up in its place, once somebody has
    _known: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.text = self.text[:_LONGEST].replace("\0", "").strip()
        self.terms = terms_of(self.text)

    def once(self, name: str, ask: Callable[[], Answer]) -> Answer:
        """What several finders need to know, asked for once."""
        if name not in self._known:
            self._known[name] = ask()
        found: Answer = self._known[name]
        return found


Find = Callable[[Sought], list[Hit]]


class Finder(NamedTuple):
    """One kind of thing. more: the address of all of them, for what was sought."""

    rank: int
    name: str
    label: Any
    permission: Permission
    find: Find
    more: Callable[[Sought], str] | None
    unasked: bool


class Group(NamedTuple):
    """What was found of one kind; ``more`` leads to the list, "" where there is none."""

    name: str
    label: Any
    hits: list[Hit]
    more: str

    @property
    def is_full(self) -> bool:
        """There may be more than these."""
        return len(self.hits) >= AT_MOST


_FINDERS: list[Finder] = []


def finder(
    rank: int,
    permission: Permission,
    label: Any,
    *,
    more: Callable[[Sought], str] | None = None,
    unasked: bool = False,
) -> Callable[[Find], Find]:
    """Register the decorated function; low ranks stand first. unasked: also when nothing is typed yet."""

    def register(find: Find) -> Find:
        name = find.__name__.replace("_", "-")
        _FINDERS.append(Finder(rank, name, label, permission, find, more, unasked))
        _FINDERS.sort(key=lambda each: each[:2])
        return find

    return register


def groups(sought: Sought) -> list[Group]:
    """What the acting person's role may find, by kind; kinds of which nothing is found are left out."""
    asked = [each for each in _FINDERS if holds(g.actor, each.permission)]
    asked = [each for each in asked if sought.terms or each.unasked]
    found = [(each, each.find(sought)) for each in asked]
    return [
        Group(each.name, each.label, hits, each.more(sought) if each.more else "")
        for each, hits in found
        if hits
    ]
