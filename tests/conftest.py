"""One application per worker, one outer transaction per test, on the database of TEST_DATABASE_URL."""

import contextlib
import gc
import os
import re
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings
from jinja2 import FileSystemBytecodeCache

from app import create_app
from portal import clock
from portal.accounts.models import User, open_sign_in
from portal.crypto.secrets import create_key_file
from portal.db import EVERYTHING, db, set_scope
from tests import builders, installation

os.environ["SECOND_FACTOR"] = "offered"  # of every installation here; who tests the other says so
os.environ["VIES_URL"] = os.environ["SIREN_REGISTER"] = ""  # no test asks a real register
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # 10:00 in Paris


# Whoever asks for one of these needs a database, and is run on both; all other tests are run once.
NEED_A_DATABASE = {"app", "new_database", "an_installation"}
# With a database, these open real repositories: left out of `make check` like all that is slow.
ANY_WILL_DO = {"deploy"}  # about what stands before the portal: run once
OPEN_VAULTS = {"engine", "reversibility", "restore_requests", "custody"}
# Their work is files and words, which no database decides: run on SQLite, and on both what `DECIDED` names.
ABOUT_FILES = {*OPEN_VAULTS, "safekeeping", "operations", "correspondence", "guide", "certificates", "notes"}
DECIDED = re.compile(r"at_once|claims|migration|states|shared|backup")
# What is killed on both: the work of a room goes by steps that all rooms share (portal/jobs), so that a kill
# in each of the others is tried once, on the stricter engine.
KILLED_ON_BOTH = {"tests", "sepa", "safekeeping"}
# What a page shows and refuses; each page opens on PostgreSQL in a walk of its own (test_reachable.py).
SHOWN = re.compile(
    r"test_(views|pages?|words|confirming|paper|evidence_pack|signing|brand_surfaces|\w+_form)"
)
# Lists, search, migrations, walks over everything: on both, like what DECIDED names. The rest is run once by
# `make test`, on the stricter engine; `make check` runs it on SQLite.
ON_BOTH = {"tests", "search", "operations", "safekeeping"}
CASES = 3  # of a table of cases inside a room: so many run on PostgreSQL too


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    cases: Counter[tuple[Path, str]] = Counter()
    for item in items:
        room = item.path.parent.name
        asked = NEED_A_DATABASE & set(getattr(item, "fixturenames", ()))
        if not asked or room in ANY_WILL_DO:
            continue
        item.add_marker("database")
        if room in OPEN_VAULTS:
            item.add_marker("slow")
        test = item.path, getattr(item, "originalname", item.name)
        cases[test] += 1
        many = room != "tests" and room != "search" and cases[test] > CASES
        once = many or room in ABOUT_FILES or SHOWN.fullmatch(item.path.stem)
        named = f"{item.path.stem} {test[1]}"
        decided = DECIDED.search(named) or (room in KILLED_ON_BOTH and "kill" in named)
        if once and not decided:
            item.add_marker("words")
        elif not decided and room not in ON_BOTH:
            item.add_marker("server")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Shuffled, and chosen by their marks, they are dealt to the processes."""
    session.items[:] = dealt(session.items, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))
    gc.freeze()  # thousands of tests stay until the end, too


def dealt(items: list[pytest.Item], processes: int) -> list[pytest.Item]:
    """Those that ask for more time than others are begun first, one by each process in turn.

    xdist gives every process a run of neighbours of the same length: no process is left alone with the
    longest at the end.
    """
    asked = {item: marker.args[0] for item in items if (marker := item.get_closest_marker("timeout"))}
    longest = sorted(asked, key=lambda item: (-asked[item], item.nodeid))
    rest = [item for item in items if item not in asked]
    order: list[pytest.Item] = []
    for process in range(processes):
        count = (len(items) - len(order)) // (processes - process)
        own = longest[process::processes]
        others = max(count - len(own), 0)
        order += own + rest[:others]
        del rest[:others]
    return order + rest


def pytest_terminal_summary(terminalreporter: Any) -> None:
    passed = terminalreporter.stats.get("passed", [])
    if not passed:
        return
    counted = sum("database" in report.keywords for report in passed)
    engine = "PostgreSQL" if installation.is_postgresql() else "SQLite"
    terminalreporter.write_line(f"{counted} with a database ({engine}), {len(passed) - counted} without")


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
        create_key_file(folder, *installation.seal())
        os.environ["DATA_DIR"] = name
        os.environ["LOG_LEVEL"] = "CRITICAL"
        application = create_app(
            TESTING=True,
            DEMO=True,
            WTF_CSRF_ENABLED=False,
            DATA_DIR=folder,
            SQLALCHEMY_DATABASE_URI=installation.new_database(folder),
            BLOB_URL=str(folder / "blobs"),
            KEY_AGENT_SOCKET=str(folder / "agent.sock"),
            COUNT_SECONDS=0,
            ERASE_COOLING_HOURS=0,
            VAULT_HOSTS="http://127.0.0.1:*",
        )
        application.test_client_class = Client
        application.jinja_env.bytecode_cache = FileSystemBytecodeCache(_compiled_templates())
        yield application
        with application.app_context():
            db.engine.dispose()


def _compiled_templates() -> str:
    """A folder that all processes share: each template is compiled once, not once by each of them."""
    place = Path(tempfile.gettempdir()) / f"portal-templates-{os.getuid()}"
    place.mkdir(mode=0o700, exist_ok=True)
    return str(place)


@pytest.fixture(scope="session")
def new_database() -> Callable[[Path], str]:
    """``new_database(folder)`` is the address of a migrated database without rows."""
    return installation.new_database


@pytest.fixture(scope="session")
def an_installation() -> installation.Installs:
    """``with an_installation(folder) as place``: keys, a database of its own, no process."""
    return installation.an_installation


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
def no_badges(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """For who walks hundreds of pages: the menu says not how much waits behind each entry."""
    monkeypatch.setitem(app.jinja_env.globals, "badges", dict)


@pytest.fixture
def house(tables: None) -> builders.House:
    """A provider, two resellers, and the people of every role."""
    return builders.a_house()


@pytest.fixture
def browser(app: Flask, tables: None) -> Callable[..., FlaskClient]:
    """``browser(user)`` is a client signed in as that person; ``browser()`` is a stranger.

    She has just shown who she is, and is not asked again; ``confirmed=False``: before grave acts she is.
    """

    def open_browser(user: User | None = None, *, confirmed: bool = True) -> FlaskClient:
        client = app.test_client()
        if user is not None:
            row, token = open_sign_in(user, address="127.0.0.1", browser="test")
            row.confirmed_at = datetime(2099, 1, 1, tzinfo=UTC) if confirmed else None
            db.session.commit()
            client.set_cookie(app.config["SIGN_IN_COOKIE"], token)
        return client

    return open_browser


gc.freeze()  # what the imports made stays until the end
warnings.filterwarnings("error")
settings.register_profile("house", deadline=None)  # speed is measured in bench/, never asserted here
settings.load_profile("house")
