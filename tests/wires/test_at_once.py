"""Two clerks over one transfer, a clerk beside the worker, two who reverse: each act is done once."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask import Flask

from portal import jobs
from portal.accounts.models import open_sign_in
from portal.billing.balance import position_of
from portal.billing.models import Invoice, InvoiceState, Payment
from portal.db import EVERYTHING, db, set_scope
from portal.journal import SYSTEM
from portal.sepa.returns.book import import_bank_file
from portal.wires.models import TransferBooking
from tests.builders import House, a_customer, a_house
from tests.sepa.people import the_entity
from tests.sepa.raw_bank_files import camt
from tests.sepa.test_batch import _together
from tests.wires.builders import an_invoice, the_transfer, wire

pytestmark = pytest.mark.slow
DAYS = {"issued_on": date(2026, 11, 23), "due_on": date(2026, 12, 23)}


def signed_in(app: Flask, house: House) -> Any:
    client = app.test_client()
    row, token = open_sign_in(house.finance, address="127.0.0.1", browser="test")
    row.confirmed_at = datetime(2099, 1, 1, tzinfo=UTC)
    db.session.commit()
    client.set_cookie(app.config["SIGN_IN_COOKIE"], token)
    return client


def seen(text: str) -> None:
    """A file is booked; the worker has not come yet."""
    data = camt(wire(12_000, text))
    import_bank_file(the_entity(), data, "x.xml", by=SYSTEM)
    db.session.commit()


def test_two_clerks_book_one_transfer_once_and_the_other_is_told(island: Flask, at: Any) -> None:
    house = a_house()
    customer = a_customer(house.reseller)
    invoices = [an_invoice(customer, 12_000, number, **DAYS) for number in (1, 2)]
    at(datetime(2026, 12, 8, 9, tzinfo=UTC))
    seen("acompte")
    clients = [signed_in(island, house) for _number in range(2)]
    address = f"/wires/{the_transfer().uid}/booking"
    targets = [f"invoice:{row.uid}" for row in invoices]
    db.session.rollback()

    def book(number: int) -> tuple[int, bool]:
        answer = clients[number].post(address, data={"whole": targets[number]})
        return answer.status_code, "déjà traité" in answer.text

    results = _together(island, 2, book)
    set_scope(EVERYTHING)
    assert sorted(each[0] for each in results) == [303, 409], results
    assert [row.amount_cents for row in db.session.scalars(db.select(Payment))] == [12_000]
    states = db.session.scalars(db.select(Invoice.state)).all()
    assert sorted(states) == [InvoiceState.ISSUED, InvoiceState.PAID]


def test_a_clerk_beside_the_worker_books_it_once(island: Flask, at: Any) -> None:
    house = a_house()
    invoice = an_invoice(a_customer(house.reseller), **DAYS)
    at(datetime(2026, 12, 8, 9, tzinfo=UTC))
    seen(invoice.number)
    client = signed_in(island, house)
    address, target = f"/wires/{the_transfer().uid}/booking", f"invoice:{invoice.uid}"
    db.session.rollback()

    def act(number: int) -> int:
        if number:
            jobs.drain()
            return 0
        return int(client.post(address, data={"whole": target}).status_code)

    results = _together(island, 2, act)
    set_scope(EVERYTHING)
    assert results[0] in (303, 409) and results[1] == 0, results
    assert len(db.session.scalars(db.select(TransferBooking)).all()) == 1
    row = db.session.scalars(db.select(Invoice)).one()
    assert (row.state, position_of(row).received) == (InvoiceState.PAID, 12_000)


def test_two_who_reverse_one_payment_reverse_it_once(island: Flask, at: Any) -> None:
    house = a_house()
    invoice = an_invoice(a_customer(house.reseller), **DAYS)
    at(datetime(2026, 12, 8, 9, tzinfo=UTC))
    clients = [signed_in(island, house) for _number in range(2)]
    noted = {"on": "2026-12-07", "reference": "VIR 9"}
    assert clients[0].post(f"/billing/invoices/{invoice.uid}/payment", data=noted).status_code == 303
    db.session.rollback()
    uid = db.session.scalars(db.select(Payment.uid)).one()
    db.session.rollback()

    def reverse(number: int) -> int:
        data = {"reason": "Erreur"}
        return int(clients[number].post(f"/billing/payments/{uid}/reversal", data=data).status_code)

    results = _together(island, 2, reverse)
    set_scope(EVERYTHING)
    assert sorted(results) == [303, 409], results
    assert sorted(db.session.scalars(db.select(Payment.amount_cents))) == [-12_000, 12_000]
