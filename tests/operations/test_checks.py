"""What is unsafe does not start, and says why."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import create_engine, text

from app import create_app
from portal import config
from portal.crypto.secrets import Keyring, create_key_file
from portal.db import db
from portal.operations.checks import judge, judge_surroundings
from portal.safekeeping.known_keys import keys_fit, remember_keys
from tests import installation
from tests.builders import House
from tests.installation import Installation, Installs
from tests.safekeeping.places import run

ROOT = Path(__file__).resolve().parent.parent.parent
FLASK = str(Path(sys.executable).parent / "flask")

GOOD = {
    "PUBLIC_URL": "https://portail.example.com",
    "SMTP_URL": "smtps://portail:secret@mail.example.com:465",
    "MAIL_FROM": "portail@example.com",
    "BLOB_URL": "s3://documents/portail",
    "BACKUP_REPO": "s3:https://stockage.example.com/sauvegarde",
}


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The settings of an environment."""
    for name in ("DEMO", "PRIVATE_TARGETS", "JOB_LEASE_SECONDS", "ERASE_COOLING_HOURS", "PROXY_COUNT"):
        monkeypatch.delenv(name, raising=False)

    def of(**changes: str) -> dict[str, object]:
        for name, value in (GOOD | changes).items():
            monkeypatch.setenv(name, value)
        return config.from_environment()

    yield of


def test_a_production_that_is_set_up_is_accepted(settings: Any) -> None:
    assert judge(settings()) == []
    assert judge(settings(MAIL_FROM="Portail des coffres <portail@example.com>")) == []


@pytest.mark.parametrize(
    ("change", "blamed"),
    [
        ({"PUBLIC_URL": "nonsense"}, "PUBLIC_URL"),
        ({"PUBLIC_URL": "http://portail.example.com"}, "PUBLIC_URL"),
        ({"DEMO": "1"}, "DEMO"),
        ({"DEMO": "1", "PUBLIC_URL": "http://192.0.2.1"}, "DEMO"),
        ({"SMTP_URL": ""}, "SMTP_URL"),
        ({"SMTP_URL": "localhost:25"}, "SMTP_URL"),
        ({"SMTP_URL": "https://x"}, "SMTP_URL"),
        ({"MAIL_FROM": "nonsense"}, "MAIL_FROM"),
        ({"BLOB_URL": "s3:/typo/x"}, "BLOB_URL"),
        ({"BLOB_URL": "https://bucket"}, "BLOB_URL"),
        ({"JOB_LEASE_SECONDS": "-5"}, "JOB_LEASE_SECONDS"),
        ({"ERASE_COOLING_HOURS": "-3"}, "ERASE_COOLING_HOURS"),
        ({"PRIVATE_TARGETS": "1"}, "PRIVATE_TARGETS"),
        ({"BACKUP_KEEP": "often"}, "BACKUP_KEEP"),
    ],
)
def test_what_is_unsafe_is_refused(settings: Any, change: dict[str, str], blamed: str) -> None:
    assert [each.setting for each in judge(settings(**change)) if each.stops] == [blamed]


def test_a_demonstration_on_this_machine_is_accepted(settings: Any) -> None:
    for url in ("http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:8000"):
        local = {"DEMO": "1", "PUBLIC_URL": url, "SMTP_URL": "", "MAIL_FROM": "portail@localhost"}
        assert judge(settings(**local)) == []


def test_a_production_without_backups_is_told_and_not_refused(settings: Any) -> None:
    found = judge(settings(BACKUP_REPO=""))
    assert [(each.setting, each.stops) for each in found] == [("BACKUP_REPO", False)]


def test_no_cooling_is_told_and_not_refused(settings: Any) -> None:
    found = judge(settings(ERASE_COOLING_HOURS="0"))
    assert [(each.setting, each.stops) for each in found] == [("ERASE_COOLING_HOURS", False)]


