"""The register of certificates decides which offers of health data may be ordered, day by day."""

import io
from collections.abc import Callable
from datetime import UTC, date, datetime

from flask.testing import FlaskClient
from sqlalchemy import select

from portal.access import Role
from portal.accounts.models import User
from portal.blobs import content_of
from portal.catalogue.models import Method, Product
from portal.catalogue.offers import make_product, shipped_offers
from portal.certificates.jobs import tell_of_ends
from portal.certificates.models import HostingCertificate
from portal.db import EVERYTHING, db, scope
from portal.mail import Mail
from portal.subscriptions.models import Order
from portal.subscriptions.ordering import place_order
from tests.builders import House, a_customer, an_outsider, stored, work
from tests.certificates.builders import a_certificate, a_paper
from tests.subscriptions.builders import a_flat_product
from tests.subscriptions.test_orders import text_of as words_of

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
TYPED = {
    "standard": "HDS",
    "number": "90001",
    "scope": "Activités 1 à 6",
    "issued_by": "Organisme",
    "referential": "2",
    "valid_from": "2026-03-01",
    "valid_through": "2027-02-28",
    "covers_dobaas": "y",
}


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 11, tzinfo=UTC)


def typed(paper: bytes | None = None, **values: str) -> dict[str, object]:
    return {**TYPED, **values, "paper": (io.BytesIO(a_paper() if paper is None else paper), "c.pdf")}


def lina(house: House) -> Product:
    price = {"unit_cents": 40000, "included_gb": 1000}
    product = make_product(house.provider, shipped_offers()["DB-LINA"], by=house.operator, **price)
    db.session.commit()
    return product


def test_001_01_002_22_health_data_are_ordered_until_the_last_day_of_the_certificate(
    house: House, browser: Browser, at: At
) -> None:
    """The operator enters the paper; sales order under it; the day after its end the same form is refused."""
    operator = browser(house.operator)
    for wrong in (
        typed(b"GIF89a"),
        typed(valid_through="2026-02-28"),
        typed(covers_dobaas=""),
        typed(number=""),
    ):
        assert operator.post("/certificates", data=wrong).status_code == 422, wrong
    assert operator.post("/certificates", data=typed()).status_code == 303
    assert operator.post("/certificates", data=typed()).status_code == 422  # that number is there
    row = db.session.scalars(select(HostingCertificate)).one()
    page = f"/certificates/{row.uid}"
    for person, status in ((house.finance, 200), (house.owner, 403), (an_outsider(house), 403)):
        assert browser(person).get(page).status_code == status
    assert browser(house.finance).post(f"{page}/withdrawal", data={"why": "x"}).status_code == 403
    assert operator.get(f"/documents/{row.document.uid}").status_code == 200

    product, plain = lina(house), a_flat_product(house)
    customer = a_customer(house.reseller, accepted="dobaas")
    orders = f"/customers/{customer.uid}/orders"
    form = {"product": product.uid, "quantity": "1", "method": "direct_debit", "health": "yes"}
    at(noon(date(2027, 2, 28)))
    sales = browser(house.sales)
    shown = sales.get(f"{orders}/new?health=yes").text
    assert f'value="{product.uid}"' in shown and f'value="{plain.uid}"' not in shown and "002-22" in shown
    shown = sales.get(f"{orders}/new?health=no").text
    assert f'value="{product.uid}"' not in shown and f'value="{plain.uid}"' in shown
    for health, offer in (("no", product), ("yes", plain)):
        answer = sales.post(orders, data={**form, "health": health, "product": offer.uid})
        assert answer.status_code == 422 and "002-22" in answer.text, (health, offer.code)
    placed = sales.post(orders, data=form)
    assert placed.status_code == 303 and "écrit sur la commande" in sales.get(placed.location).text
    assert db.session.scalars(select(Order)).one().health_data

    at(noon(date(2027, 3, 1)))
    sales = browser(house.sales)
    refused = sales.post(orders, data=form)
    assert refused.status_code == 422 and "certificat HDS" in refused.text and "002-22" in refused.text
    operator = browser(house.operator)
    assert "les ventes qu&#39;il couvrait sont fermées" in operator.get("/").text
    renewed = typed(number="90002", valid_from="2027-03-01", valid_through="2030-02-28")
    assert "2027-03-01" in operator.get(f"{page}/renewal").text
    assert operator.post(f"{page}/renewal", data=renewed).status_code == 303
    assert operator.post(f"{page}/renewal", data=typed(number="90003")).status_code == 422
    assert "les ventes qu&#39;il" not in operator.get("/").text
    assert browser(house.sales).post(orders, data=form).status_code == 303

    newer = stored(row).followed_by
    assert newer is not None and operator.post(f"/certificates/{newer.uid}/withdrawal").status_code == 422
    assert operator.post(f"/certificates/{newer.uid}/withdrawal", data={"why": "perdu"}).status_code == 303
    assert browser(house.sales).post(orders, data=form).status_code == 422
    assert len(db.session.scalars(select(Order)).all()) == 2


def test_001_01_the_operator_is_told_90_and_30_days_before_the_end_once_each(house: House, at: At) -> None:
    db.session.add(  # invited, and not come in yet: nobody knows whose address it is
        User(organisation=house.provider, email="faute@frappe.example", name="Autre", role=Role.OPERATOR)
    )
    row = a_certificate(house, valid_through=date(2027, 2, 28))
    seen = []
    for day in (
        date(2026, 11, 29),  # 91 days before
        date(2026, 11, 30),
        date(2026, 12, 1),
        date(2027, 1, 29),
        date(2027, 1, 30),  # the 29th is day 30
        date(2027, 2, 28),
        date(2027, 3, 1),
    ):
        at(noon(day))
        with scope(EVERYTHING):
            tell_of_ends()
            db.session.commit()
            about = select(Mail).where(Mail.subject_uid == row.uid)
            seen.append(len(db.session.scalars(about).all()))
    assert seen == [0, 1, 1, 2, 2, 2, 2]


def test_001_06_the_pro_forma_says_health_data_and_under_which_certificate(
    house: House, browser: Browser
) -> None:
    """Without a word about it the order is for what the customer has declared."""
    a_certificate(house)
    price = {"unit_cents": 9000, "included_gb": 10}
    product = make_product(house.provider, shipped_offers()["WS-SANTE"], by=house.operator, **price)
    customer = a_customer(house.reseller, accepted="dropcloud", health_data=True)
    order = place_order(customer, product, 1, Method.WIRE, by=house.sales)
    work()
    assert order.proforma is not None
    text = words_of(content_of(stored(order).proforma.document))
    assert "données de santé, sous le certificat HDS 90001" in " ".join(text.split())
