"""The whole database as one file, at one point in time, and back into an empty one; on both engines."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import URL, Connection, NullPool, create_engine, inspect, make_url, text

from portal.db import EVERYTHING
from portal.engine.child import running
from portal.engine.errors import EngineError
from portal.errors import Refused

FILES = {"sqlite": "database.sqlite", "postgresql": "database.dump"}
_SILENCE_SECONDS = 12 * 3600.0
_SSL = ("sslmode", "sslrootcert", "sslcert", "sslkey", "passfile", "service")
Cancel = Callable[[], bool]


@dataclass(frozen=True)
class Facts:
    """What a database says of itself at one moment."""

    migration: str
    keys: str
    tables: dict[str, int]
    documents: list[tuple[str, str, str]]  # uid, kind, storage key; of those that are there, or should be


def whole_url() -> URL:
    """The database, by a role that reads all of it: ``OWNER_DATABASE_URL`` where that is set."""
    config = current_app.config
    return make_url(str(config["OWNER_DATABASE_URL"] or config["SQLALCHEMY_DATABASE_URI"]))


@contextmanager
def connected(url: URL) -> Iterator[Connection]:
    """A connection of its own, in one transaction that sees every row as it was when it began."""
    engine = create_engine(url, poolclass=NullPool)
    level = "REPEATABLE READ" if engine.dialect.name == "postgresql" else "SERIALIZABLE"
    try:
        with engine.connect().execution_options(isolation_level=level) as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("select set_config('app.scope', :all, true)"), {"all": EVERYTHING})
            yield connection
    finally:
        engine.dispose()


def facts(connection: Connection) -> Facts:
    names = inspect(connection).get_table_names()

    def one(statement: str) -> str:
        return str(connection.execute(text(statement)).scalar() or "")

    counted = {name: connection.execute(text(f'select count(*) from "{name}"')).scalar() for name in names}  # noqa: S608
    kept = "not erased and sha256 <> ''"  # a promised paper has none until it is printed
    rows = connection.execute(
        text(f"select uid, kind, storage_key from document where {kept} order by id")  # noqa: S608
    )
    return Facts(
        migration=one("select version_num from alembic_version"),
        keys=one("select fingerprint from known_keys where name = 'keys'"),
        tables={name: int(number or 0) for name, number in counted.items()},
        documents=[(row.uid, row.kind, row.storage_key) for row in rows],
    )


def copy_database(url: URL, folder: Path, cancel: Cancel | None = None) -> tuple[Path, Facts]:
    """Write the database into a file of ``folder``; what is told of it is of the same instant."""
    target = folder / FILES[url.get_backend_name()]
    if url.get_backend_name() == "sqlite":
        return target, _copy_sqlite(Path(str(url.database)), target)
    with connected(url) as connection:
        snapshot = connection.execute(text("select pg_export_snapshot()")).scalar()
        words = ["--format=custom", "--compress=0", "--enable-row-security", f"--snapshot={snapshot}"]
        _postgres("pg_dump", url, [*words, f"--file={target}"], cancel)
        return target, facts(connection)


def _copy_sqlite(path: Path, target: Path) -> Facts:
    target.unlink(missing_ok=True)
    with closing(sqlite3.connect(path, timeout=60)) as source:
        source.execute("VACUUM INTO ?", (str(target),))  # leaves what was deleted behind
    with connected(make_url(f"sqlite:///{target}")) as connection:
        return facts(connection)


def is_empty(url: URL) -> bool:
    """Has this database no table?"""
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
        return True
    with connected(url) as connection:
        return not inspect(connection).get_table_names()


def load_database(source: Path, url: URL, cancel: Cancel | None = None) -> None:
    """Fill an empty database from a file of :func:`copy_database`, wholly or not at all.

    Raises Refused for a file of the other engine, and for a database that has tables.
    """
    if source.name != FILES[url.get_backend_name()]:
        raise Refused(_("Cette sauvegarde vient de l'autre moteur de base de données."))
    if not is_empty(url):
        raise Refused(_("La base de données n'est pas vide : rien n'y est restauré."))
    if url.get_backend_name() == "sqlite":
        target = Path(str(url.database))
        part = target.with_name(f"{target.name}.part")
        shutil.copyfile(source, part)
        sync(part)
        for rest in ("-wal", "-shm"):
            target.with_name(target.name + rest).unlink(missing_ok=True)
        part.rename(target)
        sync(target.parent)
        return
    words = ["--single-transaction", "--exit-on-error", "--no-owner", "--enable-row-security"]
    words += [] if current_app.config["OWNER_DATABASE_URL"] else ["--no-privileges"]
    _postgres("pg_restore", url, [*words, f"--dbname={url.database}", str(source)], cancel)


def read_through(source: Path) -> None:
    """Read a PostgreSQL archive to its end without any database; raises Refused for a damaged one."""
    _postgres("pg_restore", None, ["--file=/dev/null", str(source)], None)


def _postgres(program: str, url: URL | None, words: Sequence[str], cancel: Cancel | None) -> None:
    env = {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "LC_ALL": "C.UTF-8",
        **(_libpq(url) if url else {}),
    }
    argv = [_program(program), *words]
    try:
        with running(argv, env=env, silence_seconds=_SILENCE_SECONDS, cancel=cancel) as child:
            child.output.read()
            child.finish()
    except EngineError as error:
        raise Refused(_("%(program)s a échoué : %(reason)s", program=program, reason=error.detail)) from None


def _program(name: str) -> str:
    """The newest one: pg_dump must not be older than the server."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name.zfill(4))
    found = [str(folder / name) for folder in folders if (folder / name).exists()]
    return found[-1] if found else shutil.which(name) or name


def _libpq(url: URL) -> dict[str, str]:
    """The address as libpq takes it from the environment; the password is never an argument."""
    query = {name: str(value) for name, value in url.query.items()}
    values = {
        "PGHOST": url.host or query.get("host"),
        "PGPORT": str(url.port) if url.port else query.get("port"),
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
        # Row-level security shows everything to this scope, also to the owner whom it holds back.
        "PGOPTIONS": f"{query.get('options', '')} -c app.scope={EVERYTHING}".strip(),
        **{f"PG{name.upper()}": query.get(name) for name in _SSL},
    }
    return {name: str(value) for name, value in values.items() if value}


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)
