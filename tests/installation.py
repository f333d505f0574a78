"""An installation of its own for tests that kill processes: real files, real database, real worker."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from app import create_app
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
        process = subprocess.Popen(command, env=self.environment, cwd=ROOT, stdout=log, stderr=log,
                                   start_new_session=True)  # fmt: skip
        log.close()
        return process

    @contextmanager
    def context(self) -> Iterator[None]:
        """An application context that sees everything, with a session of its own."""
        with self.app.app_context():
            set_scope(EVERYTHING)
            yield
            db.session.rollback()


def kill(process: "subprocess.Popen[bytes]") -> None:
    """kill -9 of a worker and of everything that it started."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextmanager
def an_installation(folder: Path) -> Iterator[Installation]:
    """Keys, an empty migrated database, no server."""
    url = os.environ.get("TEST_DATABASE_URL", "")
    database = f"sqlite:///{folder / 'portal.db'}"
    if url.startswith("postgresql"):
        name = f"kill_{new_uid()}"
        create_database(url, name)
        database = make_url(url).set(database=name).render_as_string(hide_password=False)
    environment = {
        **os.environ, "DATA_DIR": str(folder), "DATABASE_URL": database, "PYTHONPATH": str(ROOT),
        "JOB_LEASE_SECONDS": "2", "LOG_LEVEL": "WARNING", "SMTP_URL": "",
    }  # fmt: skip
    prepare = [sys.executable, str(ROOT / "bin" / "prepare.py")]
    subprocess.run(prepare, env=environment, cwd=ROOT, check=True, capture_output=True)
    application = create_app(
        TESTING=True, DATA_DIR=folder, SQLALCHEMY_DATABASE_URI=database, BLOB_URL=str(folder / "blobs"),
        JOB_LEASE_SECONDS=2, WTF_CSRF_ENABLED=False,
        KEY_AGENT_SOCKET=str(folder / "key-agent.sock"),
    )  # fmt: skip
    try:
        yield Installation(folder, environment, application)
    finally:
        with application.app_context():
            db.engine.dispose()
