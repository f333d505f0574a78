"""What a measurement does to tables, for which the role of the running portal has no right on PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text

from portal.db import db
from tests.installation import owner_engine


@contextmanager
def owner() -> Iterator[Connection]:
    """A connection of the role that the tables belong to; each statement is committed at once."""
    address = db.engine.url.render_as_string(hide_password=False)
    engine = owner_engine(address) or db.engine
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("select set_config('app.scope', '/', false)"))
        yield connection
    if engine is not db.engine:
        engine.dispose()


def fit_sequences() -> None:
    """The next row of every table gets a number behind the last one; PostgreSQL counts apart."""
    with owner() as connection:
        if connection.dialect.name != "postgresql":
            return
        for table in db.metadata.sorted_tables:
            if "id" in table.c:
                connection.execute(
                    text(
                        f"select setval(pg_get_serial_sequence('{table}', 'id'), "
                        f"coalesce((select max(id) from {table}), 1))"
                    )
                )


def analyse() -> None:
    """As a database does by itself after a while."""
    with owner() as connection:
        connection.execute(text("vacuum analyze" if connection.dialect.name == "postgresql" else "analyze"))
