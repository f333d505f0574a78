"""A Do'BaaS order keeps what it was sized for, and is handed over to who runs it, once."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from flask.testing import FlaskClient

from portal.blobs import content_of
from portal.catalogue.models import Method, Product
from portal.customers.models import Customer
from portal.db import EVERYTHING, db, set_scope
from portal.journal import SYSTEM
from portal.mail import Mail
from portal.papers import have_document
from portal.sizing.models import Sizing
from portal.subscriptions.models import Order
from portal.subscriptions.ordering import place_order
from portal.terms.shipped import find_stack
from tests.builders import House, a_customer, an_outsider, work
from tests.sepa.people import last_mail
from tests.subscriptions.builders import a_flat_product, a_product
from tests.subscriptions.test_orders import text_of as pdf_text

Browser = Callable[..., FlaskClient]
SHEET = {
    "machines": "12",
    "source_gb": "900",
    "daily_change": "0,2",
    "history_days": "365",
    "schedule": "chaque nuit à 22 h",
    "mode": "both",
    "recipient_name": "Jeanne Roy",
    "recipient_email": "Jeanne.Roy@client.example",
}


def begun_order(house: House, customer: Customer) -> Order:
    """Delivered, under the contract that asks for sizing."""
    product = db.session.scalars(db.select(Product).where(Product.code == "DB-36")).one_or_none()
    customer.accept(find_stack("dobaas"), by=SYSTEM, address="127.0.0.1")
    order = place_order(customer, product or a_flat_product(house), 1, Method.WIRE, by=SYSTEM)
    order.deliver(by=SYSTEM)
    db.session.commit()
    return order


def the_sizing() -> Sizing:
    db.session.rollback()
    set_scope(EVERYTHING)
    return db.session.scalars(db.select(Sizing)).one()


def paper(document: Any) -> str:
    have_document(document)
    return " ".join(pdf_text(content_of(document)).split())


def test_004_09_002_03_a_service_is_sized_on_its_order_and_handed_over_with_a_receipt(
    house: House, browser: Browser, at: Callable[[datetime], None]
) -> None:
    order = begun_order(house, a_customer(house.reseller))
    client, address = browser(house.sales), f"/orders/{order.uid}"
    assert f"{address}/sizing" in client.get(address).text
    assert client.post(f"{address}/sizing", data=SHEET).status_code == 303
    sheet = paper(the_sizing().document)
    for said in ("12", "900 Go", "0,2", "365 jours", "chaque nuit à 22 h", "Jeanne Roy", order.number):
        assert said in sheet
    assert client.post(f"{address}/handover", data={}).status_code == 403
    at(datetime(2026, 11, 30, 9, tzinfo=UTC))
    helper = browser(house.support)
    assert "Transfert de compétences à Jeanne Roy" in helper.get("/").text
    form = {"handed_over_on": "2026-11-30", "how": "remotely"}
    assert helper.post(f"{address}/handover", data=form).status_code == 303
    mail = last_mail(order)
    assert (mail.recipient, len(mail.attachments)) == ("jeanne.roy@client.example", 2)
    receipt = paper(the_sizing().receipt)
    for said in ("30 novembre 2026", "Jeanne Roy", "par téléassistance", "restaurer"):
        assert said in receipt
    assert "Transfert de compétences à Jeanne Roy" not in helper.get("/").text
    work()
    assert db.session.scalars(db.select(Mail).where(Mail.uid == mail.uid)).one().sent_at is not None
    assert helper.post(f"{address}/handover", data=form).status_code == 422
    late = browser(house.sales).post(f"{address}/sizing", data={**SHEET, "machines": "13"})
    assert late.status_code == 422 and "ne change plus" in late.text
    assert the_sizing().machines == 12


def test_002_05_more_changes_than_the_contract_bears_are_said(house: House, browser: Browser) -> None:
    order = begun_order(house, a_customer(house.reseller))
    client = browser(house.sales)
    client.post(f"/orders/{order.uid}/sizing", data={**SHEET, "daily_change": "5.5"})
    assert "002-05" in client.get(f"/orders/{order.uid}/sizing").text
    assert "à réévaluer" in paper(the_sizing().document)


def test_what_is_missing_or_wrong_is_said_beside_its_field(house: House, browser: Browser) -> None:
    order = begun_order(house, a_customer(house.reseller))
    client = browser(house.sales)
    for wrong in ({"machines": "0"}, {"recipient_email": "jeanne"}, {"daily_change": "x"}, {"schedule": ""}):
        assert client.post(f"/orders/{order.uid}/sizing", data={**SHEET, **wrong}).status_code == 422
    assert db.session.scalars(db.select(Sizing)).all() == []
    helper = browser(house.support)
    form = {"handed_over_on": "2026-11-23", "how": "on_site"}
    early = helper.post(f"/orders/{order.uid}/handover", data=form)
    assert early.status_code == 422 and "vient d&#39;abord" in early.text
    client.post(f"/orders/{order.uid}/sizing", data=SHEET)
    for day in ("2026-11-22", "2026-11-24"):
        answer = helper.post(f"/orders/{order.uid}/handover", data={**form, "handed_over_on": day})
        assert answer.status_code == 422
    assert the_sizing().handed_over_on is None


def test_an_order_under_another_contract_asks_for_no_sheet(house: House, browser: Browser) -> None:
    order = place_order(a_customer(house.reseller), a_product(house), 1, Method.WIRE, by=SYSTEM)
    db.session.commit()
    client = browser(house.sales)
    assert f"/orders/{order.uid}/sizing" not in client.get(f"/orders/{order.uid}").text
    assert client.post(f"/orders/{order.uid}/sizing", data=SHEET).status_code == 422


def test_others_do_not_read_it(house: House, browser: Browser) -> None:
    order = begun_order(house, a_customer(house.reseller))
    outsider = browser(an_outsider(house))
    assert outsider.get(f"/orders/{order.uid}/sizing").status_code == 404
    assert browser(house.reader).post(f"/orders/{order.uid}/sizing", data=SHEET).status_code == 403
    assert order.ordered_on == date(2026, 11, 23)
