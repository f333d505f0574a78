"""A list, said once: what a page, its files, its filters and its bulk actions all go by.

Each room says its own in ``lists.py``: ``INVOICES = define(Listing(...))``. What may be sorted has an index,
and what a phone has no room for says so by its rank.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Select

from portal.access import Permission
from portal.listing.cells import Cell

Row = TypeVar("Row")
Keys = tuple[Any, ...]

NAME, ALWAYS, WIDE, FILE = 1, 2, 3, 4  # its own name, always seen, where there is room, in files only


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """One column. ``sort``: an SQL expression that is never NULL and has an index.

    cell: of one row; or many: of all the rows of a page at once, by their ids. permission: who sees it.
    """

    key: str  # in addresses
    label: Any
    cell: Callable[[Row], Cell] | None = None
    many: Callable[[list[Row]], Mapping[int, Cell]] | None = None
    rank: int = ALWAYS
    sort: Any = None
    is_number: bool = False
    permission: Permission = Permission.HOME_READ

    def cells(self, rows: list[Row]) -> list[Cell]:
        """Of each of these rows."""
        if self.cell is not None:
            return [self.cell(row) for row in rows]
        assert self.many is not None
        known = self.many(rows)
        return [known.get(row.id) for row in rows]  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Choice:
    """A filter by one of some values; the condition of an unknown value is never asked for."""

    key: str
    label: Any
    options: Callable[[], Sequence[tuple[str, Any]]]
    where: Callable[[str], ColumnElement[bool]]
    order: Keys = ()  # of the rows that are left, where it is not that of the list


@dataclass(frozen=True, slots=True)
class Period:
    """A filter by the days from and to, both included: ``key_from`` and ``key_to`` in the address. The column
    holds days, or instants.
    """

    key: str
    label: Any
    column: Any


@dataclass(frozen=True, slots=True)
class Bulk(Generic[Row]):
    """What can be done with chosen rows, each in its own transaction; raises PortalError to refuse one."""

    key: str
    label: Any
    icon: str
    permission: Permission
    act: Callable[[Row], None]
    sure: Any = ""  # what is asked before, where it cannot be undone


class Nothing(NamedTuple):
    """What an empty list says, and the button that it begins with."""

    title: Any
    text: Any = ""
    label: Any = ""
    url: str = ""


class Near(NamedTuple):
    """Another text that finds something where the typed one finds nothing, and more of them."""

    text: str
    others: list[str]


class Search(NamedTuple, Generic[Row]):
    """By words: a query and the keys of its order, "" gives everything; what is looked at; what was looked up
    in place of a text that finds nothing.
    """

    find: Callable[[str], tuple[Select[Any], Keys]]
    hint: Any
    near: Callable[[str], Near | None] = lambda _text: None


@dataclass(frozen=True, slots=True)
class Listing(Generic[Row]):
    """A list of one kind of record.

    query: what the acting person may see, with what the cells need loaded. order: the keys of the order that
    it has when nothing else is asked. total: a column of cents that is added up. within: the Choice whose
    value is a part of the page's address, where the list is that of one record; without it there is no list.
    """

    name: str
    label: Any
    endpoint: str
    permission: Permission
    model: Any
    query: Callable[[], Select[Any]]
    columns: list[Column[Row]]
    order: Keys
    nothing: Callable[[], Nothing]
    load: Sequence[Any] = ()
    filters: Sequence[Choice | Period] = ()
    search: Search[Row] | None = None
    total: Any = None
    within: str = ""
    bulk: Sequence[Bulk[Row]] = field(default_factory=tuple)

    def column(self, key: str) -> Column[Row] | None:
        return next((column for column in self.columns if column.key == key), None)


LISTINGS: dict[str, Listing[Any]] = {}


def define(listing: Listing[Row]) -> Listing[Row]:
    """Make a list known by its name, for its files, its saved views and its bulk actions."""
    if listing.name in LISTINGS:
        raise KeyError(f"two lists are called {listing.name}")
    LISTINGS[listing.name] = listing
    return listing
