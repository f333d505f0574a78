"""The kinds of work that wait for a person. Each room registers its own with :func:`waits`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum
from typing import Any, Generic, TypeVar

from sqlalchemy import Select

from portal import clock
from portal.access import Permission, Role
from portal.terms.answered import Answered

Row = TypeVar("Row")
SOON = 7  # days
REPAIRERS = frozenset({Role.TECHNICIAN, Role.SUPPORT})


class Cost(IntEnum):
    """What waiting costs; the dearest first."""

    RIGHT = 1  # a day of the law or of the contract passes, and what could be done can be done no more
    DATA = 2  # somebody's data are lost, late or out of reach
    BANK = 3  # the bank's hour passes, and money comes days later
    MONEY = 4  # somebody owes, or is owed
    PEOPLE = 5  # somebody waits for an answer


@dataclass(frozen=True, slots=True)
class Todo:
    """One thing to do: what, for whom, until when, why, and the one button that leads to it.

    due: a Paris day, an instant (UTC), or None where nothing says until when. cents: what is at stake.
    """

    what: str
    who: str
    url: str
    button: str
    due: date | datetime | None = None
    cents: int | None = None
    why: Answered | None = None

    @property
    def due_on(self) -> date | None:
        return clock.paris_day(self.due) if isinstance(self.due, datetime) else self.due

    @property
    def bucket(self) -> int:
        """0: today or late, 1: within a week, 2: later, or at no time in particular."""
        if self.due_on is None:
            return 2
        left = (self.due_on - clock.today()).days
        return 0 if left <= 0 else 1 if left <= SOON else 2


@dataclass(frozen=True, slots=True)
class Kind(Generic[Row]):
    """What one room has waiting.

    rows: those of the acting person's scope, the most urgent first by ``order``; the same query all day, with
    :func:`portal.db.instant` for the hour, or else it ``asks`` (reads other rows to know what it looks for).
    everything: the list of them all. entry: the endpoint of the menu entry that counts them. others: roles
    that may see them too, but do nothing about them: who repairs does not run after money.
    """

    name: str
    label: Any  # in the plural
    cost: Cost
    permission: Permission
    rows: Callable[[], Select[Any]]
    order: tuple[Any, ...]
    tell: Callable[[Row], Todo]
    everything: Callable[[], str]
    entry: str
    asks: bool = False
    others: frozenset[Role] = frozenset()


KINDS: dict[str, Kind[Any]] = {}


def waits(kind: Kind[Row]) -> Kind[Row]:
    """Register a kind; its name is that of its lines in /today.json."""
    if kind.name in KINDS:
        raise KeyError(f"two kinds of work are called {kind.name}")
    KINDS[kind.name] = kind
    return kind
