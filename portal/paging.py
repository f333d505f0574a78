"""Lists page by page: so many rows after a key, and the way to the next ones. Nothing is cut in silence."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Self, TypeVar
from urllib.parse import urlencode

from flask import current_app, has_request_context, request
from sqlalchemy import Select, and_, func, literal, or_, select, true, union_all
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import UnaryExpression

from portal.db import db

PAGE = 25
_LONGEST = 2000  # characters of a cursor: it may hold two long names

Row = TypeVar("Row")


class Page(list[Row]):
    """Some rows of a list; ``link`` is the address of those that follow, "" when there are none."""

    def __init__(self, rows: Iterable[Row], link: str = "") -> None:
        super().__init__(rows)
        self.link = link


def page_of(
    query: Select[Any], *keys: Any, size: int = PAGE, name: str = "after", address: str = ""
) -> Page[Any]:
    """The rows of a query in the order of ``keys``, from where the parameter ``name`` of the address says.

    The keys are columns or expressions that are never NULL, such as ``Order.id.desc()``; together they name
    one row. Several lists on one page have names of their own. A cursor that is none gives the first page.
    ``address`` is the page where this is not an address that a person opens.
    """
    columns = [_column(key) for key in keys]
    ordered = query.order_by(None).order_by(*keys).add_columns(*columns).limit(size + 1)
    if (cursor := _cursor(name, columns)) is not None:
        ordered = ordered.where(_later(keys, cursor))
    found = db.session.execute(ordered).all()
    rows = [row[: -len(keys)] if len(row) > len(keys) + 1 else row[0] for row in found[:size]]
    return Page(rows, _link(name, found[size - 1][-len(keys) :], address) if len(found) > size else "")


def page_of_parts(
    parts: list[tuple[Select[Any], tuple[Any, ...]]], *, size: int = PAGE, name: str = "after"
) -> Page[Any]:
    """Like :func:`page_of` for a list that is several queries one after the other, each with its keys.

    No part needs a sort that the others share: the cursor says in which part it stands.
    """
    at, cursor = _part_cursor(name, parts)
    rows: list[Any] = []
    last: list[Any] = []
    for number, (query, keys) in enumerate(parts[at:], at):
        columns = [_column(key) for key in keys]
        ordered = query.order_by(None).order_by(*keys).add_columns(*columns)
        if number == at and cursor is not None:
            ordered = ordered.where(_later(keys, cursor))
        found = db.session.execute(ordered.limit(size + 1 - len(rows))).all()
        for row in found:
            if len(rows) == size:
                return Page(rows, _link(name, last, ""))
            rows.append(row[0])
            last = [number, *row[1:]]
    return Page(rows)


def _part_cursor(name: str, parts: list[Any]) -> tuple[int, list[Any] | None]:
    text = request.args.get(name, "")[:_LONGEST] if has_request_context() else ""
    try:
        number, *values = json.loads(text)
        if type(number) is not int or not 0 <= number < len(parts):
            return 0, None
        columns = [_column(key) for key in parts[number][1]]
        return number, [_read(value, column) for value, column in zip(values, columns, strict=True)]
    except (ValueError, TypeError):
        return 0, None


def first_of(query: Select[Any], size: int) -> list[Any]:
    """A preview: the page that shows it says where all the rows are."""
    return list(db.session.scalars(query.limit(size)))


def chunk_of(query: Select[Any], size: int) -> list[Any]:
    """A portion of work: whoever asks comes again for the rest, or says that there is one."""
    found = db.session.execute(query.limit(size))
    return list(found.scalars() if len(query.column_descriptions) == 1 else found)


COUNTED = 1000  # a person reads no further


class Count(int):
    """How many there are; ``is_more``: it stopped counting, there are more."""

    is_more: bool

    def __new__(cls, number: int, *, is_more: bool = False) -> Self:
        made = super().__new__(cls, number)
        made.is_more = is_more
        return made


def count_of(*queries: Select[Any]) -> Count:
    """How many rows these queries have together, counted no further than a person reads."""
    total = 0
    for query in queries:
        counted = query.order_by(None).limit(COUNTED + 1 - total).subquery()
        total += db.session.scalar(select(func.count()).select_from(counted)) or 0
        if total > COUNTED:
            return Count(COUNTED, is_more=True)
    return Count(total)


def counts_of(queries: Mapping[str, Select[Any]], most: int) -> dict[str, int]:
    """How many rows each of these queries has, counted to ``most``: all of them in one statement."""
    return counted(counting(queries, most)) if queries else {}


def counting(queries: Mapping[str, Select[Any]], most: int) -> Select[tuple[str, int]]:
    """The statement that counts the rows of each of these queries, one at least; may be kept."""
    arms = [
        select(literal(name), func.count()).select_from(query.order_by(None).limit(most).subquery())
        for name, query in queries.items()
    ]
    together = union_all(*arms).subquery()
    return select(together.c[0], together.c[1])


def counted(statement: Select[tuple[str, int]]) -> dict[str, int]:
    """What such a statement finds now."""
    return {str(name): int(count) for name, count in db.session.execute(statement)}


def summed(query: Select[Any], key: Any, amount: Any, *, most: int) -> tuple[Count, int | None]:
    """How many rows, and what ``amount`` comes to over all of them; None where there are more than ``most``,
    or where nothing is to be added up (``amount`` is None).
    """
    wanted = query.with_only_columns(key if amount is None else amount, maintain_column_froms=True)
    few = wanted.order_by(None).limit(most + 1).subquery()
    added = func.count() if amount is None else func.coalesce(func.sum(few.c[0]), 0)
    count, total = db.session.execute(select(func.count(), added).select_from(few)).one()
    if count > most:
        return Count(most, is_more=True), None
    return Count(count), None if amount is None else int(total)


def few_of(query: Select[Any]) -> Select[Any]:
    """No more rows than a person reads, and one, which says that there are more."""
    return query.limit(COUNTED + 1)


def total_of(query: Select[Any]) -> int:
    """How many rows a query has."""
    return db.session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0


def cursor_of(text: str) -> int | None:
    """The row number in a page address, or None for anything that is not one."""
    is_number = text.isascii() and text.isdigit() and len(text) <= 18
    return int(text) if is_number else None


def _column(key: Any) -> Any:
    return key.element if isinstance(key, UnaryExpression) else key


def _is_descending(key: Any) -> bool:
    return isinstance(key, UnaryExpression) and key.modifier is operators.desc_op


def _later(keys: Iterable[Any], values: Iterable[Any]) -> Any:
    """SQL condition: the rows that come after the one with these values."""
    found: list[Any] = []
    same: Any = true()
    for key, value in zip(keys, values, strict=True):
        column = _column(key)
        bound = literal(value, column.type)
        found.append(and_(same, column < bound if _is_descending(key) else column > bound))
        same = and_(same, column == bound)
    return or_(*found)


def _cursor(name: str, columns: list[Any]) -> list[Any] | None:
    """What the address says, one value for each column; None for anything that is not that."""
    text = request.args.get(name, "")[:_LONGEST] if has_request_context() else ""
    try:
        values = json.loads(text)
        return [_read(value, column) for value, column in zip(values, columns, strict=True)]
    except (ValueError, TypeError):
        return None


def _read(value: Any, column: Any) -> Any:
    kind = getattr(column.type, "impl_instance", column.type).python_type
    if kind is date:
        return date.fromisoformat(value)
    if kind is datetime:
        instant = datetime.fromisoformat(value)
        return instant.astimezone(UTC) if instant.tzinfo else _none(value)
    if type(value) is not (kind if kind in (bool, int) else str):
        return _none(value)
    if isinstance(value, str):
        return _none(value) if "\0" in value else value.encode().decode()
    return value if abs(value) < 2**63 else _none(value)


def _none(value: Any) -> Any:
    raise ValueError(value)


def _link(name: str, values: Iterable[Any], address: str) -> str:
    """The address of the page that is shown, from this row on; other choices stay."""
    if not has_request_context():
        return "#"
    cursor = json.dumps([v.isoformat() if isinstance(v, date) else v for v in values], ensure_ascii=False)
    return f"{address or _page()}?{urlencode({**request.args.to_dict(), name: cursor})}"


def _page() -> str:
    """The present address; for a form that was refused, the page above it."""
    router = current_app.create_url_adapter(request)
    path = request.path
    while router is not None and path and not router.test(path, "GET"):
        path = path.rpartition("/")[0]
    return request.root_path + (path or "/")
