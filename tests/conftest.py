"""One application per worker, one outer transaction per test, on the database of TEST_DATABASE_URL."""

import contextlib
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from hypothesis import settings
from sqlalchemy.engine import make_url

from app import create_app
from portal import clock
from portal.accounts.models import User, open_sign_in
from portal.crypto.seals import make_seal_certificate
from portal.crypto.secrets import create_key_file
from portal.db import EVERYTHING, db, set_scope
from tests import builders
from tests.installation import create_database

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # 10:00 in Paris


def _database_url(folder: Path) -> str:
    """A database of this worker's own: a SQLite file, or a fresh PostgreSQL database."""
    url = os.environ.get("TEST_DATABASE_URL", "")
    if not url.startswith("postgresql"):
        return f"sqlite:///{folder / 'test.db'}"
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    name = f"portal_{worker}_{os.getpid()}"
    create_database(url, name)
    return make_url(url).set(database=name).render_as_string(hide_password=False)


class Client(FlaskClient):
    """Every request in an application context of its own, as in production: own session, own ``g``."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        db.session.commit()  # what the test prepared; the request sees nothing else
        with self.application.app_context():
            return super().open(*args, **kwargs)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """On the integration server nothing is skipped: a skipped test is a failed one."""
    report = yield
    if report.skipped and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"skipped with CI=true: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def app() -> Iterator[Flask]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        key, certificate = make_seal_certificate("Essai", MONDAY)
        create_key_file(folder, key, certificate)
        os.environ["DATA_DIR"] = name
        os.environ["LOG_LEVEL"] = "CRITICAL"
        application = create_app(
            TESTING=True,
            DEMO=True,
            WTF_CSRF_ENABLED=False,
            DATA_DIR=folder,
            SQLALCHEMY_DATABASE_URI=_database_url(folder),
            BLOB_URL=str(folder / "blobs"),
            KEY_AGENT_SOCKET=str(folder / "agent.sock"),
            COUNT_SECONDS=0,
            ERASE_COOLING_HOURS=0,
        )
        application.test_client_class = Client
        with application.app_context():
            upgrade()
        yield application
        with application.app_context():
            db.engine.dispose()


@pytest.fixture(autouse=True)
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """The clock stands still on a Monday; ``at(instant)`` moves it."""

    def move(instant: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: instant)

    move(MONDAY)
    return move


@pytest.fixture
def tables(app: Flask) -> Iterator[None]:
    """The database, inside a transaction that is undone after the test."""
    with app.app_context():
        engine = db.engine
        connection = engine.connect()
        outer = connection.begin()
        engines = db._app_engines[app]
        engines[None] = connection
        try:
            set_scope(EVERYTHING)
            yield
        finally:
            db.session.remove()
            engines[None] = engine
            with contextlib.suppress(Exception):
                outer.rollback()
            connection.close()


@pytest.fixture
def house(tables: None) -> builders.House:
    """A provider, two resellers, and the people of every role."""
    return builders.a_house()


@pytest.fixture
def browser(app: Flask, tables: None) -> Callable[..., FlaskClient]:
    """``browser(user)`` is a client signed in as that person; ``browser()`` is a stranger."""

    def open_browser(user: User | None = None) -> FlaskClient:
        client = app.test_client()
        if user is not None:
            _row, token = open_sign_in(user, address="127.0.0.1", browser="test")
            db.session.commit()
            client.set_cookie(app.config["SIGN_IN_COOKIE"], token)
        return client

    return open_browser


warnings.filterwarnings("error")
settings.register_profile("house", deadline=None)  # speed is measured in bench/, never asserted here
settings.load_profile("house")
