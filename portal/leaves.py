"""Rows that nothing refers to by number, such as lines of the journal: in a run, all of them are written at
once.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from sqlalchemy import Connection, insert

from portal.db import Base, db

_LEAVES, _ROWS, _COUNTS = "leaves", "leaves.rows", "leaves.counts"


def add_leaf(row: Base) -> None:
    """Add a row to which no other row refers by its number."""
    waiting: list[Base] | None = db.session.info.get(_LEAVES)
    if waiting is None:
        db.session.add(row)
    else:
        waiting.append(row)


def add_rows(connection: Connection, model: type[Base], rows: list[dict[str, Any]]) -> None:
    """Insert rows of one table now; inside :func:`leaves_together` with the others, at its end."""
    table: Any = model.__table__
    together: dict[Any, list[dict[str, Any]]] | None = db.session.info.get(_ROWS)
    if together is not None:
        together.setdefault(table, []).extend(rows)
    elif rows:
        connection.execute(insert(table), rows)


class Counted(Protocol):
    """What can be done as often as it was asked for, at once."""

    def __call__(self, what: Any, /, *, many: int) -> None: ...


def count_together(act: Counted, what: Any) -> None:
    """Do something about ``what``; inside :func:`leaves_together` once, at its end, for all who asked."""
    counts: Counter[tuple[Counted, Any]] | None = db.session.info.get(_COUNTS)
    if counts is None:
        act(what, many=1)
    else:
        counts[act, what] += 1


@contextmanager
def leaves_together() -> Iterator[None]:
    """Write the leaves of the block at its end, each table in one statement that asks for no numbers.

    Inside the block no query sees them; an error drops them.
    """
    waiting: list[Base] = []
    counts: Counter[tuple[Counted, Any]] = Counter()
    tables: dict[Any, list[dict[str, Any]]] = {}
    db.session.info.update({_LEAVES: waiting, _ROWS: tables, _COUNTS: counts})
    try:
        yield
        db.session.flush()
    finally:
        del db.session.info[_LEAVES], db.session.info[_ROWS], db.session.info[_COUNTS]
    for row in waiting:
        tables.setdefault(row.__table__, []).append(_values(row))
    for table, rows in tables.items():
        db.session.connection().execute(insert(table), rows)
    for (act, what), number in counts.items():
        act(what, many=number)


def _values(row: Base) -> dict[str, Any]:
    """What was given to a row; the rest are the defaults of its columns."""
    held = vars(row)
    return {column.key: held[column.key] for column in row.__table__.columns if column.key in held}
