"""The backup of the night and the drill of the week: done by the worker, told where somebody looks."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import create_engine, select, text

from portal import jobs
from portal.crypto.key_file import new_symmetric, read_key_file, write_key_file
from portal.db import db, set_scope
from portal.jobs import TaskState, find_task
from portal.mail import Mail
from portal.operations.state import work_state
from portal.safekeeping import drill as drills
from portal.safekeeping.jobs import BACKUP, DRILL, ask_backup, ask_drill, watch
from portal.safekeeping.known_keys import remember_keys
from portal.safekeeping.models import Rehearsal, newest
from portal.safekeeping.sealed_columns import sealed_columns
from tests import installation
from tests.builders import House
from tests.installation import Installation, Installs
from tests.safekeeping.places import SECRET, a_repository, live_a_little, run

At = Callable[[datetime], None]
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def place(
    tmp_path: Path, an_installation: Installs, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Installation]:
    monkeypatch.setenv("RESTIC_PASSWORD", SECRET)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    (tmp_path / "portal").mkdir()
    with an_installation(tmp_path / "portal") as installed:
        installed.app.config["BACKUP_REPO"] = str(a_repository(tmp_path))
        live_a_little(installed)
        with installed.context():
            remember_keys()
        yield installed


def the_night(place: Installation) -> None:
    """What the duties ask for, and the worker does."""
    with place.context():
        ask_backup()
        db.session.commit()
        jobs.drain()
        set_scope("/")
        ask_drill()
        db.session.commit()
        jobs.drain()


def test_the_newest_backup_is_restored_and_read_with_the_present_keys(place: Installation) -> None:
    the_night(place)
    with place.context():
        done = newest(Rehearsal.DRILL)
        assert done is not None and done.is_good, done and done.said
        for what in ("lignes comparées", "valeurs scellées", "signature", "document relu"):
            assert what in done.said
        assert newest(Rehearsal.BACKUP, good=True).snapshot == done.snapshot  # type: ignore[union-attr]
        state = work_state().safety
        assert state.is_wanted and state.is_well
    assert not (place.folder / "backup" / "drill").exists()
    if installation.is_postgresql():
        server = create_engine(os.environ["TEST_DATABASE_URL"])
        with server.connect() as connection:
            assert not connection.scalar(text("select count(*) from pg_database where datname like 'drill%'"))
        server.dispose()


def test_a_backup_that_the_present_keys_do_not_open_is_told(place: Installation) -> None:
    the_night(place)
    content = read_key_file(place.folder)
    content["data"]["k1"] = new_symmetric()
    content["license"] = {**content["license"], "kid": "other"}
    write_key_file(place.folder, content)
    with place.context():
        from portal.safekeeping.place import Place

        with Place.at(place.app.config["BACKUP_REPO"]) as there:
            done = drills.drill(there)
        assert not done.is_good
        for what in ("activation_key.code", "clé inconnue", "ne se relit pas"):
            assert what in done.said


def test_a_role_that_creates_no_database_reads_the_archive(
    place: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not installation.is_postgresql():
        return
    monkeypatch.setattr(drills, "text", lambda words: text(words.replace("rolcreatedb", "false")))
    the_night(place)
    with place.context():
        done = newest(Rehearsal.DRILL)
        assert done is not None and done.is_good and "sans base d'essai" in done.said


def test_a_backup_that_fails_is_red_and_mailed(place: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESTIC_PASSWORD", "another")
    the_night(place)
    with place.context():
        task = find_task(BACKUP, "2026-11-23")
        assert task is not None and task.state == TaskState.FAILED
        assert not work_state().safety.is_well
        mails = db.session.scalars(select(Mail).where(Mail.subject.startswith("Sauvegardes"))).all()
        assert len(mails) == 1 and "a échoué" in mails[0].body
        assert SECRET not in mails[0].body and "another" not in mails[0].body


def test_an_old_backup_is_red_and_mailed_each_day(place: Installation, at: At) -> None:
    the_night(place)
    with place.context():
        watch()
        at(MONDAY + timedelta(days=3))
        watch()
        db.session.commit()
        assert not work_state().safety.is_well
        mail = db.session.scalars(select(Mail).where(Mail.subject.startswith("Sauvegardes"))).one()
        assert "72 heures" in mail.body
    page = run(place.app, "check").output
    assert "BACKUP_REPO" not in page


def test_the_page_and_the_figures_say_it(app: Flask, house: House, browser: object, at: At) -> None:
    from portal.safekeeping.models import SafetyRun

    app.config["BACKUP_REPO"], app.config["METRICS_TOKEN"] = "/none", "t"
    try:
        good = dict(is_good=True, seconds=3, snapshot="a" * 64, snapshot_at=MONDAY, rows=7, documents=2)
        db.session.add(SafetyRun(kind=Rehearsal.BACKUP, **good))
        db.session.add(
            SafetyRun(kind=Rehearsal.DRILL, **good | {"is_good": False, "said": "document x : absent"})
        )
        db.session.commit()
        page = browser(house.operator).get("/work").text  # type: ignore[operator]
        assert "7 lignes, 2 documents" in page and "document x : absent" in page
        at(MONDAY + timedelta(hours=1))
        figures = browser().get("/metrics", headers={"Authorization": "Bearer t"}).text  # type: ignore[operator]
        assert "portal_backup_age_seconds 3600.0" in figures
        assert "portal_drill_age_seconds" not in figures and "portal_safety_well 0.0" in figures
    finally:
        app.config["BACKUP_REPO"], app.config["METRICS_TOKEN"] = "", ""


def test_nothing_is_asked_where_no_repository_is_set(app: Flask, house: House) -> None:
    ask_backup()
    ask_drill()
    watch()
    assert find_task(BACKUP, "2026-11-23") is None and find_task(DRILL, "2026-W48") is None


def test_every_sealed_column_is_found(app: Flask) -> None:
    """Whatever ends with ``_sealed`` has its attribute, and is walked by drills and rotations."""
    columns = {
        f"{table.name}.{column.name}"
        for table in db.metadata.tables.values()
        for column in table.c
        if column.name.endswith("_sealed") and column.name != "is_sealed"
    }
    assert {f"{one.table.name}.{one.sealed.name}" for one in sealed_columns()} == columns
    assert len(columns) >= 9


def test_a_backup_that_finds_another_one_at_work_comes_later(place: Installation) -> None:
    from portal.safekeeping.staging import alone

    with place.context(), alone():
        ask_backup()
        db.session.commit()
        while (task := find_task(BACKUP, "2026-11-23")) and not task.claims:
            db.session.rollback()
            jobs.drain(1)
            set_scope("/")
        task = find_task(BACKUP, "2026-11-23")
        assert task is not None and task.state == TaskState.QUEUED and "en cours" in task.error
        assert db.session.scalar(select(Mail.id).where(Mail.subject.startswith("Sauvegardes"))) is None


def test_a_full_disk_is_told(place: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_given: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("portal.safekeeping.backup.copy_database", full)
    the_night(place)
    with place.context():
        done = newest(Rehearsal.BACKUP)
        assert done is not None and not done.is_good and "No space left" in done.said
        task = find_task(BACKUP, "2026-11-23")
        assert task is not None and task.state == TaskState.FAILED


def test_a_repository_that_only_adds_keeps_its_old_backups(
    place: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    from portal.engine.errors import EngineError, EngineFault
    from portal.safekeeping.place import Place

    real = Place._run

    def only_adds(self: Place, words: list[str]) -> str:
        if words[0] == "forget":
            raise EngineError(EngineFault.BACKEND_DENIED)
        return real(self, words)

    monkeypatch.setattr(Place, "_run", only_adds)
    the_night(place)
    with place.context():
        done = newest(Rehearsal.BACKUP)
        assert done is not None and done.is_good and "anciennes sauvegardes restent" in done.said


def test_a_machine_without_the_setting_sees_that_backups_stopped(place: Installation, at: At) -> None:
    the_night(place)
    place.app.config["BACKUP_REPO"] = ""
    at(MONDAY + timedelta(days=3))
    with place.context():
        assert not work_state().safety.is_well
