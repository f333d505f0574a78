"""All of a load is one transaction of the database, whatever commits inside: killed, it leaves nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from portal.db import db


@contextmanager
def one_transaction() -> Iterator[None]:
    """Commits inside end a savepoint only; the whole is kept at the end of the block, or not at all.

    Every context of the application that is opened inside works on the same connection.
    """
    engines: Any = db.engines
    engine = db.engine
    db.session.remove()
    with engine.begin() as connection:
        engines[None] = connection
        try:
            yield
        finally:
            db.session.remove()
            engines[None] = engine
