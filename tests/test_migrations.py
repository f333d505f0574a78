"""The schema comes from the migrations alone, and they match the models."""

from pathlib import Path

import pytest
from flask_migrate import check, downgrade, upgrade
from sqlalchemy import inspect, text
from sqlalchemy.exc import DatabaseError

from portal.db import db
from portal.journal import JournalEntry
from tests.builders import House
from tests.installation import an_installation
from tests.subscriptions.test_orders import an_order, pay


def test_models_and_migrations_agree_and_every_step_goes_back(tmp_path: Path) -> None:
    with an_installation(tmp_path) as place, place.context():
        check()  # exits when a model has what no migration makes
        db.session.remove()
        downgrade(revision="base")
        assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}
        upgrade()
        check()


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
    with pytest.raises(DatabaseError, match="frozen"), db.session.begin_nested():
        db.session.execute(text(change))
    db.session.refresh(invoice)
    assert invoice.gross_cents == before
    assert db.session.scalar(db.select(db.func.count(JournalEntry.id))) > 0
