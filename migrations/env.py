"""How Alembic reaches the database: one script for SQLite and PostgreSQL.

On SQLite a table is changed by copying it. With foreign keys enforced, dropping the original would delete
every child row, so enforcement is off during migrations and checked at the end.
"""

from typing import Any

import sqlalchemy as sa
from alembic import context
from flask import current_app

from migrations.grants import grant_run_time
from portal import clock
from portal.db import UtcDateTime, db

config = context.config


def render_item(kind: str, item: Any, autogen_context: Any) -> Any:
    """Write plain column types, so that old migrations never import today's code."""
    if kind != "type":
        return False
    if isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if isinstance(item, db.Enum):
        return f"sa.String({item.length})"
    return False


def date_id(_context: Any, _revision: Any, directives: list[Any]) -> None:
    """New ids are dated like their files. The first migrations keep « n01 »: databases carry them."""
    for directive in directives:
        directive.rev_id = clock.now().strftime("%Y%m%d_%H%M")


def is_ours(name: str | None, kind: str, _parents: Any) -> bool:
    """The tables of the library that wakes the workers are no models of the portal."""
    return kind != "table" or not (name or "").startswith("procrastinate_")


def owner() -> sa.Engine:
    """Who changes tables: a role of its own on PostgreSQL, if one is set."""
    url = current_app.config["OWNER_DATABASE_URL"]
    return sa.create_engine(url, poolclass=sa.NullPool) if url else db.engine


def run() -> None:
    with owner().connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:
            connection.connection.execute("PRAGMA foreign_keys=OFF")
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            render_as_batch=True,
            compare_type=True,
            include_name=is_ours,
            render_item=render_item,
            process_revision_directives=date_id,
        )
        with context.begin_transaction():
            if not sqlite:  # else row-level security hides every row from a migration that changes some
                connection.execute(sa.text("select set_config('app.scope', '/', true)"))
                # Whoever works goes first: a step that cannot have its table at once is for another minute.
                connection.execute(sa.text("set local lock_timeout = '5s'"))
            context.run_migrations()
            if current_app.config["OWNER_DATABASE_URL"]:
                grant_run_time(connection, db.engine.url.username or "")
        if sqlite:
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
            connection.rollback()
            connection.connection.execute("PRAGMA foreign_keys=ON")
            if broken:
                raise RuntimeError(f"dangling references after migration: {broken[:5]}")


if context.is_offline_mode():
    raise SystemExit("migrations need a database: row-level security depends on it")
assert current_app
run()
