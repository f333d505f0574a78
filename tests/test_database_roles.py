"""The role that the portal runs as works with rows, and cannot take away what guards them."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from portal.db import EVERYTHING, db, set_scope
from tests import installation
from tests.builders import House
from tests.sepa.people import a_signed_mandate

pytestmark = pytest.mark.database


def refused(statement: str, reason: str) -> None:
    with pytest.raises(DatabaseError, match=reason), db.session.begin_nested():
        db.session.execute(text(statement))


def test_evidence_is_neither_changed_nor_deleted(house: House) -> None:
    a_signed_mandate(house)
    reason = "permission denied" if installation.is_postgresql() else "is frozen"
    for table in ("mandate_event", "journal_entry", "acceptance"):
        assert db.session.execute(text(f"select count(*) from {table}")).scalar_one(), table
        refused(f"update {table} set uid = uid", reason)
        refused(f"delete from {table}", reason)


GUARDS = [
    "alter table journal_entry disable trigger user",
    "alter table journal_entry owner to current_user",
    "alter table customer no force row level security",
    "alter table customer disable row level security",
    "drop policy tenant on customer",
    "truncate journal_entry",
    "truncate customer cascade",
    "drop table mandate_event",
    "drop trigger frozen_journal_entry_update on journal_entry",
    "create or replace function refuse_change() returns trigger language plpgsql as 'begin return new; end'",
    "create table own (a int)",
    "set session_replication_role = replica",
    "set role portal_owner",
    "update alembic_version set version_num = 'n01'",
]

if installation.is_postgresql():

    def test_row_security_hears_of_a_scope_before_the_next_statement(house: House) -> None:
        own = a_signed_mandate(house).org_path
        question = text("select count(*) from mandate")
        for path, seen in ((EVERYTHING, 1), ("/nobody/", 0), (own, 1), (None, 0)):
            set_scope(path)
            assert db.session.execute(question).scalar_one() == seen, path
        set_scope("/nobody/")
        refused("select 1/0", "division by zero")
        assert db.session.execute(question).scalar_one() == 0, "a savepoint that broke gives nothing back"
        set_scope(own)
        line = "insert into mandate_event (org_path) values (:path)"
        with pytest.raises(DatabaseError, match="row-level security"), db.session.begin_nested():
            db.session.execute(text(line), [{"path": "/nobody/"}] * 2)

    def test_a_scope_ends_with_its_transaction_also_when_nothing_was_asked_in_it(house: House) -> None:
        own, question = db.engine.engine, text("select current_setting('app.scope', true)")
        with Session(own) as asks:
            asks.info["scope"] = "/here/"
            assert asks.scalar(question) == "/here/"
            asks.rollback()
            assert asks.connection().exec_driver_sql("select 1").scalar() == 1
        with Session(own) as idle:
            idle.info["scope"] = "/here/"
            known = idle.connection().info
            assert "/here/" in known.values()
        assert "/here/" not in known.values()
        with own.connect() as later:
            assert later.scalar(question) in ("", None)


if installation.is_postgresql():  # SQLite has no roles: who can open the file can do everything

    @pytest.mark.parametrize("statement", GUARDS)
    def test_the_guards_stay(house: House, statement: str) -> None:
        with installation.roles_to_oneself():
            refused(statement, "must be owner|permission denied")
