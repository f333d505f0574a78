"""An installation of its own for tests that kill processes: real files, real database, real worker.

The migrations run once per process, into a template; every database of the tests is a copy of it.
"""

import atexit
import contextlib
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import httpx
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url

from app import create_app
from portal.crypto.seals import make_seal_certificate
from portal.crypto.secrets import create_key_file
from portal.db import EVERYTHING, db, new_uid, set_scope
from tests.forked import Forked

ROOT = Path(__file__).resolve().parent.parent
LOOPBACK = "http://127.0.0.1:*"  # the servers of the tests may hold vaults


def on_server(statement: str, who: str = "TEST_OWNER_DATABASE_URL") -> None:
    """Run a statement on the PostgreSQL server of the tests, outside of any transaction."""
    admin = create_engine(os.environ[who], isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(statement))
    admin.dispose()


@contextmanager
def roles_to_oneself() -> Iterator[None]:
    """Nobody else's test changes, or looks at, what the roles of the server may do."""
    with (Path(tempfile.gettempdir()) / f"portal-roles-{os.getuid()}").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def is_postgresql() -> bool:
    return os.environ.get("TEST_DATABASE_URL", "").startswith("postgresql")


def named(database: str, who: str = "TEST_DATABASE_URL") -> str:
    url = make_url(os.environ[who])
    return url.set(database=database).render_as_string(hide_password=False)


def owner_of(address: str) -> str:
    """The same database, as the role that its tables belong to; "" where there is but one."""
    return named(make_url(address).database or "", "TEST_OWNER_DATABASE_URL") if is_postgresql() else ""


def owner_engine(address: str) -> Engine | None:
    """As the owner of the tables, for what only the owner may; None where there is but one role."""
    return create_engine(owner_of(address)) if is_postgresql() else None


@cache
def seal() -> tuple[bytes, bytes]:
    """One key and certificate for every installation of a test run."""
    return make_seal_certificate("Essai", date(2026, 11, 1))


@cache
def template() -> str:
    """A migrated database without rows: the path of a SQLite file, or a name on the PostgreSQL server."""
    folder = Path(tempfile.mkdtemp(prefix="portal-template-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    name = f"template_{new_uid()}" if is_postgresql() else str(folder / "template.db")
    if is_postgresql():
        on_server(f'CREATE DATABASE "{name}" TEMPLATE template0')
    create_key_file(folder, *seal())
    address = named(name) if is_postgresql() else f"sqlite:///{name}"
    application = create_app(
        TESTING=True,
        DATA_DIR=folder,
        SQLALCHEMY_DATABASE_URI=address,
        OWNER_DATABASE_URL=owner_of(address),
        BLOB_URL=str(folder / "blobs"),
        KEY_AGENT_SOCKET=str(folder / "agent.sock"),
    )
    with application.app_context():
        upgrade()
        db.engine.dispose()
    return name


def empty_database(folder: Path) -> str:
    """The address of a database without tables."""
    if not is_postgresql():
        return f"sqlite:///{folder / 'portal.db'}"
    name = f"empty_{new_uid()}"
    on_server(f'CREATE DATABASE "{name}" TEMPLATE template0')
    return named(name)


def new_database(folder: Path) -> str:
    """The address of a migrated database without rows."""
    ready = template()
    if is_postgresql():
        name = f"own_{new_uid()}"
        on_server(f'CREATE DATABASE "{name}" TEMPLATE "{ready}"')
        return named(name)
    return f"sqlite:///{shutil.copy(ready, folder / 'portal.db')}"


@dataclass
class Installation:
    """Its folder, its environment, and the application for looking into it."""

    folder: Path
    environment: dict[str, str]
    app: Flask

    def worker(self) -> "subprocess.Popen[bytes]":
        command = [str(Path(sys.executable).parent / "flask"), "worker"]
        log = (self.folder / "worker.log").open("ab")
        process = subprocess.Popen(
            command, env=self.environment, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
        )
        log.close()
        return process

    @contextmanager
    def web(self) -> Iterator[str]:
        """A real web server, as in production; gives its address."""
        port = free_port()
        command = [str(Path(sys.executable).parent / "gunicorn"), "app:create_app()", "--workers", "1"]
        command += ["--bind", f"127.0.0.1:{port}", "--worker-class", "gthread", "--log-level", "error"]
        log = (self.folder / "web.log").open("ab")
        process = subprocess.Popen(
            command, env=self.environment, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
        )
        log.close()
        try:
            wait_for_port(port)
            httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=60)  # it listens before it has loaded
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait()

    @contextmanager
    def context(self) -> Iterator[None]:
        """An application context that sees everything, with a session of its own."""
        with self.app.app_context():
            set_scope(EVERYTHING)
            yield
            db.session.rollback()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def wait_for_port(port: int) -> None:
    for _ in range(600):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise TimeoutError(f"nobody answers on port {port}")


Installs = Callable[[Path], AbstractContextManager[Installation]]


def kill(process: "subprocess.Popen[bytes] | Forked") -> None:
    """kill -9 of a worker and of everything that it started."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    with contextlib.suppress(ProcessLookupError):  # until the last of them is gone, and its task is free
        for _ in range(300):  # some machines leave the dead for longer
            os.killpg(process.pid, 0)
            time.sleep(0.01)


@contextmanager
def an_application(folder: Path, database: str, **settings: object) -> Iterator[Flask]:
    """The application on a folder with its keys and a database; its connections end with the block."""
    application = create_app(
        TESTING=True,
        WTF_CSRF_ENABLED=False,
        DATA_DIR=folder,
        SQLALCHEMY_DATABASE_URI=database,
        OWNER_DATABASE_URL=owner_of(database),
        BLOB_URL=str(folder / "blobs"),
        KEY_AGENT_SOCKET=str(folder / "key-agent.sock"),
        **settings,
    )
    try:
        yield application
    finally:
        with application.app_context():
            db.session.remove()
            db.engine.dispose()


@contextmanager
def an_installation(folder: Path) -> Iterator[Installation]:
    """Keys, an empty migrated database of its own, no process."""
    database = new_database(folder)
    create_key_file(folder, *seal())
    environment = {
        **os.environ,
        "DATA_DIR": str(folder),
        "DATABASE_URL": database,
        "PYTHONPATH": str(ROOT),
        "JOB_LEASE_SECONDS": "2",
        "LOG_LEVEL": "WARNING",
        "SMTP_URL": "",
        "DEMO": "1",  # mails go into a folder
        "BLOB_URL": str(folder / "blobs"),
        "KEY_AGENT_SOCKET": str(folder / "key-agent.sock"),
        "VAULT_HOSTS": LOOPBACK,
    }
    with an_application(folder, database, JOB_LEASE_SECONDS=2, VAULT_HOSTS=LOOPBACK) as application:
        yield Installation(folder, environment, application)
