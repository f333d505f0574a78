"""Annual fees that a contract wants paid before their year begins (001-14)."""

from collections.abc import Callable
from datetime import UTC, date, datetime

from flask.testing import FlaskClient

from portal.billing.models import Invoice, InvoiceState, Proforma
from portal.billing.run import start_run
from portal.blobs import content_of
from portal.catalogue.models import Method
from portal.db import db
from portal.journal import SYSTEM
from portal.mail import Mail
from portal.resellers.models import LegalEntity
from portal.subscriptions.models import Subscription
from portal.subscriptions.ordering import place_order, record_wire
from portal.subscriptions.renewals import send_renewal_proformas
from tests.builders import House, a_customer, stored, work
from tests.subscriptions.builders import a_product
from tests.subscriptions.test_orders import text_of

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]


def a_year(house: House) -> Subscription:
    """From 23 November 2026 on, at 100.00 with VAT, paid by wire."""
    customer = a_customer(house.reseller, accepted="dropcloud")
    product = a_product(house, terms_stack="dropcloud", unit_cents=10_000, has_keys=False)
    order = place_order(customer, product, 1, Method.WIRE, by=SYSTEM)
    record_wire(order, received_on=date(2026, 11, 23), amount_cents=10_000, reference="V1", by=SYSTEM)
    db.session.commit()
    return db.session.scalars(db.select(Subscription)).one()


def on(at: At, *day: int) -> None:
    """What the worker does every morning."""
    at(datetime(*day, 9, tzinfo=UTC))  # type: ignore[misc]
    send_renewal_proformas()
    db.session.commit()
    work()


def run(month: str) -> None:
    start_run(db.session.scalars(db.select(LegalEntity)).one(), month, by=SYSTEM)
    work()


def renewals() -> list[Proforma]:
    return list(db.session.scalars(db.select(Proforma).where(Proforma.subscription_uid.is_not(None))))


def test_001_14_the_annual_fee_is_asked_45_days_before_it_is_due_and_paid_before_its_year(
    house: House, browser: Browser, at: At
) -> None:
    """Last day 22 November 2027, so due on the 21st, so asked on 7 October."""
    subscription = a_year(house)
    on(at, 2027, 10, 6)
    assert renewals() == []
    on(at, 2027, 10, 7)
    on(at, 2027, 10, 8)
    (proforma,) = renewals()
    assert (proforma.valid_through, proforma.period_on) == (date(2027, 11, 21), date(2027, 11, 23))
    paper = " ".join(text_of(content_of(stored(proforma).document)).split())
    assert (
        "21 novembre 2027" in paper and "100,00 €" in paper and "Facture" not in paper.split("Pro forma")[0]
    )
    kind = Mail.kind == "subscriptions/mail_renewal_proforma"
    assert "21 novembre 2027" in db.session.scalars(db.select(Mail).where(kind)).one().body
    at(datetime(2027, 11, 2, 9, tzinfo=UTC))
    run("2027-11")
    assert len(db.session.scalars(db.select(Invoice)).all()) == 1, "no invoice before it is paid or begun"
    at(datetime(2027, 11, 19, 9, tzinfo=UTC))
    client, address = browser(house.finance), f"/proformas/{proforma.uid}/payment"
    assert proforma.number in client.get(f"/subscriptions/{subscription.uid}").text
    wire = {"received_on": "2027-11-18", "amount": "100,00", "reference": "V2"}
    assert client.post(address, data=wire | {"amount": "90"}).status_code == 422
    assert client.post(address, data=wire).status_code == 303
    assert client.post(address, data=wire | {"reference": "V3"}).status_code == 409
    paid = db.session.scalars(db.select(Invoice).order_by(Invoice.id.desc()).limit(1)).one()
    assert (paid.gross_cents, paid.state, paid.paid_on) == (10_000, InvoiceState.PAID, date(2027, 11, 18))
    assert stored(subscription).billed_before == date(2028, 11, 23)
    work()
    assert proforma.number in text_of(content_of(stored(paid).document))
    assert browser(house.owner).post(address, data=wire).status_code == 403


def test_001_14_what_was_not_paid_before_the_year_is_billed_when_it_begins(house: House, at: At) -> None:
    a_year(house)
    on(at, 2027, 10, 7)
    at(datetime(2027, 11, 23, 9, tzinfo=UTC))
    run("2027-11")
    late = db.session.scalars(db.select(Invoice).order_by(Invoice.id.desc()).limit(1)).one()
    assert (late.state, late.issued_on, late.due_on) == (
        InvoiceState.ISSUED,
        date(2027, 11, 23),
        date(2027, 11, 23),
    )


def test_001_14_whoever_leaves_is_not_asked_for_another_year(house: House, browser: Browser, at: At) -> None:
    subscription = a_year(house)
    at(datetime(2027, 7, 1, 9, tzinfo=UTC))
    form = {"sent_on": "2027-07-01", "reason": "none"}
    answer = browser(house.owner).post(f"/subscriptions/{subscription.uid}/termination", data=form)
    assert answer.status_code == 303
    on(at, 2027, 10, 7)
    assert renewals() == []
