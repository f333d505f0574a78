"""The number of an order: given when it is placed, on its pages and papers, found by the search."""

from collections.abc import Callable
from datetime import UTC, datetime

from flask.testing import FlaskClient

from portal.billing.models import Invoice
from portal.blobs import content_of
from portal.catalogue.models import Method
from portal.db import db
from portal.journal import SYSTEM
from portal.subscriptions.models import Order
from portal.subscriptions.order_numbers import number_orders
from portal.subscriptions.ordering import place_order
from tests.builders import House, a_customer, an_outsider, stored, work
from tests.subscriptions.builders import a_product
from tests.subscriptions.test_order_form import text_of
from tests.subscriptions.test_orders import an_order
from tests.subscriptions.test_orders import text_of as pdf_text

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]


def test_an_order_has_a_number_from_its_form_to_its_invoice(house: House, browser: Browser, at: At) -> None:
    customer, product = a_customer(house.reseller, language="en"), a_product(house)
    sales, form = browser(house.sales), {"product": product.uid, "quantity": "5", "method": "wire"}
    refused = sales.post(f"/customers/{customer.uid}/orders", data=form | {"quantity": "0"})
    assert refused.status_code == 422
    for _each in range(2):
        assert sales.post(f"/customers/{customer.uid}/orders", data=form).status_code == 303
    first, second = db.session.scalars(db.select(Order).order_by(Order.id)).all()
    assert (first.number, second.number) == ("CMD-2026-000001", "CMD-2026-000002")
    for page in (f"/orders/{first.uid}", "/orders", f"/customers/{customer.uid}"):
        assert "CMD-2026-000001" in text_of(sales.get(page).text), page
    assert "CMD-2026-000001" in sales.get("/lists/orders/file.csv").text
    for typed in ("CMD-2026-000001", "cmd 2026 000001", "cmd2026"):
        assert f"orders/{first.uid}" in sales.get("/search", query_string={"q": typed}).text
    stranger = browser(an_outsider(house))
    assert first.uid not in stranger.get("/search", query_string={"q": first.number}).text
    work()
    assert first.proforma.document is not None
    asked = pdf_text(content_of(first.proforma.document))
    assert "CMD-2026-000001 of 23 November 2026" in " ".join(asked.split())

    paid = {"received_on": "2026-11-23", "amount": "299,40", "reference": "VIR 1"}
    assert browser(house.finance).post(f"/orders/{first.uid}/payment", data=paid).status_code == 303
    work()
    invoice = db.session.scalars(db.select(Invoice)).one()
    document = stored(invoice).document
    assert document is not None
    paper = " ".join(pdf_text(content_of(document)).split())
    assert "CMD-2026-000001 of 23 November 2026" in paper and first.proforma.number in paper
    assert "CMD-2026-000001" in text_of(browser(house.owner).get(f"/billing/invoices/{invoice.uid}").text)

    at(datetime(2027, 1, 4, 9, tzinfo=UTC))
    assert browser(house.sales).post(f"/customers/{customer.uid}/orders", data=form).status_code == 303
    third = db.session.scalars(db.select(Order).order_by(Order.id.desc())).first()
    assert third is not None and third.number == "CMD-2027-000001"


def test_an_order_of_the_release_before_gets_its_number_within_a_day(house: House) -> None:
    first = an_order(house)
    second = place_order(first.customer, first.product, 1, Method.WIRE, by=SYSTEM)
    db.session.execute(db.update(Order).where(Order.id == first.id).values(number=""))
    db.session.commit()
    db.session.expire_all()
    number_orders()
    db.session.commit()
    assert (stored(first).number, stored(second).number) == ("CMD-2026-000003", "CMD-2026-000002")
