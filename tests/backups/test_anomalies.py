"""A run that says well and left nothing plausible is not green, is told once, and holds what would erase."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import jobs
from portal.backups.anomalies import BackupAnomaly, holds_erasure
from portal.backups.health import Health
from portal.backups.plausible import has_left_nothing, has_shrunk, is_mass_change
from portal.db import EVERYTHING, db, set_scope
from portal.engine.models import register_vault
from portal.engine.port import Usage
from portal.mail import Mail
from tests.backups.reporting import NIGHT, a_body, a_token, of_dobaas, post
from tests.builders import House, stored

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]


def mails(kind: str) -> list[Mail]:
    set_scope(EVERYTHING)
    return list(db.session.scalars(db.select(Mail).where(Mail.kind == kind).order_by(Mail.id)))


def nights(client: Any, token: str, at: At, count: int, first: int = 0, **values: Any) -> None:
    for number in range(first, first + count):
        ended = NIGHT + timedelta(days=number)
        at(ended + timedelta(hours=1))
        assert post(client, token, a_body(f"run-{number}", ended, **values)).status_code == 201
        set_scope(EVERYTHING)


@pytest.fixture
def watched(house: House, app: Flask) -> tuple[Any, Any, str]:
    """A machine, its vault, its token."""
    machine, subscription = of_dobaas(house)
    vault = register_vault(machine.customer, name="V", location="/nowhere", subscription_uid=subscription.uid)
    db.session.commit()
    return machine, vault, a_token(machine)


def test_an_empty_backup_after_a_full_one_is_not_green(
    house: House, browser: Browser, at: At, watched: tuple[Any, Any, str]
) -> None:
    machine, vault, token = watched
    nights(browser(), token, at, 2)
    assert stored(machine).health == Health.FRESH
    nights(browser(), token, at, 2, first=2, source_bytes=0, files_total=0, files_new=0, files_changed=0)
    assert stored(machine).health == Health.ANOMALOUS
    assert len(mails("backups/mail_anomaly")) == 1, "told once, although the next run is empty too"
    assert "0" in mails("backups/mail_anomaly")[0].body and mails("backups/mail_anomaly_staff")
    assert holds_erasure(vault)
    set_scope(EVERYTHING)

    client = browser(house.support)
    page = client.get(f"/backups/{machine.uid}").text
    assert "anormale" in page and "au lieu de" in page
    set_scope(EVERYTHING)
    row = db.session.scalars(db.select(BackupAnomaly)).one()
    where = f"/backups/anomalies/{row.uid}/seeing"
    assert client.post(where, data={"note": ""}).status_code == 422
    set_scope(EVERYTHING)
    assert browser(house.reader).post(where, data={"note": "x"}).status_code == 403
    assert client.post(where, data={"note": "Disque remplacé."}).status_code == 303
    set_scope(EVERYTHING)
    assert stored(machine).health == Health.FRESH and not holds_erasure(vault)


def test_ten_times_more_changed_files_than_usual_hold_the_vault(
    browser: Browser, at: At, watched: tuple[Any, Any, str]
) -> None:
    machine, vault, token = watched
    nights(browser(), token, at, 6)
    nights(browser(), token, at, 1, first=6, files_changed=400)
    assert stored(machine).health == Health.ANOMALOUS and holds_erasure(vault)
    assert "407" not in mails("backups/mail_anomaly")[0].body
    assert "403" in mails("backups/mail_anomaly")[0].body, "new and changed, beside the ten of each night"


def test_a_good_run_without_a_new_snapshot_in_the_vault_is_told(
    browser: Browser, at: At, watched: tuple[Any, Any, str]
) -> None:
    machine, vault, token = watched
    nights(browser(), token, at, 1, snapshot_id="aa11bb22")
    at(NIGHT + timedelta(hours=6))
    vault.measured(Usage(10**9, 9, 3, NIGHT - timedelta(minutes=5), 1, 0))
    db.session.commit()
    assert stored(machine).health == Health.FRESH
    nights(browser(), token, at, 1, first=1, snapshot_id="cc33dd44")
    at(NIGHT + timedelta(days=1, hours=6))
    vault.measured(Usage(10**9, 9, 3, NIGHT - timedelta(minutes=5), 1, 0))
    db.session.commit()
    assert stored(machine).health == Health.ANOMALOUS
    assert "rien de nouveau" in mails("backups/mail_anomaly")[0].body


def test_a_silence_is_told_in_the_morning_once_until_the_machine_speaks_again(
    house: House, browser: Browser, at: At, watched: tuple[Any, Any, str]
) -> None:
    machine, _vault, token = watched
    nights(browser(), token, at, 1)  # due within two days: until Wednesday, 03:00 in Paris
    for hours in (47, 49, 52, 53, 76, 100):
        at(NIGHT + timedelta(hours=hours))
        jobs.run_periodic()
        db.session.commit()
        set_scope(EVERYTHING)
        told = len(mails("backups/mail_silent"))
        assert told == (0 if hours < 53 else 1), f"after {hours} hours: {told}"
    assert machine.name in mails("backups/mail_silent_staff")[0].body
    nights(browser(), token, at, 1, first=5)
    at(NIGHT + timedelta(days=8))
    at(datetime(2026, 12, 1, 9, tzinfo=UTC))
    jobs.run_periodic()
    assert len(mails("backups/mail_silent")) == 2


def test_what_is_plausible() -> None:
    assert has_shrunk(49, [100]) and not has_shrunk(50, [100]) and not has_shrunk(0, [])
    assert is_mass_change(200, 1000, [10, 10, 10]) and not is_mass_change(200, 1001, [10, 10, 10])
    assert not is_mass_change(200, 1000, [10, 10]) and not is_mass_change(200, 1000, [20, 20, 20])
    assert not is_mass_change(0, 0, [1, 1, 1])
    began, later = NIGHT, NIGHT + timedelta(hours=5)
    assert has_left_nothing(began, None, later) and not has_left_nothing(began, None, began)
    assert has_left_nothing(began, began - timedelta(hours=2), later)
    assert not has_left_nothing(began, began - timedelta(minutes=30), later), "clocks differ a little"
