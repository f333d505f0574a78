"""The months before today of the demonstration: lived by the product's functions, and nothing is broken."""

import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader

from app import create_app
from portal import clock
from portal.accounts.models import User, open_sign_in
from portal.billing.credit_models import RefundState
from portal.billing.einvoice_models import EInvoiceRecord, EInvoiceState
from portal.billing.models import Invoice, InvoiceState
from portal.blobs import Document, content_of
from portal.books.checking import check_books
from portal.commissions.models import CommissionStatement
from portal.crypto.secrets import create_key_file
from portal.db import EVERYTHING, db, scope
from portal.demo.load import load
from portal.demo.past.days import begins_on, months_before
from portal.facturx.engine import breaks_schema, schematrons
from portal.jobs import Task, TaskState
from portal.jobs.duties import Duty
from portal.journal import SYSTEM
from portal.resellers.models import LegalEntity
from portal.reversibility.models import CaseState, ReversibilityCase
from portal.sepa.models import Batch, BatchState, Collection, CollectionState
from portal.wholesale.models import WholesaleBuyer, annex_of
from tests import installation, vaulting
from tests.conftest import Client
from tests.facturx.linter import faults
from tour.instance import ROOT, environment_of
from tour.pages import one_of_each

pytestmark = [pytest.mark.slow, pytest.mark.words]
NOON = datetime(2026, 11, 25, 11, tzinfo=UTC)
MONTHS = 3
CLOSED = {"/sign-up", "/status"}  # public pages that a house opens when it wants to


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """A portal of its own, on SQLite, with some months lived."""
    folder = tmp_path_factory.mktemp("past")
    create_key_file(folder, *installation.seal())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATA_DIR", str(folder))
        patch.setattr(clock, "now", lambda: NOON)
        application = create_app(
            TESTING=True,
            DEMO=True,
            WTF_CSRF_ENABLED=False,
            DATA_DIR=folder,
            SQLALCHEMY_DATABASE_URI=installation.new_database(folder),
            BLOB_URL=str(folder / "blobs"),
            KEY_AGENT_SOCKET=str(folder / "agent.sock"),
        )
        application.test_client_class = Client  # each request by itself: else all are of who came first
        with application.app_context():
            load(MONTHS)
        yield application
        with application.app_context():
            db.engine.dispose()


def _rows(place: Flask, kind: Any) -> Counter[Any]:
    with scope(EVERYTHING):
        return Counter(row.state for row in db.session.scalars(db.select(kind)))


@pytest.fixture
def now(place: Flask, at: Any) -> Iterator[None]:
    at(NOON)
    with place.app_context():
        yield


def test_the_past_begins_when_the_contracts_do() -> None:
    assert begins_on(date(2026, 11, 25)) == date(2026, 1, 2)  # none is older
    assert begins_on(date(2029, 3, 10)) == date(2027, 9, 2)  # eighteen months
    assert months_before(date(2026, 11, 25), MONTHS) == date(2026, 8, 1)


@pytest.mark.timeout(600)
def test_a_past_is_lived_with_whole_books_work_for_each_role_and_pages_that_open(
    place: Flask, now: None
) -> None:
    """One test for all: the past is lived once."""
    money_came_late_came_back_and_is_owed(place)
    the_books_are_whole_and_nothing_lies_in_the_future()
    who_invoices_whom_is_lived_in_both_modes()
    what_businesses_got_since_september_are_e_invoices(place)
    every_role_has_something_to_do_today(place)
    for who in ("finance", "owner", "technician"):
        every_page_opens(place, who)


def money_came_late_came_back_and_is_owed(place: Flask) -> None:
    assert _rows(place, Collection)[CollectionState.RETURNED] >= 2
    assert _rows(place, Collection)[CollectionState.SETTLED] > 20
    batches = _rows(place, Batch)
    assert batches[BatchState.SENT] >= MONTHS and batches[BatchState.EXPORTED] == 1  # it waits for today
    invoices = _rows(place, Invoice)
    assert invoices[InvoiceState.PAID] > 40 and 5 < invoices[InvoiceState.ISSUED] < 25
    assert _rows(place, ReversibilityCase) == {CaseState.ERASED: 1}


def the_books_are_whole_and_nothing_lies_in_the_future() -> None:
    with scope(EVERYTHING):
        entities = db.session.scalars(db.select(LegalEntity).order_by(LegalEntity.id)).all()
        assert len(entities) == 2
        for entity in entities:
            check = check_books(entity, by=SYSTEM)
            assert (check.fault_count, check.faults) == (0, [])
            own = db.select(Invoice.number, Invoice.issued_on).where(Invoice.legal_entity_id == entity.id)
            days = [day for _number, day in sorted(db.session.execute(own).all())]
            assert days == sorted(days) and days[-1] <= clock.today()
            assert len({f"{day:%Y-%m}" for day in days}) > MONTHS
        assert not list(db.session.scalars(db.select(Duty).where(Duty.failures > 0)))
        assert not list(db.session.scalars(db.select(Task).where(Task.state == TaskState.FAILED)))


