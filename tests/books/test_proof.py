"""The proof of the books: what is changed, taken away or put in behind the portal is found and named."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib.util import module_from_spec, spec_from_file_location
from typing import Any

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from flask import Flask
from sqlalchemy import create_engine, make_url, text

from portal import jobs
from portal.billing.chain import chain_payments, start_of
from portal.billing.credit_models import CreditNote, CreditReason
from portal.billing.credit_notes import issue_credit_note, rest_of
from portal.billing.debits import pay_by_wire
from portal.billing.models import Invoice, Payment
from portal.books.checking import check_books
from portal.books.models import BookCheck
from portal.db import EVERYTHING, db, set_scope
from portal.journal import SYSTEM
from portal.resellers.models import LegalEntity
from tests.books.builders import an_invoice
from tests.builders import House, work
from tests.installation import roles_to_oneself
from tests.test_migrations import MIGRATIONS

pytestmark = pytest.mark.usefixtures("house")


def the_entity() -> LegalEntity:
    return db.session.scalars(db.select(LegalEntity)).one()


@pytest.fixture
def books(house: House) -> list[Invoice]:
    """Four invoices, two of them paid, one taken back."""
    invoices = [an_invoice(house, f"Client {number}") for number in range(4)]
    for number, invoice in enumerate(invoices[:2]):
        pay_by_wire(invoice, invoice.issued_on, f"VIR {number}", by=SYSTEM)
    issue_credit_note(
        invoices[3], rest_of(invoices[3]), origin="test", reason=CreditReason.GOODWILL, by=SYSTEM
    )
    db.session.commit()
    work()
    set_scope(EVERYTHING)
    chain_payments(the_entity())
    db.session.commit()
    return invoices


@contextmanager
def behind_the_portal(*tables: str) -> Iterator[None]:
    """As the owner of the tables, who has switched the triggers off."""
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("SET LOCAL ROLE portal_owner"))
        db.session.execute(text("SET LOCAL session_replication_role = replica"))
        yield
        db.session.execute(text("SET LOCAL session_replication_role = origin"))
        db.session.execute(text("SET LOCAL ROLE NONE"))
    else:
        query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table"
        kept = [row for table in tables for row in db.session.execute(text(query), {"table": table}).all()]
        for name, _sql in kept:
            db.session.execute(text(f"DROP TRIGGER {name}"))
        yield
        for _name, sql in kept:
            db.session.execute(text(sql))
    db.session.commit()
    db.session.expire_all()


_MASTER = (
    "ALTER ROLE portal NOINHERIT",  # nothing is allowed that was not before, but for whoever asks for it
    "GRANT portal_owner TO portal",
    "GRANT SET ON PARAMETER session_replication_role TO portal_owner",
)


_AS_BEFORE = (
    "REVOKE SET ON PARAMETER session_replication_role FROM portal_owner",
    "REVOKE portal_owner FROM portal",
    "ALTER ROLE portal INHERIT",
)


@pytest.fixture(scope="module", autouse=True)
def mastered() -> Iterator[None]:
    """Let the tests become the owner, as the master of the throw-away server, and nobody else's meanwhile."""
    if not (address := os.environ.get("TEST_OWNER_DATABASE_URL")):
        yield
        return
    engine = create_engine(make_url(address).set(username="admin"), isolation_level="AUTOCOMMIT")
    with roles_to_oneself(), engine.connect() as connection:
        for statement in _MASTER:
            connection.execute(text(statement))
        yield
        for statement in _AS_BEFORE:
            connection.execute(text(statement))
    engine.dispose()


def faults() -> list[list[str]]:
    set_scope(EVERYTHING)
    check = check_books(the_entity(), by=SYSTEM)
    db.session.commit()
    return check.faults


def run_sql(statement: str, **values: Any) -> None:
    db.session.execute(text(statement), values)


