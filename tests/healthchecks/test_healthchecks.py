"""An address hears each hour that all is well, or that a machine is silent; its failure stops nothing."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal import jobs
from portal.access import Role
from portal.backups.models import Machine
from portal.db import EVERYTHING, db, set_scope
from portal.healthchecks.models import HealthCheck
from portal.public_places import ask
from tests.backups.reporting import NIGHT, a_body, a_watched_machine, post
from tests.builders import House, a_user, work

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]


@pytest.fixture
def heard() -> Iterator[tuple[str, list[str]]]:
    """A monitoring on this machine, and the paths that it was called at."""
    paths: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/ping/canari", paths
    server.shutdown()
    server.server_close()


def a_machine_that_reported(house: House, browser: Browser) -> Machine:
    machine, token = a_watched_machine(house)
    assert post(browser(), token, a_body()).status_code in (200, 201, 202)
    return machine


def live(at: At, hour: datetime) -> None:
    at(hour)
    set_scope(EVERYTHING)
    jobs.run_periodic()
    work()
    db.session.rollback()
    set_scope(EVERYTHING)


def test_it_hears_that_all_is_well_and_then_that_a_machine_is_silent(
    app: Flask,
    house: House,
    browser: Browser,
    at: At,
    heard: tuple[str, list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(app.config, "PRIVATE_TARGETS", True)
    address, paths = heard
    a_machine_that_reported(house, browser)
    client = browser(house.owner)
    assert client.post("/health-check", data={"address": address}).status_code == 303
    page = client.get("/health-check").text
    assert "127.0.0.1" in page and "canari" not in page, "the secret is not shown again"
    live(at, datetime(2026, 11, 23, 10, tzinfo=UTC))
    live(at, datetime(2026, 11, 23, 10, 30, tzinfo=UTC))
    assert paths == ["/ping/canari"], "once an hour"
    live(at, NIGHT.replace(day=26))
    assert paths[-1] == "/ping/canari/fail"
    assert "au moins une machine" in browser(house.owner).get("/health-check").text
    assert browser(house.owner).post("/health-check/removal").status_code == 303
    assert db.session.scalar(select(HealthCheck.id)) is None


def test_a_customer_has_her_own_and_hears_nothing_of_the_others(
    app: Flask,
    house: House,
    browser: Browser,
    at: At,
    heard: tuple[str, list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(app.config, "PRIVATE_TARGETS", True)
    machine = a_machine_that_reported(house, browser)
    person = a_user(machine.customer.organisation, Role.CUSTOMER)
    db.session.commit()
    assert browser(person).post("/health-check", data={"address": heard[0]}).status_code == 303
    assert "127.0.0.1" not in browser(house.owner).get("/health-check").text
    live(at, datetime(2026, 11, 23, 10, tzinfo=UTC))
    assert heard[1] == ["/ping/canari"]


@pytest.mark.parametrize(
    "address", ["http://example.com", "https://127.0.0.1/x", "https://10.0.0.1", "https://[::1]/x", "nothing"]
)
def test_a_place_inside_the_network_is_refused_beside_its_field(
    house: House, browser: Browser, address: str
) -> None:
    answer = browser(house.owner).post("/health-check", data={"address": address})
    assert answer.status_code == 422 and "field-address" in answer.text
    assert db.session.scalar(select(HealthCheck.id)) is None


def test_a_call_looks_at_the_place_again_and_its_failure_is_only_noted(
    app: Flask, house: House, browser: Browser, at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "PRIVATE_TARGETS", True)
    a_machine_that_reported(house, browser)
    browser(house.owner).post("/health-check", data={"address": "https://127.0.0.1:1/ping"})
    monkeypatch.setitem(app.config, "PRIVATE_TARGETS", False)
    assert ask("GET", "https://127.0.0.1:1/ping") == "NewConnectionError", "private, whatever was kept"
    live(at, datetime(2026, 11, 23, 10, tzinfo=UTC))
    row = db.session.scalars(select(HealthCheck)).one()
    assert row.answer == "NewConnectionError" and row.was_well is True
    assert not db.session.scalar(select(jobs.Task.id).where(jobs.Task.state == jobs.TaskState.FAILED))
