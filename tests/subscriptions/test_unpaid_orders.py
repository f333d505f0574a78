"""Orders that nobody pays: reminded once, over by themselves, ordered anew, still found by a late wire."""

from collections.abc import Callable
from datetime import UTC, date, datetime

from flask.testing import FlaskClient

from portal.catalogue.models import Method
from portal.db import EVERYTHING, db, set_scope
from portal.journal import SYSTEM
from portal.mail import Mail
from portal.subscriptions.mandates import ask_for_mandate
from portal.subscriptions.models import OrderState
from portal.subscriptions.ordering import place_order
from portal.subscriptions.unpaid import look_at_waiting_orders
from tests.builders import House, a_customer, stored, work
from tests.subscriptions.builders import a_monthly_product, a_product
from tests.wires.builders import upload, wire

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]


def live(at: At, day: date) -> None:
    """A day comes: the duty of the morning, and what it asks for."""
    at(datetime(day.year, day.month, day.day, 9, tzinfo=UTC))
    set_scope(EVERYTHING)
    look_at_waiting_orders()
    work()


def mails(kind: str) -> list[Mail]:
    query = db.select(Mail).where(Mail.kind == f"subscriptions/mail_order_{kind}")
    return list(db.session.scalars(query))


def test_000_23_an_order_is_reminded_once_then_ends_and_is_ordered_anew(
    house: House, browser: Browser, at: At
) -> None:
    """Ordered on 23 November: the price is kept until 23 January, and a wire may take a week."""
    customer, product = a_customer(house.reseller), a_product(house)
    order = place_order(customer, product, 3, Method.WIRE, by=SYSTEM)
    db.session.commit()
    live(at, date(2027, 1, 8))
    assert mails("reminder") == []
    live(at, date(2027, 1, 9))
    live(at, date(2027, 1, 20))
    (reminder,) = mails("reminder")
    assert "179,64" in reminder.body and "23 janvier 2027" in reminder.body and reminder.attachments
    live(at, date(2027, 1, 30))
    assert stored(order).state == OrderState.AWAITING_PAYMENT, "the last wire may be on its way"
    live(at, date(2027, 1, 31))
    live(at, date(2027, 2, 1))
    assert stored(order).state == OrderState.LAPSED
    (told,) = mails("lapsed")
    assert "ne devez rien" in told.body and len(mails("reminder")) == 1
    client = browser(house.sales)
    page = client.get(f"/orders/{order.uid}").text
    again = f"/customers/{customer.uid}/orders/new?product={product.uid}&amp;quantity=3&amp;method=wire"
    assert "restée sans suite" in page and again in page
    assert "179,64" in client.get(again.replace("&amp;", "&")).text
    assert client.post(f"/orders/{order.uid}/cancellation").status_code == 409


def test_a_wire_that_comes_late_still_delivers_at_an_unchanged_price(
    house: House, browser: Browser, at: At
) -> None:
    order = place_order(a_customer(house.reseller), a_product(house), 3, Method.WIRE, by=SYSTEM)
    db.session.commit()
    live(at, date(2027, 1, 31))
    assert stored(order).state == OrderState.LAPSED
    assert order.proforma is not None
    at(datetime(2027, 2, 2, 9, tzinfo=UTC))
    upload(browser(house.finance), wire(17_964, order.proforma.number, on="2027-02-01"))
    assert stored(order).state == OrderState.DELIVERED


def test_an_order_whose_mandate_nobody_signs_ends_as_well(house: House, at: At) -> None:
    customer = a_customer(house.reseller, accepted="dropcloud")
    order = place_order(customer, a_monthly_product(house), 2, Method.DIRECT_DEBIT, by=SYSTEM)
    ask_for_mandate(order, by=SYSTEM)
    db.session.commit()
    live(at, date(2027, 1, 15))
    (reminder,) = mails("reminder")
    assert "mandat" in reminder.body
    live(at, date(2027, 2, 1))
    assert stored(order).state == OrderState.LAPSED
    again = place_order(customer, order.product, 2, Method.DIRECT_DEBIT, by=SYSTEM)
    assert again.state == OrderState.AWAITING_MANDATE
