"""Which statements the database is asked while something happens."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from portal.db import db

_WORK = ("SELECT", "INSERT", "UPDATE", "DELETE")


@contextmanager
def statements() -> Iterator[list[str]]:
    """Those that read or write rows; transactions and their savepoints are left out."""
    told: list[str] = []

    def note(*asked: Any) -> None:
        if asked[2].startswith(_WORK):
            told.append(asked[2])

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield told
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
