"""A consumer who asks to begin before the delay to withdraw has ended pays the days that she had."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from flask.testing import FlaskClient

from portal import clock
from portal.billing.balance import position_of
from portal.billing.credit_models import CreditNote, Refund
from portal.billing.models import Invoice
from portal.blobs import content_of
from portal.catalogue.models import Method
from portal.customers.models import Customer, CustomerKind
from portal.db import db
from portal.journal import SYSTEM, JournalEntry
from portal.mail import Mail
from portal.sepa.models import Collection
from portal.subscriptions.models import Order, Subscription
from portal.subscriptions.ordering import record_wire
from tests.builders import House, a_customer, stored, work
from tests.refunds.test_giving_back import CONSUMER, one, run, the_entity, withdraw
from tests.sepa.signed import sign_now
from tests.subscriptions.builders import a_monthly_product, a_product
from tests.subscriptions.test_orders import text_of

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
EIGHT_DAYS_LATER = datetime(2026, 12, 1, 9, tzinfo=UTC)  # of the order of 23 November


def order(client: FlaskClient, customer: Customer, product: Any, quantity: int, **more: str) -> Order:
    page = client.get(f"/customers/{customer.uid}/orders/new").text
    assert ("L221-25" in page) == (customer.kind == CustomerKind.CONSUMER)
    form = {"product": product.uid, "quantity": str(quantity), "method": "wire", **more}
    answer = client.post(f"/customers/{customer.uid}/orders", data=form)
    assert answer.status_code == 303, answer.text
    return one(Order)


def paid(house: House, client: FlaskClient, **more: str) -> Subscription:
    """Three licences at 59.88 with VAT a year, ordered on the page and paid by wire."""
    placed = order(client, a_customer(house.reseller, **CONSUMER), a_product(house), 3, **more)
    record_wire(placed, received_on=clock.today(), amount_cents=17_964, reference="VIR 1", by=SYSTEM)
    db.session.commit()
    return one(Subscription)


def test_a_withdrawal_after_an_express_request_keeps_the_share_of_the_days(
    house: House, browser: Browser, at: At
) -> None:
    """L221-25: eight days of 365 of 179.64 are 3.93, rounded down; 175.71 come back."""
    subscription = paid(house, browser(house.sales), begin_early="y")
    placed = one(Order)
    assert placed.begin_early_at is not None and placed.begin_early_text.startswith("Je demande expressément")
    page = browser(house.owner).get(f"/orders/{placed.uid}").text
    assert "Je demande expressément" in page, "the proof is in the order's record"
    said = db.select(JournalEntry).where(JournalEntry.subject_uid == placed.uid)
    assert "begin_early" in [entry.what for entry in db.session.scalars(said)]
    work()
    assert placed.proforma is not None
    assert "Je demande expressément" in " ".join(
        text_of(content_of(stored(placed.proforma).document)).split()
    ), "she has it on a durable medium"
    at(EIGHT_DAYS_LATER)
    client = browser(house.owner)
    asked = client.get(f"/subscriptions/{subscription.uid}/withdrawal").text
    assert "175,71" in asked and "8 jours sur 365" in asked.replace("\u00a0", " ").replace("\u202f", " ")
    withdraw(client, subscription)
    note, refund = one(CreditNote), one(Refund)
    assert (note.gross_cents, refund.cents, refund.due_by) == (17_571, 17_571, date(2026, 12, 15))
    now = position_of(one(Invoice))
    assert (now.invoiced, now.credited, now.rest) == (17_964, 17_571, -17_571)
    mail = db.session.scalars(db.select(Mail).where(Mail.kind == "subscriptions/mail_withdrawn")).one()
    assert "175,71" in mail.body and "8 jours fournis" in mail.body


def test_without_the_request_all_of_it_comes_back(house: House, browser: Browser, at: At) -> None:
    subscription = paid(house, browser(house.sales))
    assert one(Order).begin_early_at is None
    at(EIGHT_DAYS_LATER)
    withdraw(browser(house.owner), subscription)
    assert (one(CreditNote).gross_cents, one(Refund).cents) == (17_964, 17_964)


def test_who_withdraws_on_the_first_day_pays_nothing(house: House, browser: Browser) -> None:
    subscription = paid(house, browser(house.sales), begin_early="y")
    withdraw(browser(house.owner), subscription)
    assert one(Refund).cents == 17_964


def test_a_professional_has_no_such_request(house: House, browser: Browser) -> None:
    placed = order(browser(house.sales), a_customer(house.reseller), a_product(house), 1, begin_early="y")
    assert placed.begin_early_at is None


def by_debit(house: House, client: FlaskClient) -> Subscription:
    """Two seats at 12.00 with VAT a month, from 23 November."""
    customer = a_customer(house.reseller, accepted="dropcloud", **CONSUMER)
    sign_now(customer, the_entity())
    debit = {"method": Method.DIRECT_DEBIT.value, "begin_early": "y"}
    placed = order(client, customer, a_monthly_product(house), 2, **debit)
    subscription = one(Subscription) if placed.state == "delivered" else placed.deliver(by=SYSTEM)
    db.session.commit()
    return subscription


def test_days_that_stand_on_no_invoice_yet_are_billed_alone(house: House, browser: Browser, at: At) -> None:
    """Eight days of thirty of 24.00 are 6.40."""
    subscription = by_debit(house, browser(house.sales))
    at(EIGHT_DAYS_LATER)
    withdraw(browser(house.owner), subscription)
    assert db.session.scalars(db.select(Refund)).all() == []
    for month in ("2026-11", "2026-12"):
        run(month)
    invoice = one(Invoice)
    assert (invoice.gross_cents, [line.clause for line in invoice.lines]) == (640, ["L221-25"])


def test_a_debit_that_was_announced_is_lowered_to_the_share(house: House, browser: Browser, at: At) -> None:
    subscription = by_debit(house, browser(house.sales))
    run("2026-11")
    at(EIGHT_DAYS_LATER)
    withdraw(browser(house.owner), subscription)
    assert (one(CreditNote).gross_cents, one(Collection).amount_cents) == (1_760, 640)
    assert position_of(one(Invoice)).rest == 640
