"""Rows that nothing refers to by number, such as lines of the journal: in a run, all of them are written at
once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import insert

from portal.db import Base, db

_LEAVES = "leaves"


def add_leaf(row: Base) -> None:
    """Add a row to which no other row refers by its number."""
    waiting: list[Base] | None = db.session.info.get(_LEAVES)
    if waiting is None:
        db.session.add(row)
    else:
        waiting.append(row)


@contextmanager
def leaves_together() -> Iterator[None]:
    """Write the leaves of the block at its end, each table in one statement that asks for no numbers.

    Inside the block no query sees them; an error drops them.
    """
    waiting: list[Base] = []
    db.session.info[_LEAVES] = waiting
    try:
        yield
    finally:
        del db.session.info[_LEAVES]
    db.session.flush()
    tables: dict[Any, list[dict[str, Any]]] = {}
    for row in waiting:
        tables.setdefault(row.__table__, []).append(_values(row))
    for table, rows in tables.items():
        db.session.connection().execute(insert(table), rows)


def _values(row: Base) -> dict[str, Any]:
    """What was given to a row; the rest are the defaults of its columns."""
    held = vars(row)
    return {column.key: held[column.key] for column in row.__table__.columns if column.key in held}
