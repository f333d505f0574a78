"""A billing run goes on: one broken customer stops nobody, and a run that stopped has a button."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import jobs
from portal.billing.models import BillingRun, Charge, Invoice, RunState, add_charge
from portal.billing.run import TOGETHER, start_run
from portal.billing.skips import BillingSkip
from portal.blob_stores import FolderStore
from portal.catalogue.models import Method
from portal.customers.models import Contact, ContactRole, Customer
from portal.db import EVERYTHING, db, set_scope
from portal.jobs import Task, TaskState, find_task
from portal.journal import SYSTEM, JournalEntry
from portal.mail import Mail, MailState
from portal.resellers.models import LegalEntity
from tests.builders import House, a_customer, work

Browser = Callable[..., FlaskClient]


def owing(house: House, name: str) -> Customer:
    customer = a_customer(house.reseller, name=name, siren=None, accepted="")
    add_charge(
        customer, origin=name, label="x", quantity=1, unit_cents=1000, includes_vat=False, method=Method.WIRE
    )
    return customer


def a_run() -> BillingRun:
    run = start_run(db.session.scalars(db.select(LegalEntity)).one(), "2026-11", by=SYSTEM)
    db.session.commit()
    return run


def hurry() -> None:
    set_scope(EVERYTHING)
    db.session.execute(db.update(Task).values(not_before=0))
    db.session.commit()


def afresh(uid: str) -> BillingRun:
    set_scope(EVERYTHING)
    db.session.expire_all()
    return db.session.scalars(db.select(BillingRun).where(BillingRun.uid == uid)).one()


def test_a_broken_customer_is_left_out_told_and_billed_later(house: House, browser: Browser) -> None:
    owing(house, "Avant")
    broken = owing(house, "Abîmé")
    owing(house, "Après")
    contact = db.delete(Contact).where(Contact.customer_id == broken.id, Contact.role == ContactRole.BILLING)
    db.session.execute(contact)
    uid = a_run().uid
    work()
    run = afresh(uid)
    assert (run.state, run.invoices, run.gross_cents) == (RunState.DONE, 2, 2400)
    numbers = sorted(db.session.scalars(db.select(Invoice.number)))
    assert numbers == ["FA-2026-000001", "FA-2026-000002"]  # no gap where the broken one was tried
    assert db.session.scalars(db.select(BillingSkip)).one().customer.name == "Abîmé"
    page = browser(house.finance).get(f"/billing/runs/{uid}").text
    assert "Clients laissés de côté" in page and "Abîmé" in page
    set_scope(EVERYTHING)
    broken = db.session.scalars(db.select(Customer).where(Customer.name == "Abîmé")).one()
    values = {"role": ContactRole.BILLING, "name": "A", "email": "a@client.example", "phone": ""}
    db.session.add(Contact(organisation=broken.organisation, customer_id=broken.id, **values))
    assert browser(house.finance).get("/billing/runs").status_code == 200
    set_scope(EVERYTHING)
    further = a_run().uid
    work()
    run = afresh(further)
    assert (run.part, run.invoices, run.gross_cents) == (2, 1, 1200)


def test_of_many_together_only_the_broken_one_is_left_out(house: House) -> None:
    names = [f"Client {number}" for number in range(2 * TOGETHER + 3)]
    customers = [owing(house, name) for name in names]
    broken = customers[TOGETHER + 1]
    contact = db.delete(Contact).where(Contact.customer_id == broken.id, Contact.role == ContactRole.BILLING)
    db.session.execute(contact)
    uid = a_run().uid
    work()
    run = afresh(uid)
    billed = len(names) - 1
    assert (run.state, run.invoices, run.gross_cents) == (RunState.DONE, billed, billed * 1200)
    assert [skip.customer.name for skip in db.session.scalars(db.select(BillingSkip))] == [broken.name]
    rows = db.session.execute(db.select(Invoice.number, Charge.origin).join(Charge).order_by(Invoice.number))
    others = [name for name in names if name != broken.name]
    assert [tuple(row) for row in rows] == [(f"FA-2026-{n:06d}", name) for n, name in enumerate(others, 1)]
    mails = db.session.scalars(db.select(Mail)).all()
    assert len(mails) == billed and all(mail.state == MailState.SENT for mail in mails)
    task = find_task("billing.run", uid)
    assert task is not None and (task.done, task.total) == (len(names), len(names))


def test_a_store_that_is_away_stops_no_invoice(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    owing(house, "Un")
    uid = a_run().uid
    write = FolderStore.write

    def away(*_: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(FolderStore, "write", away)
    for _night in range(30):
        work()
        hurry()
    assert (afresh(uid).state, afresh(uid).invoices) == (RunState.DONE, 1)
    assert db.session.scalars(db.select(BillingSkip)).all() == []
    invoice = db.session.scalars(db.select(Invoice)).one()
    task = find_task("paper.print", invoice.document.uid)
    assert task is not None and (task.state, task.attempts) == (TaskState.QUEUED, 0)
    assert task.error == "Le stockage des documents n'est pas accessible, ou plein."
    assert [mail.state for mail in db.session.scalars(db.select(Mail))] == [MailState.QUEUED]
    monkeypatch.setattr(FolderStore, "write", write)
    hurry()
    work()
    db.session.rollback()
    assert db.session.scalars(db.select(Invoice)).one().document.is_there
    assert [mail.state for mail in db.session.scalars(db.select(Mail))] == [MailState.SENT]


def test_a_run_that_stopped_says_why_and_goes_on(
    house: House, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    owing(house, "Un")
    uid = a_run().uid
    finance = browser(house.finance)
    assert finance.post(f"/billing/runs/{uid}/resume").status_code == 422  # it has not stopped

    def breaks(_claim: jobs.Claim) -> None:
        raise ZeroDivisionError("par zéro")

    with monkeypatch.context() as patch:
        patch.setitem(jobs.models.JOBS, "billing.run", breaks)
        for _ in range(jobs.claims.MAX_ATTEMPTS):
            work()
            hurry()
    page = finance.get(f"/billing/runs/{uid}").text
    assert "La facturation s'est arrêtée" in page and "ZeroDivisionError" in page
    assert browser(house.operator).post(f"/billing/runs/{uid}/resume").status_code == 403
    assert finance.post(f"/billing/runs/{uid}/resume").status_code == 303
    work()
    assert (afresh(uid).state, afresh(uid).invoices) == (RunState.DONE, 1)


def test_a_clock_that_was_set_back_gives_no_number_before_its_day(
    house: House, browser: Browser, at: Callable[[datetime], None]
) -> None:
    at(datetime(2027, 3, 10, 9, tzinfo=UTC))  # ahead by nine days, until somebody notices
    owing(house, "Avant")
    start_run(db.session.scalars(db.select(LegalEntity)).one(), "2027-03", by=SYSTEM)
    db.session.commit()
    work()
    at(datetime(2027, 3, 1, 9, tzinfo=UTC))
    owing(house, "Après")
    uid = start_run(db.session.scalars(db.select(LegalEntity)).one(), "2027-03", by=SYSTEM).uid
    db.session.commit()
    work()
    task = find_task("billing.run", uid)
    assert task is not None and (task.state, task.attempts) == (TaskState.QUEUED, 0)
    assert "horloge de ce serveur est en retard" in browser(house.operator).get("/work").text
    set_scope(EVERYTHING)
    assert db.session.scalar(db.select(db.func.count(Invoice.id))) == 1
    at(datetime(2027, 3, 10, 10, tzinfo=UTC))
    hurry()
    work()
    assert afresh(uid).state == RunState.DONE
    rows = db.session.execute(db.select(Invoice.number, Invoice.issued_on).order_by(Invoice.number)).all()
    assert [row.number for row in rows] == ["FA-2027-000001", "FA-2027-000002"]
    assert rows[0].issued_on == rows[1].issued_on


def test_behind_a_clock_that_was_ahead_somebody_numbers_on(
    app: Flask, house: House, at: Callable[[datetime], None]
) -> None:
    """Else nothing could be issued until the wrong day has come."""
    at(datetime(2027, 8, 10, 9, tzinfo=UTC))
    owing(house, "Avant")
    entity = db.session.scalars(db.select(LegalEntity)).one()
    uid, _run = entity.uid, start_run(entity, "2027-08", by=SYSTEM)
    db.session.commit()
    work()
    at(datetime(2027, 3, 1, 9, tzinfo=UTC))
    asked = ["billing", "accept-day", "--entity", uid]
    assert "FA-2027" in app.test_cli_runner().invoke(args=asked).output
    again = app.test_cli_runner().invoke(args=asked)
    assert again.exit_code == 1 and "Aucune pièce" in again.output
    set_scope(EVERYTHING)
    owing(house, "Après")
    start_run(db.session.scalars(db.select(LegalEntity)).one(), "2027-03", by=SYSTEM)
    db.session.commit()
    work()
    rows = db.session.execute(db.select(Invoice.number, Invoice.issued_on).order_by(Invoice.number)).all()
    assert [(row.number, row.issued_on.month) for row in rows] == [
        ("FA-2027-000001", 8),
        ("FA-2027-000002", 3),
    ]
    assert db.session.scalar(db.select(JournalEntry.details).where(JournalEntry.what == "accept_day"))
