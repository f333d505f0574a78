"""Machines report their backups: once, bounded, under a token of their own."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from portal.backups.models import BackupIncident, BackupRun, Machine
from portal.backups.receive import RUNS_PER_HOUR
from portal.db import db
from portal.journal import SYSTEM
from portal.licensing.models import find_activation
from tests.backups.reporting import NIGHT, a_body, a_key, a_machine, a_token, a_watched_machine, post, told
from tests.builders import House, a_customer, stored

Browser = Callable[..., FlaskClient]


def count(model: type) -> int:
    return db.session.scalar(db.select(db.func.count(model.id))) or 0


def test_an_activated_machine_is_watched_and_gets_a_token_that_reports(
    house: House, browser: Browser
) -> None:
    client, key = browser(), a_key(a_customer(house.reseller))
    proof = {"key": key.code, "fingerprint": "m1"}
    assert client.post("/api/v1/activations", json=proof | {"hostname": "Compta"}).status_code == 201
    answer = client.post("/api/v1/machine-tokens", json=proof)
    machine = db.session.scalars(db.select(Machine)).one()
    assert (answer.status_code, answer.json["machine"], machine.name) == (201, machine.uid, "Compta")
    assert answer.json["token"] not in (machine.token_hash, "")
    assert post(client, answer.json["token"], a_body()).status_code == 201
    run = db.session.scalars(db.select(BackupRun)).one()
    assert (run.machine_id, run.ended_at, run.source_bytes, run.files_total) == (
        machine.id,
        NIGHT,
        10**9,
        1000,
    )


def test_a_new_token_replaces_the_one_before(house: House, browser: Browser) -> None:
    machine, first = a_watched_machine(house)
    second = a_token(machine)
    client = browser()
    refused = post(client, first, a_body())
    assert (refused.status_code, refused.json["error"]["code"]) == (401, "UNKNOWN_TOKEN")
    assert post(client, second, a_body()).status_code == 201


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Bearer nothing", "Basic abc"])
def test_without_a_right_token_nothing_is_taken(house: House, browser: Browser, header: str | None) -> None:
    a_watched_machine(house)
    headers = {} if header is None else {"Authorization": header}
    answer = browser().post("/api/v1/backup-reports", json=a_body(), headers=headers)
    assert (answer.status_code, answer.json["error"]["code"]) == (401, "UNKNOWN_TOKEN")
    assert count(BackupRun) == 0


def test_only_a_machine_of_the_key_gets_a_token(house: House, browser: Browser) -> None:
    client = browser()
    machine, _token = a_watched_machine(house)
    key = machine.activation.key
    other = a_key(a_customer(house.other, name="Autre", siren=None))
    body = {"key": other.code, "fingerprint": machine.activation.fingerprint}
    answer = client.post("/api/v1/machine-tokens", json=body)
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "NOT_ACTIVATED")
    unknown = client.post("/api/v1/machine-tokens", json={"key": key.code, "fingerprint": "nobody"})
    assert (unknown.status_code, unknown.json["error"]["code"]) == (404, "NOT_ACTIVATED")
    key.revoke(by=SYSTEM)
    gone = client.post("/api/v1/machine-tokens", json=body | {"key": key.code})
    assert (gone.status_code, gone.json["error"]["code"]) == (410, "REVOKED")
    assert find_activation(key, "nobody") is None


def test_the_same_run_twice_is_one_row_and_one_answer(house: House, browser: Browser) -> None:
    _machine, token = a_watched_machine(house)
    client, body = browser(), a_body(outcome="partial", incident_texts=["fichier illisible"])
    first, second = post(client, token, body), post(client, token, body)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json == second.json
    assert "Idempotent-Replay" not in first.headers
    assert second.headers["Idempotent-Replay"] == "true"
    assert (count(BackupRun), count(BackupIncident)) == (1, 1)


def test_the_same_run_told_otherwise_is_refused(house: House, browser: Browser) -> None:
    _machine, token = a_watched_machine(house)
    client = browser()
    post(client, token, a_body())
    answer = post(client, token, a_body(outcome="failed"))
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "RUN_CHANGED")
    assert db.session.scalars(db.select(BackupRun)).one().outcome == "ok"


def test_the_example_of_the_documentation_is_taken(house: House, browser: Browser) -> None:
    page = (Path(__file__).parents[2] / "docs" / "machines.md").read_text()
    example = json.loads(page.split("```json")[1].split("```")[0])
    _machine, token = a_watched_machine(house)
    assert post(browser(), token, example).status_code == 201
    run = db.session.scalars(db.select(BackupRun)).one()
    assert (run.outcome, run.incidents, run.files_total) == ("partial", 2, 181220)
    named = {
        line.split("|")[1] for line in page.splitlines() if line.startswith("| `") and "/api/" not in line
    }
    assert {name for cell in named for name in cell.replace("`", "").replace(",", " ").split()} == {
        *example,
        "trouble",
    }


def test_two_machines_may_use_the_same_run_id(house: House, browser: Browser) -> None:
    machine, token = a_watched_machine(house)
    other = a_token(a_machine(machine.activation.key, "poste-2"))
    client = browser()
    assert post(client, token, a_body()).json != post(client, other, a_body()).json
    assert count(BackupRun) == 2


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"run_id": ""}, "run_id"),
        ({"run_id": "x" * 65}, "run_id"),
        ({"run_id": 7}, "run_id"),
        ({"outcome": "fine"}, "outcome"),
        ({"outcome": ["ok"]}, "outcome"),
        ({"trouble": "locked"}, "trouble"),
        ({"outcome": "failed", "trouble": "none of ours"}, "trouble"),
        ({"source_bytes": -1}, "source_bytes"),
        ({"source_bytes": 2**63}, "source_bytes"),
        ({"added_bytes": 1.5}, "added_bytes"),
        ({"files_total": True}, "files_total"),
        ({"files_new": None}, "files_new"),
        ({"started_at": "2026-11-23T01:00:00"}, "started_at"),
        ({"started_at": "2026-11-23T01:00:00+01:00"}, "started_at"),
        ({"started_at": "1999-12-31T23:59:59Z"}, "started_at"),
        ({"ended_at": "yesterday"}, "ended_at"),
        ({"started_at": told(NIGHT + timedelta(seconds=1))}, "ended_at"),
        ({"ended_at": "2026-11-23T10:00:01Z"}, "ended_at"),
        ({"incident_texts": "one"}, "incident_texts"),
        ({"incident_texts": ["x"] * 51}, "incident_texts"),
        ({"incident_texts": ["x" * 501]}, "incident_texts"),
        ({"incident_texts": ["a\nb"]}, "incident_texts"),
        ({"incident_texts": ["a\u0085b"]}, "incident_texts"),
        ({"incident_texts": ["\ud800"]}, "incident_texts"),
        ({"incident_texts": ["a", "b"], "incidents": 1}, "incidents"),
        ({"incidents": 10**6 + 1}, "incidents"),
        ({"snapshot_id": "x" * 65}, "snapshot_id"),
        ({"client_version": ""}, "client_version"),
    ],
)
def test_a_report_out_of_bounds_names_its_field(
    house: House, browser: Browser, wrong: dict[str, object], field: str
) -> None:
    _machine, token = a_watched_machine(house)
    answer = post(browser(), token, a_body() | wrong)
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "INVALID")
    assert answer.json["error"]["field"] == field
    assert count(BackupRun) == 0


@pytest.mark.parametrize("body", [[], "text", None, 3])
def test_only_an_object_is_a_report(house: House, browser: Browser, body: object) -> None:
    _machine, token = a_watched_machine(house)
    assert post(browser(), token, body).status_code == 422


def test_everything_at_its_greatest_is_kept(house: House, browser: Browser) -> None:
    _machine, token = a_watched_machine(house)
    most = 2**63 - 1
    body = a_body(
        run_id="r" * 64,
        source_bytes=most,
        added_bytes=most,
        files_new=most,
        files_changed=most,
        files_total=most,
        incidents=10**6,
        incident_texts=["é" * 500] * 50,
        snapshot_id="a" * 64,
        client_version="v" * 40,
        outcome="failed",
        trouble="damaged",
    )
    assert post(browser(), token, body).status_code == 201
    run = db.session.scalars(db.select(BackupRun)).one()
    assert (run.files_total, run.incidents, len(run.incident_rows)) == (most, 10**6, 50)


def test_a_clock_that_is_ahead_does_not_hide_a_lateness(house: House, browser: Browser) -> None:
    machine, token = a_watched_machine(house)
    body = a_body(ended_at=datetime(2026, 11, 23, 9, 59, tzinfo=UTC))  # it is 9:00
    assert post(browser(), token, body).status_code == 201
    assert stored(machine).ended_at == datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def test_an_older_run_that_comes_later_does_not_become_the_last_one(house: House, browser: Browser) -> None:
    machine, token = a_watched_machine(house)
    client = browser()
    post(client, token, a_body("new"))
    post(client, token, a_body("old", NIGHT - timedelta(days=1), outcome="failed"))
    assert (stored(machine).outcome, machine.ended_at) == ("ok", NIGHT)
    assert count(BackupRun) == 2


def test_a_run_after_the_end_of_the_licence_is_refused(
    house: House, browser: Browser, at: Callable[[datetime], None]
) -> None:
    _machine, token = a_watched_machine(house)
    client = browser()
    at(datetime(2027, 11, 25, 9, 0, tzinfo=UTC))
    last = a_body("last", datetime(2027, 11, 22, 22, 59, tzinfo=UTC))  # 23:59 in Paris, last paid day
    assert post(client, token, last).status_code == 201
    answer = post(client, token, a_body("after", datetime(2027, 11, 22, 23, 1, tzinfo=UTC)))
    assert (answer.status_code, answer.json["error"]["code"]) == (410, "EXPIRED")


@pytest.mark.slow
def test_a_machine_that_reports_without_end_is_asked_to_wait(
    house: House, browser: Browser, at: Callable[[datetime], None]
) -> None:
    machine, token = a_watched_machine(house)
    client = browser()
    for number in range(RUNS_PER_HOUR):
        assert post(client, token, a_body(f"run-{number}")).status_code == 201
    answer = post(client, token, a_body("one-more"))
    assert (answer.status_code, answer.json["error"]["code"]) == (429, "TOO_MANY")
    assert answer.headers["Retry-After"] == "3600"
    assert post(client, token, a_body("run-0")).status_code == 201  # known already: only told again
    other = a_token(a_machine(machine.activation.key, "poste-2"))
    assert post(client, other, a_body()).status_code == 201
    at(datetime(2026, 11, 23, 10, 0, 1, tzinfo=UTC))
    assert post(client, token, a_body("one-more")).status_code == 201
