"""The day by which an invoice is to be paid: the contract's, and no debit before it."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from portal.billing.models import Invoice
from portal.billing.run import start_run
from portal.blobs import content_of
from portal.catalogue.models import Method, Plan
from portal.db import db
from portal.journal import SYSTEM
from portal.resellers.models import LegalEntity
from portal.sepa.models import Collection
from portal.subscriptions.models import Subscription
from portal.subscriptions.ordering import place_order
from portal.terms.shipped import find_stack
from tests.builders import House, a_customer, stored, work
from tests.sepa.signed import sign_now
from tests.subscriptions.builders import a_monthly_product, a_product
from tests.subscriptions.test_orders import text_of

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]


def running(house: House, accepted: str, **values: Any) -> Subscription:
    """A contract under a signed mandate, begun today."""
    customer = a_customer(house.reseller, accepted=accepted)
    product = a_monthly_product(house, terms_stack=accepted, price_includes_vat=False, **values)
    sign_now(customer, db.session.scalars(db.select(LegalEntity)).one())
    subscription = place_order(customer, product, 1, Method.DIRECT_DEBIT, by=SYSTEM).deliver(by=SYSTEM)
    db.session.commit()
    return subscription


def run(month: str) -> list[tuple[Invoice, Collection]]:
    start_run(db.session.scalars(db.select(LegalEntity)).one(), month, by=SYSTEM)
    work()
    invoices = db.session.scalars(db.select(Invoice).order_by(Invoice.id)).all()
    debits = db.session.scalars(db.select(Collection).order_by(Collection.id)).all()
    return list(zip(invoices, debits, strict=True))


@pytest.mark.parametrize(
    ("issued", "due", "debited"),
    [
        (
            (2026, 11, 28),
            date(2026, 11, 30),
            date(2026, 12, 14),
        ),  # fourteen days of notice reach beyond (C-L13)
        ((2026, 12, 1), date(2026, 12, 31), date(2026, 12, 31)),  # never before it is due
    ],
)
def test_003_47_numspot_is_due_at_the_end_of_the_month_and_debited_no_earlier(
    house: House, at: At, issued: tuple[int, int, int], due: date, debited: date
) -> None:
    at(datetime(*issued, 9, tzinfo=UTC))
    running(house, "numspot")
    ((invoice, debit),) = run(f"{issued[0]}-{issued[1]:02}")
    assert (invoice.due_on, debit.due_on) == (due, debited)
    work()
    paper = " ".join(text_of(content_of(stored(invoice).document)).split())
    assert f"{due.day} {'novembre' if due.month == 11 else 'décembre'} 2026" in paper
    assert stored(debit).due_on >= invoice.due_on


def test_003_47_an_issuer_may_let_the_due_day_follow_the_debit(
    house: House, at: At, browser: Browser
) -> None:
    at(datetime(2026, 11, 28, 9, tzinfo=UTC))
    entity = db.session.scalars(db.select(LegalEntity)).one()
    client = browser(house.finance)
    page = client.get(f"/billing/settings/{entity.uid}").text
    assert "due_follows_debit" in page
    assert (
        client.post(
            f"/billing/settings/{entity.uid}",
            data={
                "due_follows_debit": "y",
                "wire_tolerance_cents": "1",
                "key_grace_days": "14",
                "quote_days": "30",
                "interim_percent": "200",
            },
        ).status_code
        == 303
    )
    running(house, "numspot")
    ((invoice, debit),) = run("2026-11")
    assert invoice.due_on == debit.due_on == date(2026, 12, 14)


def test_where_a_contract_is_silent_a_debit_is_due_on_its_own_day(house: House, at: At) -> None:
    at(datetime(2026, 11, 28, 9, tzinfo=UTC))
    running(house, "dropcloud")
    ((invoice, debit),) = run("2026-11")
    assert invoice.due_on == debit.due_on == date(2026, 12, 14)


def test_two_contracts_of_a_customer_that_are_due_on_other_days_have_an_invoice_each(
    house: House, at: At
) -> None:
    at(datetime(2026, 12, 1, 9, tzinfo=UTC))
    first = running(house, "numspot")
    product = a_product(house, code="X", plan=Plan.MONTHLY, billing_months=1, terms_stack="dropcloud")
    first.customer.accept(find_stack("dropcloud"), by=SYSTEM, address="127.0.0.1")
    place_order(first.customer, product, 1, Method.DIRECT_DEBIT, by=SYSTEM).deliver(by=SYSTEM)
    db.session.commit()
    both = run("2026-12")
    assert sorted(invoice.due_on for invoice, _debit in both) == [date(2026, 12, 15), date(2026, 12, 31)]
    assert all(debit.due_on >= invoice.due_on for invoice, debit in both)


def test_003_45_a_flat_fee_on_demand_is_billed_once_its_month_is_over(house: House, at: At) -> None:
    at(datetime(2026, 11, 10, 9, tzinfo=UTC))
    subscription = running(house, "numspot", gb_month_cents=3)
    assert run("2026-11") == []
    at(datetime(2026, 12, 10, 9, tzinfo=UTC))
    ((invoice, _debit),) = run("2026-12")
    assert re.search("du 10/11/2026 au 09/12/2026", invoice.lines[0].label)
    assert stored(subscription).billed_before == date(2026, 12, 10)


def test_003_45_a_fixed_term_is_billed_in_advance(house: House, at: At) -> None:
    at(datetime(2026, 11, 10, 9, tzinfo=UTC))
    running(house, "numspot")
    ((invoice, _debit),) = run("2026-11")
    assert "du 10/11/2026 au 09/12/2026" in invoice.lines[0].label
