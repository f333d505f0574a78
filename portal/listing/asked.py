"""What an address asks of a list: words, filters, an order; and the rows that answer it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from flask import abort, g, request, url_for
from sqlalchemy import Select

from portal.access import holds
from portal.db import db
from portal.deadlines import start_of_paris_day
from portal.listing.cells import Cell
from portal.listing.definition import FILE, Bulk, Choice, Column, Keys, Listing, Near, Period
from portal.paging import Count, Page, page_of, summed

Row = TypeVar("Row")

READ = 10_000  # rows that are counted and added up; above, a list says « more than »
_AT_ONCE = 500  # rows of a file
_LONGEST = 100  # characters of a search


@dataclass(frozen=True, slots=True)
class Sum:
    """How many rows there are, and what they amount to in cents; None where nothing is added up."""

    count: Count
    cents: int | None


class Asked(Generic[Row]):
    """One list as one address wants it. ``values``: what was understood of the address."""

    def __init__(self, listing: Listing[Row], wanted: Any = None) -> None:
        self.listing = listing
        wanted = request.args if wanted is None else wanted
        self.values: dict[str, str] = {}
        self.query, self.keys = self._searched(wanted)
        for each in listing.filters:
            self._filter(each, wanted)
        self._sort(wanted)
        if listing.within and listing.within not in self.values:
            abort(404)

    def _searched(self, wanted: Any) -> tuple[Select[Any], Keys]:
        text = str(wanted.get("q", ""))[:_LONGEST].replace("\0", "").strip()
        if text:
            self.values["q"] = text
        if self.listing.search is not None:
            return self.listing.search.find(text)
        return self.listing.query(), self.listing.order

    def _filter(self, each: Choice | Period, wanted: Any) -> None:
        if isinstance(each, Choice):
            value = str(wanted.get(each.key, ""))
            if value and value in {str(known) for known, _label in each.options()}:
                self.values[each.key] = value
                self.query = self.query.where(each.where(value))
                self.keys = each.order or self.keys
            return
        for end in ("from", "to"):
            name = f"{each.key}_{end}"
            if (day := _day(str(wanted.get(name, "")))) is not None:
                self.values[name] = day.isoformat()
                edge = _edge(day if end == "from" else day + timedelta(1), each.column)
                limit = each.column >= edge if end == "from" else each.column < edge
                self.query = self.query.where(limit)

    def _sort(self, wanted: Any) -> None:
        text = str(wanted.get("sort", ""))
        column = self.listing.column(text.lstrip("-"))
        if column is None or column.sort is None or text.count("-") > 1:
            return
        self.values["sort"] = text
        own = self.listing.model.id
        self.keys = (column.sort.desc(), own.desc()) if text.startswith("-") else (column.sort, own)

    @property
    def file_columns(self) -> list[Column[Row]]:
        """Those that the acting person's role may see."""
        return [each for each in self.listing.columns if holds(g.actor, each.permission)]

    @property
    def columns(self) -> list[Column[Row]]:
        """Those of the page."""
        return [each for each in self.file_columns if each.rank != FILE]

    def page(self) -> Page[Row]:
        return page_of(self.query.options(*self.listing.load), *self.keys)

    def lines(self, rows: list[Row]) -> list[tuple[Row, list[tuple[Column[Row], Cell]]]]:
        """Each row of a page with its columns and cells."""
        columns = self.columns
        named = [list(zip(columns, cells, strict=True)) for cells in _by_row(columns, rows)]
        return list(zip(rows, named, strict=True))

    def all_cells(self) -> Iterator[list[Cell]]:
        """The cells of all rows, in their order, read little by little."""
        ordered = self.query.options(*self.listing.load).order_by(None).order_by(*self.keys)
        found = db.session.scalars(ordered.execution_options(yield_per=_AT_ONCE))
        for rows in found.partitions():
            yield from _by_row(self.file_columns, list(rows))

    def sum(self) -> Sum:
        """Counted and added up as far as a person reads."""
        count, cents = summed(self.query, self.listing.model.id, self.listing.total, most=READ)
        return Sum(count, cents)

    @property
    def near(self) -> Near | None:
        """What was looked up in place of the typed text, which finds nothing."""
        search, text = self.listing.search, self.values.get("q", "")
        return search.near(text) if search and text else None

    @property
    def chosen(self) -> dict[str, str]:
        """What the address asks beyond the record whose list it is."""
        return {name: value for name, value in self.values.items() if name != self.listing.within}

    @property
    def whole(self) -> str:
        """The list with nothing asked of it."""
        return self.address(**dict.fromkeys(self.chosen))

    def address(self, **changed: str | None) -> str:
        """The list with other wishes; None takes one away."""
        values: dict[str, Any] = {name: each for name, each in {**self.values, **changed}.items() if each}
        return url_for(self.listing.endpoint, **values)

    @property
    def wishes(self) -> str:
        """What is asked for, as it stands in an address; "" when nothing is."""
        return urlencode(self.values)

    def sorting(self, column: Column[Row]) -> str:
        """aria-sort of a column's head."""
        wanted = self.values.get("sort", "")
        if wanted.lstrip("-") != column.key:
            return "none"
        return "descending" if wanted.startswith("-") else "ascending"

    def sort_address(self, column: Column[Row]) -> str:
        turned = f"-{column.key}" if self.values.get("sort") == column.key else column.key
        return self.address(sort=turned)

    def bulk(self) -> list[Bulk[Row]]:
        """The bulk actions that the acting person's role may do."""
        return [each for each in self.listing.bulk if holds(g.actor, each.permission)]


def _by_row(columns: list[Column[Row]], rows: list[Row]) -> list[list[Cell]]:
    by_column = [column.cells(rows) for column in columns]
    return [list(cells) for cells in zip(*by_column, strict=True)]


def _edge(day: date, column: Any) -> date:
    """A day as the column has it: where it holds instants, the first one of that day in Paris."""
    holds_instants = getattr(column.type, "impl_instance", column.type).python_type is datetime
    return start_of_paris_day(day) if holds_instants else day


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
