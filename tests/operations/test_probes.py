"""Probes of machines: by address, without an account, and honest."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.exc import OperationalError

from portal import clock, jobs
from portal.db import db
from tests.builders import House

Browser = Callable[..., FlaskClient]


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.parametrize("host", ["10.0.0.7:8000", "[::1]", "portail.example", "evil.test"])
def test_a_probe_may_name_the_machine_by_its_address(browser: Browser, path: str, host: str) -> None:
    answer = browser().get(path, headers={"Host": host})
    assert (answer.status_code, answer.text) == (200, "ok\n")


def test_only_probes_may(browser: Browser, house: House) -> None:
    assert browser().get("/login", headers={"Host": "10.0.0.7"}).status_code == 400


def test_without_a_database_it_lives_and_is_not_ready(
    browser: Browser, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise OperationalError("select", {}, Exception("server closed the connection"))

    client = browser()
    monkeypatch.setattr(db.session, "execute", gone)
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert (answer.status_code, answer.text) == (503, "database: OperationalError\n")


def test_a_clock_that_is_off_is_not_ready(
    browser: Browser, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.operations.probes.clock_skew", lambda: -61.2)
    answer = browser().get("/readyz")
    assert (answer.status_code, answer.text) == (503, "clock: -61 s off the database's\n")


def test_figures_are_behind_their_token(
    app: Flask, browser: Browser, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = browser()
    assert client.get("/metrics").status_code == 404
    monkeypatch.setitem(app.config, "METRICS_TOKEN", "a-long-token")
    assert client.get("/metrics").status_code == 403
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 403
    jobs.enqueue("vault.measure", "x:y", house.reseller)
    answer = client.get("/metrics", headers={"Authorization": "Bearer a-long-token", "Host": "10.0.0.7"})
    assert answer.status_code == 200
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    assert found["portal_lane_queued", "upkeep"] == 1
    assert found["portal_lane_workers", "upkeep"] == 0
    assert found["portal_well",] == 0
    assert found["portal_duty_missed", "vault.measure"] == 1
    assert abs(found["portal_clock_skew_seconds",]) < 5


def test_the_machine_tells_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    assert clock.machine_ms() > 1_700_000_000_000
