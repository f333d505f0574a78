"""What the customers of one step have in common is asked and written once, whatever their number; and who
issues while they are prepared is not overtaken.
"""

from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm.exc import StaleDataError

from portal.billing.chain import Chain, hash_after, invoice_values
from portal.billing.models import Invoice
from portal.billing.run import bill_customers
from portal.blobs import Document
from portal.catalogue.models import Method, Product
from portal.customers.models import Customer
from portal.customers.recipients import choose_recipients
from portal.db import db
from portal.jobs import Task
from portal.journal import SYSTEM, JournalEntry
from portal.leaves import update_together
from portal.mail import Mail
from portal.mail.wishes import TOPICS
from portal.once import known_beforehand, looking_up_once, once
from portal.papers import Paper
from portal.resellers.models import LegalEntity
from portal.sepa.models import Collection
from portal.subscriptions.mandates import ask_for_mandate
from portal.subscriptions.models import Subscription
from portal.subscriptions.ordering import place_order
from tests.builders import House, a_customer
from tests.counting import statements
from tests.sepa.signed import sign_now
from tests.subscriptions.builders import a_monthly_product


def subscribed(house: House, product: Product, name: str) -> Customer:
    entity = db.session.scalars(db.select(LegalEntity)).one()
    customer = a_customer(house.reseller, name=name, siren=None, accepted="dropcloud")
    order = place_order(customer, product, 3, Method.DIRECT_DEBIT, by=SYSTEM)
    ask_for_mandate(order, by=SYSTEM)
    sign_now(customer, entity)
    return customer


def asked_for(ids: list[int]) -> int:
    db.session.commit()
    db.session.expunge_all()
    found = list(db.session.scalars(db.select(Customer).where(Customer.id.in_(ids))))
    for customer in found:
        assert customer.organisation and customer.contacts
    entity = db.session.scalars(db.select(LegalEntity)).one()
    until = max(row.billed_before for row in db.session.scalars(db.select(Subscription)))
    with statements() as asked:
        invoices = bill_customers(found, entity, until)
    assert len(invoices) == len(ids)
    # SQLite numbers rows as it writes them, one by one.
    one_by_one = "INSERT" if db.engine.dialect.name == "sqlite" else " "
    return sum(not each.startswith(one_by_one) for each in asked)


def test_six_customers_cost_no_more_statements_than_two(house: House) -> None:
    product = a_monthly_product(house)
    customers = [subscribed(house, product, f"Client {number}") for number in range(8)]
    wanted = next(topic for topic in TOPICS if topic.name == "invoice")
    choose_recipients(customers[0], wanted, [], ["compta@cabinet.example"], by=SYSTEM)
    ids = [customer.id for customer in customers]
    few = asked_for(ids[:2])
    assert asked_for(ids[2:]) <= few
    told = db.session.scalars(db.select(Mail.recipient).where(Mail.kind == "billing/mail_invoice")).all()
    assert "compta@cabinet.example" in told and len(told) == 8, "everybody's own wish is heard"


def test_an_answer_is_kept_as_long_as_its_block(house: House) -> None:
    numbers = iter(range(10))
    assert [once("n", lambda: next(numbers)) for _each in range(2)] == [0, 1], "outside nothing is kept"
    with looking_up_once():
        assert once("n", lambda: next(numbers)) == 2
        with looking_up_once():
            known_beforehand({"m": "given"})
            assert once("n", lambda: next(numbers)) == 2
        assert once("m", lambda: next(numbers)) == "given"
    known_beforehand({"n": 99})
    assert once("n", lambda: next(numbers)) == 3


_ANOTHER = "a" * 64  # the hash of the invoice that somebody else has issued


def quicker(times: int) -> None:
    """So often somebody issues an invoice as soon as a run has seen which number follows."""
    seen: list[str] = []

    def take(connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("SELECT number_series.head") and len(seen) < times:
            seen.append(statement)
            taken = text("UPDATE number_series SET last = last + 1, head = :head WHERE prefix = 'FA'")
            connection.execute(taken, {"head": _ANOTHER})

    event.listen(db.engine, "after_cursor_execute", take)


def count_of(model: Any, *where: Any) -> int:
    return db.session.scalar(db.select(db.func.count()).select_from(model).where(*where)) or 0


@pytest.mark.parametrize("times", [1, 3])
def test_who_issues_while_a_run_prepares_has_the_number_and_the_run_goes_on_behind(
    house: House, times: int
) -> None:
    product = a_monthly_product(house)
    customers = [subscribed(house, product, f"Client {number}") for number in range(3)]
    entity = db.session.scalars(db.select(LegalEntity)).one()
    until = max(row.billed_before for row in db.session.scalars(db.select(Subscription)))
    db.session.commit()
    before = count_of(Task), count_of(Document)
    bill_customers(customers[:1], entity, until)
    db.session.commit()
    each = count_of(Task) - before[0], count_of(Document) - before[1]
    quicker(times)
    bill_customers(customers[1:], entity, until)
    db.session.commit()
    rows = db.session.scalars(db.select(Invoice).order_by(Invoice.id)).all()
    numbers = [row.number for row in rows]
    assert [int(each[-6:]) for each in numbers] == [1, 2 + times, 3 + times], "between is somebody else's"
    assert [row.prev_hash for row in rows[1:]] == [_ANOTHER, rows[1].hash], "one chain"
    assert all(row.hash == hash_after(row.prev_hash, invoice_values(row)) for row in rows)
    assert Chain(entity, "FA", rows[0].issued_on.year).head == rows[-1].hash
    assert (count_of(Task) - before[0], count_of(Document) - before[1]) == (3 * each[0], 3 * each[1])
    assert [row.document.filename for row in rows if row.document] == [f"{each}.pdf" for each in numbers]
    uids = [row.uid for row in rows]
    debits = db.select(Collection.reference).where(Collection.source_uid.in_(uids)).order_by(Collection.id)
    assert db.session.scalars(debits).all() == numbers, "one debit each, under the number that it has"
    mails = db.select(Mail.subject).where(Mail.subject_uid.in_(uids)).order_by(Mail.id)
    assert [each[-14:] for each in db.session.scalars(mails)] == numbers
    lines = db.select(JournalEntry.details).where(JournalEntry.what == "issue").order_by(JournalEntry.id)
    assert [each["number"] for each in db.session.scalars(lines)] == numbers
    assert count_of(Paper, Paper.document_id.in_([row.document_id for row in rows])) == 3


def test_rows_written_together_are_refused_where_somebody_else_wrote_one(house: House) -> None:
    product = a_monthly_product(house)
    for number in range(2):
        subscribed(house, product, f"Client {number}")
    db.session.commit()
    rows = list(db.session.scalars(db.select(Subscription).order_by(Subscription.id)))
    first, second = (row.billed_before for row in rows)
    versions = [row.version for row in rows]
    for row in rows:
        row.billed_before = row.billed_before.replace(year=2040)
    update_together(rows, "billed_before")
    assert [row.version for row in rows] == [each + 1 for each in versions]
    db.session.commit()
    assert {row.billed_before.year for row in rows} == {2040}
    rows[0].billed_before, rows[1].billed_before = first, second
    with pytest.raises(StaleDataError), db.session.no_autoflush:
        quicker_one = text("UPDATE subscription SET version = version + 1 WHERE id = :id")
        db.session.execute(quicker_one, {"id": rows[0].id})
        update_together(rows, "billed_before")
    db.session.rollback()
