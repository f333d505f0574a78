"""What the customers of one step have in common is asked once: a larger step asks no more often."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from portal.billing.run import bill_customers
from portal.catalogue.models import Method, Product
from portal.customers.models import Customer
from portal.customers.recipients import choose_recipients
from portal.db import db
from portal.journal import SYSTEM
from portal.mail import Mail
from portal.mail.wishes import TOPICS
from portal.once import known_beforehand, looking_up_once, once
from portal.resellers.models import LegalEntity
from portal.subscriptions.mandates import ask_for_mandate
from portal.subscriptions.models import Subscription
from portal.subscriptions.ordering import place_order
from tests.builders import House, a_customer
from tests.sepa.signed import sign_now
from tests.subscriptions.builders import a_monthly_product


@contextmanager
def questions() -> Iterator[list[str]]:
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("SELECT"):
            found.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


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
    with questions() as asked:
        invoices = bill_customers(found, entity, until)
    assert len(invoices) == len(ids)
    return len(asked)


def test_six_customers_cost_no_more_questions_than_two(house: House) -> None:
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
