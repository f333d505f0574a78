"""An installation of its own for tests that kill processes: real files, real database, real worker."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from app import create_app
from portal.crypto.seals import make_seal_certificate
from portal.crypto.secrets import create_key_file
from portal.db import EVERYTHING, db, new_uid, set_scope

ROOT = Path(__file__).resolve().parent.parent


def create_database(url: str, name: str) -> None:
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE template0'))
    admin.dispose()


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


def kill(process: "subprocess.Popen[bytes]") -> None:
    """kill -9 of a worker and of everything that it started."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextmanager
def an_installation(folder: Path) -> Iterator[Installation]:
    """Keys, an empty migrated database of its own, no process."""
    database = f"sqlite:///{folder / 'portal.db'}"
    url = os.environ.get("TEST_DATABASE_URL", "")
    if url.startswith("postgresql"):
        name = f"own_{new_uid()}"
        create_database(url, name)
        database = make_url(url).set(database=name).render_as_string(hide_password=False)
    create_key_file(folder, *make_seal_certificate("Essai", date(2026, 11, 1)))
    agent = str(folder / "key-agent.sock")
    environment = {
        **os.environ,
        "DATA_DIR": str(folder),
        "DATABASE_URL": database,
        "PYTHONPATH": str(ROOT),
        "JOB_LEASE_SECONDS": "2",
        "LOG_LEVEL": "WARNING",
        "SMTP_URL": "",
        "BLOB_URL": str(folder / "blobs"),
        "KEY_AGENT_SOCKET": agent,
    }
    application = create_app(
        TESTING=True,
        WTF_CSRF_ENABLED=False,
        DATA_DIR=folder,
        SQLALCHEMY_DATABASE_URI=database,
        BLOB_URL=str(folder / "blobs"),
        JOB_LEASE_SECONDS=2,
        KEY_AGENT_SOCKET=agent,
    )
    with application.app_context():
        upgrade()
    try:
        yield Installation(folder, environment, application)
    finally:
        with application.app_context():
            db.session.remove()
            db.engine.dispose()