def test_sound_books_are_chained_in_the_order_of_their_numbers(books: list[Invoice]) -> None:
    rows = list(db.session.scalars(db.select(Invoice).order_by(Invoice.number)))
    assert rows[0].prev_hash == start_of(the_entity().uid, rows[0].number[:7])
    assert [row.prev_hash for row in rows[1:]] == [row.hash for row in rows[:-1]]
    assert faults() == []
    counts = db.session.scalars(db.select(BookCheck)).one().counts
    assert counts == {"invoices": 4, "credit_notes": 1, "payments": 2, "papers": 5}


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE invoice SET due_on = '2031-01-01' WHERE number = :number",
        "UPDATE invoice SET gross_cents = gross_cents - 1 WHERE number = :number",
        "UPDATE invoice_line SET label = 'autre'"
        " WHERE invoice_id = (SELECT id FROM invoice WHERE number = :number)",
        "UPDATE invoice SET due_on = '2031-01-01', hash = 'x' WHERE number = :number",
    ],
)
def test_an_edited_invoice_is_named(books: list[Invoice], change: str) -> None:
    number = books[1].number
    with behind_the_portal("invoice", "invoice_line"):
        run_sql(change, number=number)
    assert ["edited", number] in faults()
    assert {what for _kind, what in faults()} == {number}


def test_a_missing_invoice_is_named_in_the_middle_and_at_the_end(books: list[Invoice]) -> None:
    with behind_the_portal("invoice", "invoice_line"):
        for invoice in (books[2],):
            forget(invoice)
    assert faults() == [["missing", number_of(2)]]


def number_of(place: int) -> str:
    return f"FA-2026-{place + 1:06d}"


def forget(invoice: Invoice) -> None:
    for table, column in (("invoice_line", "invoice_id"), ("charge", "invoice_id")):
        run_sql(f"DELETE FROM {table} WHERE {column} = :id", id=invoice.id)
    run_sql("DELETE FROM invoice WHERE id = :id", id=invoice.id)


def put_in(number: str, *, like: Invoice) -> None:
    own = ("id", "uid", "number")
    same = ", ".join(f'"{column.name}"' for column in Invoice.__table__.columns if column.name not in own)
    run_sql(
        f"INSERT INTO invoice (uid, number, {same}) SELECT :uid, :number, {same} FROM invoice WHERE id = :id",
        uid=number.lower(),
        number=number,
        id=like.id,
    )


def test_an_invoice_that_no_series_gave_is_named(books: list[Invoice]) -> None:
    for number in ("FA-2026-000009", "ZZ-1"):
        put_in(number, like=books[0])
    db.session.commit()
    assert faults() == [["inserted", "FA-2026-000009"], ["inserted", "ZZ-1"]]


def test_one_put_in_with_a_counter_moved_on_is_named(books: list[Invoice]) -> None:
    put_in("FA-2026-000005", like=books[0])
    run_sql("UPDATE number_series SET last = 5 WHERE prefix = 'FA'")
    db.session.commit()
    assert "FA-2026-000005" in {what for _kind, what in faults()}


def test_a_payment_edited_or_taken_away_is_named(books: list[Invoice]) -> None:
    first, second = db.session.scalars(db.select(Payment).order_by(Payment.chain_no)).all()
    cents = first.amount_cents
    with behind_the_portal("payment"):
        run_sql("UPDATE payment SET amount_cents = 1 WHERE id = :id", id=first.id)
    assert faults() == [["edited", "PAY-0-000001 (VIR 0)"]]
    with behind_the_portal("payment"):
        run_sql("UPDATE payment SET amount_cents = :cents WHERE id = :id", cents=cents, id=first.id)
        run_sql("DELETE FROM payment WHERE id = :id", id=second.id)
    assert faults() == [["missing", "PAY-0-000002"]]


def test_a_credit_note_that_was_edited_is_named(books: list[Invoice]) -> None:
    (row,) = db.session.scalars(db.select(CreditNote)).all()
    with behind_the_portal("credit_note"):
        run_sql("UPDATE credit_note SET note = 'autre' WHERE id = :id", id=row.id)
    assert faults() == [["edited", row.number]]


def test_a_paper_with_other_bytes_or_other_content_is_named(books: list[Invoice]) -> None:
    document = books[0].document
    assert document is not None
    with behind_the_portal("document"):
        run_sql("UPDATE document SET sha256 = :other WHERE id = :id", other="0" * 64, id=document.id)
    assert faults() == [["paper", document.filename]]


