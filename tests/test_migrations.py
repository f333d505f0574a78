"""The schema comes from the migrations alone, and they match the models."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import check, downgrade, revision, upgrade
from mako.template import Template
from sqlalchemy import inspect, text
from sqlalchemy.exc import DatabaseError

from portal.db import db
from portal.journal import JournalEntry
from tests.builders import House
from tests.installation import Installs
from tests.subscriptions.test_orders import an_order, pay


@pytest.mark.slow
def test_models_and_migrations_agree_and_every_step_goes_back(
    an_installation: Installs, tmp_path: Path
) -> None:
    with an_installation(tmp_path) as place, place.context():
        check()  # exits when a model has what no migration makes
        db.session.remove()
        downgrade(revision="base")
        assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}
        upgrade()
        check()


MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"
NAMED_ANOTHER_WAY = "20261122_0120"  # databases carry the ids of the migrations up to here


def lint(place: Path) -> str:
    command = [
        str(Path(sys.executable).parent / "ruff"),
        "check",
        "--isolated",
        "--select",
        "F,I",
        str(place),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout


def test_a_migration_is_named_by_its_date_and_imports_what_it_uses() -> None:
    for path in (MIGRATIONS / "versions").glob("*.py"):
        if path.name[:13] > NAMED_ANOTHER_WAY:
            assert f'\nrevision = "{path.name[:13]}"\n' in path.read_text(), path.name
    assert lint(MIGRATIONS / "versions") == ""


def test_a_new_migration_is_written_that_way(app: Flask, tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder)
    with app.app_context():
        revision(directory=str(folder), message="what it does")
    (written,) = folder.glob("versions/20261123_0900_what_it_does.py")  # the clock of the tests
    assert '\nrevision = "20261123_0900"\n' in written.read_text()
    assert lint(written) == ""


def test_a_new_migration_imports_what_its_steps_use(tmp_path: Path) -> None:
    template = Template(filename=str(MIGRATIONS / "script.py.mako"))
    for steps in ("", 'op.drop_table("x")', 'op.add_column("x", sa.Column("y", sa.String(3)))'):
        path = tmp_path / "migration.py"
        names = dict(message="x", up_revision="20261123_0900", down_revision="n01")
        path.write_text(template.render(**names, upgrades=steps, downgrades=""))
        assert lint(path) == "", steps


@pytest.mark.parametrize(
    "change",
    [
        "update invoice set gross_cents = 1",
        "update invoice set number = 'FA-2026-000002'",
        "delete from invoice",
        "update invoice_line set net_cents = 1",
        "delete from invoice_line",
        "update journal_entry set what = 'nothing'",
        "delete from journal_entry",
    ],
)
def test_the_database_itself_refuses_to_change_what_is_issued(house: House, change: str) -> None:
    invoice = pay(an_order(house))
    before = invoice.gross_cents
    with pytest.raises(DatabaseError, match=r"frozen|permission denied"), db.session.begin_nested():
        db.session.execute(text(change))
    db.session.refresh(invoice)
    assert invoice.gross_cents == before
    assert db.session.scalar(db.select(db.func.count(JournalEntry.id))) > 0
