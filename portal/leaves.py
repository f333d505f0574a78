"""Rows that nothing refers to by number, such as lines of the journal: in a run, all of them are written at
once.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Protocol

from sqlalchemy import Connection, Select, bindparam, func, insert, inspect, select, update
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.exc import StaleDataError

from portal import clock
from portal.db import Base, db, new_uid

_LEAVES, _ROWS, _COUNTS, _SCOPE = "leaves", "leaves.rows", "leaves.counts", "leaves.scope"


def _waiting(what: str) -> Any:
    """What waits for the end of the block; None outside one, and in another scope than the one it began in:
    at its end, row-level security would refuse what that scope may write.
    """
    info = db.session.info
    return info.get(what) if info.get(_SCOPE) == info.get("scope") else None


def add_leaf(row: Base) -> None:
    """Add a row to which no other row refers by its number."""
    waiting: list[Base] | None = _waiting(_LEAVES)
    if waiting is None:
        db.session.add(row)
    else:
        waiting.append(row)


def add_leaf_of(model: type[Any], *, organisation: Any, **values: Any) -> None:
    """The same of a row that nobody asks for again: in a run it is never more than its columns."""
    together: dict[Any, list[dict[str, Any]]] | None = _waiting(_ROWS)
    if together is None:
        db.session.add(model(organisation=organisation, **values))
        return
    own = {"uid": new_uid(), "created_at": clock.now()}
    own |= {"organisation_id": organisation.id, "org_path": organisation.org_path}
    together.setdefault(model.__table__, []).append(own | values)


def add_rows(connection: Connection, model: type[Base], rows: list[dict[str, Any]]) -> None:
    """Insert rows of one table now; inside :func:`leaves_together` with the others, at its end."""
    table: Any = model.__table__
    together: dict[Any, list[dict[str, Any]]] | None = _waiting(_ROWS)
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

    Inside the block no query sees them; an error drops them. What is added in another scope meanwhile is
    written by the session, in that one.
    """
    waiting: list[Base] = []
    counts: Counter[tuple[Counted, Any]] = Counter()
    tables: dict[Any, list[dict[str, Any]]] = {}
    own = {_LEAVES: waiting, _ROWS: tables, _COUNTS: counts, _SCOPE: db.session.info.get("scope")}
    db.session.info.update(own)
    try:
        yield
        _give_numbers()
        db.session.flush()
    finally:
        for held in own:
            del db.session.info[held]
    for row in waiting:
        tables.setdefault(row.__table__, []).append(_values(row))
    for table, rows in tables.items():
        db.session.connection().execute(insert(table), rows)
    for (act, what), number in counts.items():
        act(what, many=number)


def _give_numbers() -> None:
    """PostgreSQL: rows that others refer to know their numbers before they are written, so that each table
    is one statement of many values, which is prepared once, and answers nothing.
    """
    connection = db.session.connection()
    if connection.dialect.name != "postgresql":
        return
    waiting: dict[Any, list[Any]] = {}
    for row in db.session.new:
        if row.id is None:
            waiting.setdefault(row.__table__, []).append(row)
    for table, rows in waiting.items():
        numbers = connection.scalars(_next_numbers(table), {"many": len(rows)})
        for row, number in zip(rows, numbers, strict=True):
            row.id = number


@cache
def _next_numbers(table: Any) -> Select[int]:
    rows = func.generate_series(1, bindparam("many"))
    return select(func.nextval(f"{table.name}_id_seq")).select_from(rows)


def drop_leaves() -> None:
    """Inside :func:`leaves_together`: forget what it was to write, because all of it is written anew."""
    for held in (_LEAVES, _ROWS, _COUNTS):
        db.session.info[held].clear()


def update_together(rows: Iterable[Any], name: str) -> None:
    """Write one changed column of many rows of a table that has versions, in one statement.

    Rows with further changes are left to the session. Raises StaleDataError where somebody else has written
    one of them since it was read.
    """
    changed = [row for row in rows if _changes(row) == {name}]
    if not changed:
        return
    table: Any = changed[0].__table__
    statement = (
        update(table)
        .where(table.c.id == bindparam("own"), table.c.version == bindparam("read"))
        .values({name: bindparam("new"), "version": table.c.version + 1})
    )
    values = [{"own": row.id, "read": row.version, "new": getattr(row, name)} for row in changed]
    if db.session.connection().execute(statement, values).rowcount != len(changed):
        raise StaleDataError(f"rows of {table.name} were written by somebody else")
    for row, each in zip(changed, values, strict=True):
        set_committed_value(row, name, each["new"])
        set_committed_value(row, "version", each["read"] + 1)


def _changes(row: Any) -> set[str]:
    state = inspect(row)
    return {name for name in state.committed_state if state.attrs[name].history.has_changes()}


def _values(row: Base) -> dict[str, Any]:
    """What was given to a row; the rest are the defaults of its columns."""
    held = vars(row)
    return {column.key: held[column.key] for column in row.__table__.columns if column.key in held}
