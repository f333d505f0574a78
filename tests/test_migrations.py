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

from portal.billing.chain import chain_payments
from portal.db import db
from portal.journal import JournalEntry
from tests.builders import House, work
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
        "update invoice set due_on = '2030-01-01'",
        "update invoice set method = 'wire2'",
        "update invoice set order_uid = 'x'",
        "update invoice set union_country = 'DE'",
        "update invoice set legal_entity_id = 99",
        "update invoice set document_id = NULL",
        "update invoice set hash = 'x'",
        "update proforma set gross_cents = 1",
        "update proforma set valid_through = '2030-01-01'",
        "update proforma set document_id = NULL",
        "delete from proforma",
        "update payment set amount_cents = 1",
        "update payment set received_on = '2020-01-01'",
        "update payment set reference = 'x'",
        "update payment set invoice_id = 99",
        "delete from payment",
        "update document set kind = 'export' where kind in ('invoice', 'proforma')",
        "delete from document where kind in ('invoice', 'proforma')",
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


def test_a_printed_paper_keeps_its_bytes_and_a_chained_payment_its_place(house: House) -> None:
    invoice = pay(an_order(house))
    work()  # prints the papers
    chain_payments(invoice.legal_entity)
    db.session.flush()
    for change in (
        "update document set sha256 = 'x' where kind = 'invoice'",
        "update payment set hash = 'x'",
        "update payment set chain_no = 7",
    ):
        with pytest.raises(DatabaseError, match=r"frozen|permission denied"), db.session.begin_nested():
            db.session.execute(text(change))


def test_an_invoice_is_still_paid_and_moves_with_its_customer(house: House) -> None:
    invoice = pay(an_order(house))
    for change in (
        "update invoice set state = 'issued', paid_on = NULL",
        "update invoice set organisation_id = organisation_id, customer_id = customer_id",
        "update invoice set org_path = org_path",
        "update payment set org_path = org_path",
        "update proforma set org_path = org_path, customer_id = customer_id",
        "update document set org_path = org_path",
    ):
        db.session.execute(text(change))
    db.session.refresh(invoice)
    assert invoice.paid_on is None
