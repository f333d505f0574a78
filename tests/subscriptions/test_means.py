"""By which means an order is paid: each plan has its own, and what leaves tells how."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from flask.testing import FlaskClient

from portal.billing.models import Invoice, Proforma
from portal.blobs import content_of
from portal.catalogue.models import Method
from portal.customers.models import CustomerKind
from portal.db import db
from portal.errors import Refused
from portal.journal import SYSTEM
from portal.licensing.models import ActivationKey
from portal.mail import Mail
from portal.subscriptions.models import Order, Subscription
from portal.subscriptions.ordering import place_order
from portal.subscriptions.renewals import send_renewal_proformas
from tests.builders import House, a_customer, stored, work
from tests.subscriptions.builders import a_product
from tests.subscriptions.test_orders import text_of

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]


def last_mail() -> Mail:
    mail = db.session.scalars(db.select(Mail).order_by(Mail.id.desc())).first()
    assert mail is not None
    return mail


def test_000_17_a_cheque_is_asked_on_a_proforma_and_its_keys_wait_until_it_has_cleared(
    house: House, browser: Browser, at: At
) -> None:
    customer, product = a_customer(house.reseller), a_product(house)
    form = {"product": product.uid, "quantity": "5", "method": "cheque", "once": "abcdefghij234567"}
    assert browser(house.sales).post(f"/customers/{customer.uid}/orders", data=form).status_code == 303
    asked, mail = db.session.scalars(db.select(Proforma)).one(), last_mail()
    assert mail.kind == "subscriptions/mail_proforma" and "Chèque à l'ordre de" in mail.body
    assert "IBAN" not in mail.body and "/orders/abcdefghij234567" in mail.body
    work()
    paper = text_of(content_of(stored(asked).document))
    assert "Règlement par chèque" in paper and "IBAN" not in paper
    at(datetime(2026, 12, 8, 9, tzinfo=UTC))
    finance = browser(house.finance)
    page = finance.get("/orders/abcdefghij234567").text
    assert "Chèque encaissé" in page and "Aucune clé avant le paiement" in page
    cleared = {"received_on": "2026-12-07", "amount": "299,40", "reference": "Chèque 0042137"}
    assert finance.post("/orders/abcdefghij234567/payment", data=cleared).status_code == 303
    work()
    invoice = db.session.scalars(db.select(Invoice)).one()
    assert (invoice.method, invoice.paid_on) == (Method.CHEQUE, date(2026, 12, 7))
    assert "Facture acquittée le 7 décembre 2026 par chèque." in text_of(content_of(invoice.document))
    assert db.session.scalars(db.select(ActivationKey)).one().code in last_mail().body


def test_001_14_a_town_hall_pays_its_years_through_its_accountant(
    house: House, browser: Browser, at: At
) -> None:
    town = a_customer(
        house.reseller, accepted="dropcloud", kind=CustomerKind.PUBLIC_BODY, name="Commune de Brest"
    )
    company = a_customer(house.reseller, accepted="dropcloud", name="Menuiserie Hamon", siren=None)
    product = a_product(house, terms_stack="dropcloud", unit_cents=10_000, has_keys=False)
    sales = browser(house.sales)
    form = {"product": product.uid, "quantity": "1", "method": "administrative_mandate"}
    refused = sales.post(f"/customers/{company.uid}/orders", data=form)
    assert refused.status_code == 422 and "Seul un organisme public" in refused.text
    assert (
        "administrative_mandate"
        not in sales.get(f"/customers/{company.uid}/orders/new", query_string={"product": product.uid}).text
    )
    assert sales.post(f"/customers/{town.uid}/orders", data=form).status_code == 303
    order = db.session.scalars(db.select(Order)).one()
    assert "IBAN" in last_mail().body
    received = {"received_on": "2026-11-23", "amount": "100", "reference": "MANDAT 812"}
    assert browser(house.finance).post(f"/orders/{order.uid}/payment", data=received).status_code == 303
    work()
    paper = text_of(content_of(db.session.scalars(db.select(Invoice)).one().document))
    assert "Facture acquittée le 23 novembre 2026 par mandat administratif." in paper
    at(datetime(2027, 10, 7, 9, tzinfo=UTC))
    send_renewal_proformas()
    db.session.commit()
    work()
    subscription = db.session.scalars(db.select(Subscription)).one()
    query = db.select(Proforma).where(Proforma.subscription_uid == subscription.uid)
    asked = db.session.scalars(query).one()
    assert asked.valid_through == date(2027, 11, 21)
    assert "Règlement par mandat administratif" in text_of(content_of(asked.document))


@pytest.mark.parametrize(
    ("terms", "method", "clause"),
    [
        ("natso", Method.DIRECT_DEBIT, "000-16"),
        ("natso", Method.ADMINISTRATIVE_MANDATE, "000-16"),
        ("dropcloud", Method.DIRECT_DEBIT, "001-14"),
        ("numspot", Method.CHEQUE, "003-49"),
    ],
)
def test_a_means_that_the_contract_does_not_have_is_refused(
    house: House, terms: str, method: Method, clause: str
) -> None:
    town = a_customer(house.reseller, accepted=terms, kind=CustomerKind.PUBLIC_BODY)
    product = a_product(house, terms_stack=terms)
    with pytest.raises(Refused) as refusal:
        place_order(town, product, 1, method, by=SYSTEM)
    assert refusal.value.values["clause"] == clause and refusal.value.field == "method"
    assert db.session.scalars(db.select(Order)).all() == []