def test_the_database_knows_its_keys(app: Flask, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    assert remember_keys() and keys_fit()
    monkeypatch.setattr(Keyring, "fingerprint", "f" * 32)
    assert not keys_fit() and not remember_keys()
    assert "DATA_DIR" in [each.setting for each in judge_surroundings() if each.stops]


def test_a_store_that_takes_nothing_is_told(
    app: Flask, house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setitem(app.config, "BLOB_URL", str(tmp_path / "file" / "below"))
    found = {each.setting: each for each in judge_surroundings()}
    assert found["BLOB_URL"].stops and found["BLOB_URL"].passes
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


@pytest.mark.parametrize(("version", "stops"), [("n01", True), ("29990101_0000", False)])
def test_an_older_schema_is_refused_and_one_that_is_newer_is_told(
    place: Installation, version: str, stops: bool
) -> None:
    address = place.environment["DATABASE_URL"]
    engine = installation.owner_engine(address) or create_engine(address)
    with engine.begin() as connection:
        connection.execute(text("update alembic_version set version_num = :v"), {"v": version})
    engine.dispose()
    with place.context():
        found = [each for each in judge_surroundings() if version in each.problem]
    assert [each.stops for each in found] == [stops]


if installation.is_postgresql():

    @pytest.mark.parametrize(("demo", "stops"), [("0", True), ("1", False)])
    def test_a_role_that_owns_its_tables_is_refused(place: Installation, demo: str, stops: bool) -> None:
        address = installation.owner_of(place.environment["DATABASE_URL"])
        done = checked(place, DATABASE_URL=address, DEMO=demo, SMTP_URL="smtp://127.0.0.1")
        assert ("REFUSÉ · DATABASE_URL : ce rôle possède ses tables" in done.output) is stops
        assert "possède ses tables" in done.output


@pytest.fixture
def place(an_installation: Installs, tmp_path: Path) -> Iterator[Installation]:
    (tmp_path / "first").mkdir()
    with an_installation(tmp_path / "first") as place:
        yield place


def checked(place: Installation, **changes: str) -> Result:
    """``flask check`` in an application that is built of such an environment, as a process does it."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**place.environment, "LOG_LEVEL": "CRITICAL", **changes}.items():
            patch.setenv(name, value)
        app = create_app()
    try:
        return run(app, "check")
    finally:
        with app.app_context():
            db.engine.dispose()


def started(place: Installation, *command: str, **changes: str) -> subprocess.CompletedProcess[str]:
    environment = {**place.environment, **changes}
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_the_command_answers_with_its_exit_code(place: Installation) -> None:
    good = checked(place)
    assert good.exit_code == 0 and "conviennent" in good.output
    bad = started(place, FLASK, "check", DEMO="0", PUBLIC_URL="http://portail.example.com")
    assert bad.returncode == 1
    assert "PUBLIC_URL" in bad.stdout and "SMTP_URL" in bad.stdout
    worker = started(place, FLASK, "worker", DEMO="0", PUBLIC_URL="http://portail.example.com")
    assert worker.returncode == 1 and "PUBLIC_URL" in worker.stderr


@pytest.mark.slow
def test_other_keys_are_refused_before_they_write_anything(place: Installation, tmp_path: Path) -> None:
    assert checked(place).exit_code == 0
    second = tmp_path / "second"
    second.mkdir()
    create_key_file(second, *installation.seal())
    foreign = checked(place, DATA_DIR=str(second))
    assert foreign.exit_code == 1 and "keys.json" in foreign.output
    prepare = str(ROOT / "bin" / "prepare.py")
    prepared = started(place, sys.executable, prepare, DATA_DIR=str(second))
    assert prepared.returncode == 1 and "keys.json" in prepared.stderr
    with place.context():
        assert keys_fit()
    shutil.copy(place.folder / "keys.json", second / "keys.json")
    (second / "keys.json").chmod(0o600)
    assert checked(place, DATA_DIR=str(second)).exit_code == 0