def test_a_chain_that_was_made_again_differs_from_the_last_verification(books: list[Invoice]) -> None:
    assert faults() == []
    last = books[3].number
    with behind_the_portal("invoice"):
        run_sql("UPDATE invoice SET hash = 'made again' WHERE number = :number", number=last)
        run_sql("UPDATE number_series SET head = 'made again' WHERE prefix = 'FA'")
    assert ["remade", last] in faults()


def test_the_command_says_which_row_and_ends_with_one(app: Flask, books: list[Invoice]) -> None:
    runner = app.test_cli_runner()
    sound = runner.invoke(args=["billing", "verify", "--json", "--entity", the_entity().ics])
    assert sound.exit_code == 0 and json.loads(sound.output)["entities"][0]["faults"] == []
    set_scope(EVERYTHING)
    with behind_the_portal("invoice"):
        run_sql("UPDATE invoice SET gross_cents = 1 WHERE number = :number", number=number_of(1))
    broken = runner.invoke(args=["billing", "verify"])
    assert broken.exit_code == 1 and f"{number_of(1)} : " in broken.output
    assert runner.invoke(args=["billing", "verify", "--entity", "nobody"]).exit_code == 1


def test_finance_has_them_verified_and_reads_what_was_found(
    house: House, books: list[Invoice], browser: Any
) -> None:
    client = browser(house.finance)
    assert "Jamais vérifié" in client.get("/billing/books").text
    with behind_the_portal("invoice"):
        run_sql("UPDATE invoice SET gross_cents = 1 WHERE number = :number", number=number_of(1))
    assert client.post(f"/billing/books/{the_entity().uid}/check").status_code == 303
    work()
    page = client.get("/billing/books").text
    assert number_of(1) in page and "changé après son émission" in page
    assert "books.broken" in client.get("/today.json").text
    assert browser(house.owner).get("/billing/books").status_code == 404, "a house without issuer"
    assert browser(house.sales).get("/billing/books").status_code == 403
    assert browser(house.auditor).post(f"/billing/books/{the_entity().uid}/check").status_code == 403


def test_every_hour_joins_payments_and_every_week_verifies(
    house: House, at: Callable[[datetime], None]
) -> None:
    invoice = an_invoice(house, "Client")
    pay_by_wire(invoice, invoice.issued_on, "VIR", by=SYSTEM)
    pass_time()
    assert db.session.scalars(db.select(Payment)).one().chain_no == 1
    before = len(db.session.scalars(db.select(BookCheck)).all())
    at(datetime(2026, 11, 23, 9, tzinfo=UTC) + timedelta(days=7))
    pass_time()
    checks = db.session.scalars(db.select(BookCheck).order_by(BookCheck.id)).all()
    assert len(checks) == before + 1 and checks[-1].faults == []
    pass_time()
    assert len(db.session.scalars(db.select(BookCheck)).all()) == before + 1


def pass_time() -> None:
    db.session.commit()
    jobs.run_periodic()
    set_scope(EVERYTHING)
    work()
    set_scope(EVERYTHING)


def test_books_from_before_the_chain_are_chained_by_the_migration_in_the_same_way(
    books: list[Invoice],
) -> None:
    before = {row.number: row.hash for row in db.session.scalars(db.select(Invoice))}
    (note,) = db.session.scalars(db.select(CreditNote)).all()
    before[note.number] = note.hash
    path = next(MIGRATIONS.glob("versions/20261129_0601_*.py"))
    spec = spec_from_file_location("chained", path)
    assert spec and spec.loader
    migration = module_from_spec(spec)
    spec.loader.exec_module(migration)
    with behind_the_portal("invoice", "credit_note"):
        for table in ("invoice", "credit_note"):
            run_sql(f"UPDATE {table} SET hash = '', prev_hash = ''")
        run_sql("UPDATE number_series SET head = '' WHERE prefix IN ('FA', 'AV')")
        with Operations.context(MigrationContext.configure(db.session.connection())):
            migration._chain("FA", "invoice", migration._INVOICES, migration._invoice)
            migration._chain("AV", "credit_note", migration._CREDITS, migration._credit)
    rows = [*db.session.scalars(db.select(Invoice)), *db.session.scalars(db.select(CreditNote))]
    assert {row.number: row.hash for row in rows} == before
    assert faults() == []
