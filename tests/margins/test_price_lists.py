"""What a reseller pays, asks and keeps: decided by day, seen by who sells, never by who buys."""

import io
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select

from portal.access import Role
from portal.accounts.models import Organisation
from portal.billing.models import Invoice
from portal.catalogue.models import Method
from portal.catalogue.price_lists import ResellerPrice
from portal.contracts.revisions import running
from portal.db import db
from portal.resellers.reseller import Reseller
from portal.subscriptions.models import Order, Subscription
from portal.subscriptions.ordering import place_order, record_wire
from tests.builders import House, a_customer, a_user, an_outsider, stored
from tests.subscriptions.builders import a_product
from tests.subscriptions.test_order_form import text_of
from tests.test_csv_file import table

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]


def workbook_rows(content: bytes) -> list[tuple[Any, ...]]:
    return list(load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True))


def reseller_of(organisation: Organisation) -> Reseller:
    query = select(Reseller).where(Reseller.organisation_id == organisation.id)
    return db.session.scalars(query).one()


def test_a_reseller_buys_sells_and_keeps_the_difference_which_its_customer_never_sees(
    house: House, browser: Browser, at: At
) -> None:
    """Agreed by the operator, decided by the owner, taken by the order, added up from the invoice."""
    product, customer = a_product(house), a_customer(house.reseller)  # public: 59,88 € with VAT
    page = f"/price-lists/{reseller_of(house.reseller).uid}"
    shown = f"{page}/product?product={product.uid}"
    operator, owner, sales = browser(house.operator), browser(house.owner), browser(house.sales)
    today = {"effective_on": "2026-11-23", "product": product.uid}
    early = owner.post(f"{page}/retail", data={"price": "70,00", **today})
    assert early.status_code == 422 and "Aucun prix d" in early.text
    for typed, status in (
        ({"price": "-1", **today}, 422),
        ({"price": "36,00", "floor": "30,00", **today}, 422),  # a floor below the price
        ({"price": "36,00", **today, "effective_on": "2026-11-22"}, 422),
        ({"price": "36,00", "floor": "42,00", **today}, 303),
        ({"price": "35,00", **today}, 422),  # that day has one
        ({"price": "24,00", "from_quantity": "10", **today}, 303),
        ({"price": "48,00", **today, "effective_on": "2026-12-01"}, 303),
    ):
        assert operator.post(f"{page}/wholesale", data=typed).status_code == status, typed
    for price, status in (("41,99", 422), ("42,00", 303)):
        assert owner.post(f"{page}/retail", data={"price": price, **today}).status_code == status, price
    assert sales.post(f"{page}/retail", data={"price": "50,00", **today}).status_code == 403
    assert owner.post(f"{page}/wholesale", data={"price": "1,00", **today}).status_code == 403
    assert operator.post(f"{page}/retail", data={"price": "50,00", **today}).status_code == 403
    outsider = browser(an_outsider(house))
    for path in (page, shown, f"/margins?reseller={reseller_of(house.reseller).uid}"):
        assert outsider.get(path).status_code == 404, path
    assert outsider.post(f"{page}/retail", data={"price": "50,00", **today}).status_code == 404

    assert "36,00 € 42,00 € 6,00 €" in text_of(owner.get("/prices", follow_redirects=True).text)
    form = f"/customers/{customer.uid}/orders/new?product={product.uid}&quantity="
    assert "42,00 € TTC achat 36,00 €, marge 6,00 €" in text_of(sales.get(f"{form}5").text)
    assert "achat 24,00 €, marge 18,00 €" in text_of(sales.get(f"{form}10").text)  # the tenth is cheaper
    order = place_order(customer, product, 5, Method.WIRE, by=house.sales)
    other = place_order(a_customer(house.other, siren=None), product, 5, Method.WIRE, by=house.operator)
    assert (order.unit_cents, other.unit_cents) == (4200, 5988)
    record_wire(order, received_on=date(2026, 11, 23), amount_cents=21000, reference="V", by=house.finance)
    db.session.commit()
    assert db.session.scalars(select(Invoice)).one().gross_cents == 21000

    buyer = a_user(customer.organisation, Role.CUSTOMER)
    db.session.commit()
    subscription = db.session.scalars(select(Subscription)).one()
    invoice = db.session.scalars(select(Invoice)).one()
    records = [
        f"/orders/{order.uid}",
        f"/subscriptions/{subscription.uid}",
        f"/billing/invoices/{invoice.uid}",
        "/orders",
        "/subscriptions",
        "/",
    ]
    looking = browser(house.owner)
    looking.post(f"/customers/{customer.uid}/look")
    for client in (browser(buyer), looking):
        for path in records:
            answer = client.get(path)
            said = text_of(answer.text).lower()
            assert answer.status_code == 200, path
            assert [secret for secret in ("36,00", "marge", "prix d'achat") if secret in said] == [], path
        for path in ("/prices", page, shown, "/margins"):
            assert client.get(path).status_code == 403, path
    assert "Marge par unité 6,00 € TTC" in text_of(sales.get(records[0]).text)
    margins = text_of(sales.get("/margins").text)  # 5 × 35,00 € and 5 × 30,00 € without VAT
    assert f"{customer.name} {product.name} 5 175,00 € 150,00 € 25,00 €" in margins
    assert "Total du mois 5 Quantité 175,00 € Vendu, HT 150,00 € Acheté, HT 25,00 € Marge" in margins
    asked = f"reseller={reseller_of(house.reseller).uid}&month=2026"
    assert "Rien ne correspond" in sales.get(f"/margins?{asked}-10").text
    head, line = table(sales.get(f"/lists/margins/file.csv?{asked}-11").text)
    assert head == ["Client", "Offre", "Quantité", "Vendu, HT", "Acheté, HT", "Marge", "Mois"]
    assert line == [customer.name, product.name, "5", "175,00", "150,00", "25,00", "2026-11"]
    (_titles, values) = workbook_rows(sales.get(f"/lists/margins/file.xlsx?{asked}-11").data)
    assert values[2:6] == (5, 175, 150, 25)
    assert len(table(sales.get(f"/lists/margins/file.csv?{asked}-10").text)) == 1
    assert outsider.get(f"/lists/margins/file.csv?{asked}-11").status_code == 404  # another reseller's
    assert browser(buyer).get(f"/lists/margins/file.csv?{asked}-11").status_code == 403
    assert db.session.scalars(running(product, date(2026, 12, 1))).all() == []  # it keeps its own

    at(datetime(2026, 12, 1, 9, tzinfo=UTC))  # buying costs 48,00 € now, so 42,00 € is sold no more
    sales, owner = browser(house.sales), browser(house.owner)
    assert "1 offre que ce client ne peut pas commander" in text_of(sales.get(f"{form}1").text)
    own = db.session.scalars(select(ResellerPrice).where(ResellerPrice.unit_cents == 4200)).one()
    withdrawal = f"{page}/retail/{own.uid}/withdrawal"
    assert sales.post(withdrawal).status_code == 403
    assert browser(house.operator).post(withdrawal).status_code == 403
    assert owner.post(withdrawal).status_code == 303 and stored(own).withdrawn_on == date(2026, 12, 1)
    assert "59,88 € TTC" in text_of(sales.get(f"{form}1").text)
    assert len(db.session.scalars(select(Order)).all()) == 2
