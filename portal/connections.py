"""Connections to the database: how they begin, how long they wait, and whether they still stand."""

import contextvars
import time
from typing import Any

from psycopg import Connection as Driver
from psycopg import ServerCursor
from psycopg.pq import Escaping, ExecStatus, TransactionStatus
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import DisconnectionError

LOCK_SECONDS = 10  # how long a statement waits for a lock; then a page answers 503, a task is put off
_SCOPE = "scope"  # in what is known of a connection: the path that its server has not heard yet
_TRUSTED_SECONDS = 1  # how long one that was just used is taken to be there

# SQLite: a transaction that will write must say so when it begins, or it fails under concurrency.
reading_only: contextvars.ContextVar[bool] = contextvars.ContextVar("reading_only", default=False)


def prepare_engine(engine: Engine) -> None:
    """SQLite: write-ahead log, foreign keys, and writers that queue instead of failing.

    PostgreSQL: raises RuntimeError for a role that row-level security does not hold back.
    """
    if engine.dialect.name != "sqlite":
        _require_held_back(engine)

        @event.listens_for(engine, "connect")
        def be_patient_for(connection: Any, record: Any) -> None:
            connection.execute(f"SET lock_timeout = '{LOCK_SECONDS}s'")
            connection.commit()
            record.info["used_at"] = time.monotonic()

        @event.listens_for(engine, "checkin")
        def note_when(_: Any, record: Any) -> None:
            record.info["used_at"] = time.monotonic()
            record.info.pop(_SCOPE, None)

        @event.listens_for(engine, "checkout")
        def ask_whether_it_is_there(connection: Any, record: Any, _: Any) -> None:
            """Asked for each page, it would cost as much as two of the page's own questions."""
            if time.monotonic() - record.info["used_at"] < _TRUSTED_SECONDS:
                return
            try:
                engine.dialect.do_ping(connection)
            except engine.dialect.loaded_dbapi.Error as gone:
                raise DisconnectionError from gone

        @event.listens_for(engine, "do_execute")
        def plan_for_its_values(cursor: Any, statement: str, values: Any, context: Any) -> bool:
            """A plan that is kept for every scope would be made for a small one, and sort a large one."""
            _announce(cursor.connection, context.root_connection.info)
            if not statement.startswith("SELECT") or isinstance(cursor, ServerCursor):
                return False
            cursor.execute(statement, values, prepare=False)
            return True

        @event.listens_for(engine, "do_executemany")
        def announce_before_many(cursor: Any, _statement: str, _values: Any, context: Any) -> None:
            _announce(cursor.connection, context.root_connection.info)

        @event.listens_for(engine, "do_execute_no_params")
        def announce_before(cursor: Any, _statement: str, context: Any) -> None:
            _announce(cursor.connection, context.root_connection.info)

        return

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # we send BEGIN ourselves, so DDL is transactional too
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute(f"PRAGMA busy_timeout={LOCK_SECONDS * 1000}")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN" if reading_only.get() else "BEGIN IMMEDIATE")


def tell_scope(connection: Connection, path: str | None) -> None:
    """Row-level security of PostgreSQL sees what lies below a path, from the next statement on."""
    if connection.dialect.name == "postgresql":
        connection.info[_SCOPE] = path or ""


def _announce(driver: "Driver[Any]", told: dict[Any, Any]) -> None:
    """Say the scope where it is another one, on one way with the beginning of the transaction."""
    path = told.pop(_SCOPE, None)
    server = driver.pgconn
    status = server.transaction_status
    if path is None or status == TransactionStatus.INERROR:  # that one takes nothing but its end
        return
    is_begun = status == TransactionStatus.INTRANS
    if is_begun or not (driver.autocommit or driver.isolation_level):
        scope = b"SET LOCAL app.scope = " + Escaping(server).escape_literal(path.encode())
        if server.exec_(scope if is_begun else b"BEGIN; " + scope).status == ExecStatus.COMMAND_OK:
            return
    driver.execute("select set_config('app.scope', %s, true)", (path,))  # raises what is wrong


def _require_held_back(engine: Engine) -> None:
    question = "select rolsuper or rolbypassrls from pg_roles where rolname = current_user"
    with engine.connect() as connection:
        held_back = not connection.execute(text(question)).scalar()
    engine.dispose()  # a server that forks must not hand this connection to its children
    if not held_back:
        raise RuntimeError(
            "Le rôle PostgreSQL de DATABASE_URL est SUPERUSER ou BYPASSRLS : la sécurité par ligne ne le "
            "retient pas. Créez deux rôles NOSUPERUSER NOBYPASSRLS (deploy/postgresql.sql)."
        )