def who_invoices_whom_is_lived_in_both_modes() -> None:
    """One reseller buys in bulk what it invoices; another one is paid a commission on what was paid."""
    with scope(EVERYTHING):
        buyers = {each.organisation.name: each for each in db.session.scalars(db.select(WholesaleBuyer))}
        bulk = db.select(Invoice).where(Invoice.customer_id == buyers["Revendeur Est"].customer_id)
        invoices = list(db.session.scalars(bulk.order_by(Invoice.id)))
        assert len(invoices) >= MONTHS and {each.state for each in invoices[:-1]} == {InvoiceState.PAID}
        assert all(sum(line.net_cents for line in annex_of(each)) == each.net_cents for each in invoices)
        statements = list(db.session.scalars(db.select(CommissionStatement)))
        assert {each.organisation.name for each in statements} == {"Revendeur Ouest"}
        assert len(statements) >= MONTHS - 1 and all(each.payable_cents > 0 for each in statements)
        paid = [each.refund.state for each in statements if each.refund is not None]
        assert paid.count(RefundState.REFUNDED) >= MONTHS - 2


def what_businesses_got_since_september_are_e_invoices(place: Flask) -> None:
    assert _rows(place, EInvoiceRecord).keys() == {EInvoiceState.VALID}
    with scope(EVERYTHING):
        records = list(db.session.scalars(db.select(EInvoiceRecord)))
        assert len(records) > 10 and min(each.issued_on for each in records) >= date(2026, 9, 1)
        for each in records:
            pdf = content_of(db.session.get_one(Document, each.document_id))
            (xml,) = PdfReader(BytesIO(pdf)).attachments["factur-x.xml"]
            assert (faults(pdf), breaks_schema(xml), schematrons.failed_rules(xml)) == ([], [], [])


def every_role_has_something_to_do_today(place: Flask) -> None:
    with scope(EVERYTHING):
        people = list(db.session.scalars(db.select(User).order_by(User.id)))
    idle = {one.email for one in people if not _signed_in(place, one).get("/today.json").get_json()["todo"]}
    assert idle <= {
        f"{box}@est.example" for box in ("commerce", "atelier", "lecture")
    }  # it has two customers
    (accountant,) = (one for one in people if one.email == "compta@est.example")
    hers = _signed_in(place, accountant).get("/today.json").get_json()["todo"]
    assert "wire.review" in {line["kind"] for line in hers}  # a deposit of somebody unknown


def every_page_opens(place: Flask, who: str) -> None:
    with scope(EVERYTHING):
        person = next(one for one in db.session.scalars(db.select(User)) if one.role == who)
    client, wrong = _signed_in(place, person), {}

    def get(address: str) -> str | None:
        answer = client.get(address)
        if answer.status_code not in (200, 302, 303) and address not in CLOSED:
            wrong[address] = answer.status_code
        return answer.text if answer.status_code == 200 and answer.mimetype == "text/html" else None

    assert len(list(one_of_each(get))) > 60 and wrong == {}


def _signed_in(place: Flask, person: User) -> FlaskClient:
    with scope(EVERYTHING):
        row, token = open_sign_in(person, address="127.0.0.1", browser="test")
        row.confirmed_at = datetime(2099, 1, 1, tzinfo=UTC)
        db.session.commit()
    client = place.test_client()
    client.set_cookie(place.config["SIGN_IN_COOKIE"], token)
    return client


def test_a_load_that_is_killed_leaves_no_row(tmp_path: Path) -> None:
    environment = environment_of(tmp_path, demo=True) | {"DEMO_PAST": "2"}
    command = [sys.executable, str(ROOT / "bin" / "prepare.py"), "--demo"]
    process = subprocess.Popen(command, env=environment, cwd=ROOT)
    vaulting.wait_for(lambda: (tmp_path / "vaults").exists() or process.poll() is not None, 120)
    vaulting.kill(process)
    with sqlite3.connect(tmp_path / "portal.db") as connection:
        assert connection.execute("select count(*) from organisation").fetchone() == (0,)
        assert connection.execute("select count(*) from alembic_version").fetchone() == (1,)
    connection.close()
    assert not list(tmp_path.glob(".prepared-*")) and not (tmp_path / "demo-since").exists()
