"""Places on a page where higher packages show something of theirs: one kind of registry for all of them.

The owner of a page declares a place with what stands on the page and what is shown there; a package above
fills it by decorating a function. The lower package never learns who they are.
"""

from collections.abc import Callable, Iterable
from typing import Any, Generic, NamedTuple, TypeVar

from flask import g
from sqlalchemy.orm import DeclarativeBase

from portal.access import Permission, holds


class Related(NamedTuple):
    """A record that another one hangs together with: what it is, its own words, its page."""

    kind: str
    words: str
    address: str


Relations = Callable[[Any], Iterable[Related]]
_RELATIONS: dict[type, list[tuple[Permission, Relations]]] = {}


def relates(model: type, permission: Permission) -> Callable[[Relations], Relations]:
    """The decorated function names records that those of ``model`` hang together with, those in scope.

    permission: to read what it names; nobody else is told.
    """

    def register(tell: Relations) -> Relations:
        _RELATIONS.setdefault(model, []).append((permission, tell))
        return tell

    return register


def related_to(record: object) -> list[Related]:
    """What a page links to, from every room that knows something of this record."""
    known = _RELATIONS.get(type(record), ())
    own = [tell for permission, tell in known if g.actor is not None and holds(g.actor, permission)]
    return [each for tell in own for each in tell(record)]


Subject = TypeVar("Subject", bound=DeclarativeBase)
Shown = TypeVar("Shown")


class Panel(NamedTuple):
    """A fragment and what it needs."""

    template: str
    context: dict[str, Any]


class Link(NamedTuple):
    """A button that leads somewhere: its address, its words, its icon."""

    address: str
    words: str
    icon: str


class Place(Generic[Subject, Shown]):
    """What packages show of one kind of record; None is nothing to show of this one."""

    def __init__(self) -> None:
        self._makers: list[tuple[int, str, Callable[[Subject], Shown | None]]] = []

    def __call__(
        self, *, rank: int = 50
    ) -> Callable[[Callable[[Subject], Shown | None]], Callable[[Subject], Shown | None]]:
        """Register the decorated function; low ranks come first, equal ones in the order of their modules."""

        def register(make: Callable[[Subject], Shown | None]) -> Callable[[Subject], Shown | None]:
            self._makers.append((rank, f"{make.__module__}.{make.__qualname__}", make))
            self._makers.sort(key=lambda one: one[:2])
            return make

        return register

    def shown(self, subject: Subject) -> list[Shown]:
        """What there is to show of this record."""
        made = (make(subject) for _rank, _name, make in self._makers)
        return [each for each in made if each is not None]
