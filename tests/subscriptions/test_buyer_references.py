"""Purchase order, commitment number, service code: required, entered, printed, and waited for by the run."""

from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape

from flask.testing import FlaskClient
from sqlalchemy import select

from portal import clock
from portal.billing.credit_models import CreditReason
from portal.billing.credit_notes import issue_credit_note, rest_of
from portal.billing.models import Invoice
from portal.billing.skips import BillingSkip
from portal.blobs import content_of
from portal.customers.models import Customer, CustomerKind
from portal.db import db
from portal.journal import SYSTEM
from portal.resellers.models import LegalEntity
from portal.subscriptions.models import Order, Subscription
from portal.terms.shipped import find_stack
from tests.builders import House, a_customer, stored, work
from tests.customers.test_views import ENTRY
from tests.subscriptions.builders import a_monthly_product, a_product
from tests.subscriptions.test_order_form import text_of
from tests.subscriptions.test_orders import text_of as pdf_text

Browser = Callable[..., FlaskClient]
COMMUNE = {"kind": "public_body", "requires_commitment_number": "y", "service_code": "SVC-INFO", "terms": ""}


def seen(client: FlaskClient, address: str) -> str:
    return unescape(text_of(client.get(address).text))


def paper_of(document) -> str:
    return " ".join(pdf_text(content_of(document)).split())


def test_a_public_body_orders_with_its_commitment_number_and_reads_it_on_every_paper(
    house: House, browser: Browser
) -> None:
    sales, product = browser(house.sales), a_product(house)
    assert sales.post("/customers/new", data={**ENTRY, **COMMUNE}).status_code == 303
    customer = db.session.scalars(select(Customer)).one()
    assert (customer.requires_commitment_number, customer.requires_service_code) == (True, False)
    page = seen(sales, f"/customers/{customer.uid}")
    assert "Exige sur ses factures Numéro d'engagement" in page and "SVC-INFO" in page
    customer.accept(find_stack("natso"), by=SYSTEM, address="127.0.0.1")
    db.session.commit()

    form = {"product": product.uid, "quantity": "5", "method": "wire", "purchase_order": "BC 2026-7"}
    address = f"/customers/{customer.uid}/orders"
    assert "SVC-INFO, comme sur sa fiche" in sales.get(f"{address}/new").text
    refused = sales.post(address, data=form)
    assert refused.status_code == 422 and "exige un numéro d'engagement sur ses factures" in unescape(
        refused.text
    )
    assert 'id="commitment_number-error-1"' in refused.text and "BC 2026-7" in refused.text
    too_long = sales.post(address, data=form | {"commitment_number": "E" * 51})
    assert too_long.status_code == 422 and db.session.scalars(select(Order)).all() == []
    assert sales.post(address, data=form | {"commitment_number": "EJ-4500012345"}).status_code == 303
    order = db.session.scalars(select(Order)).one()
    assert order.service_code is None and order.commitment_number == "EJ-4500012345"
    work()
    said = ("BC 2026-7", "EJ-4500012345", "SVC-INFO")
    asked = paper_of(stored(order).proforma.document)
    assert all(each in asked for each in said)
    assert all(each in seen(sales, f"/orders/{order.uid}") for each in said)
    paid = {"received_on": "2026-11-23", "amount": "299,40", "reference": "VIR 1"}
    assert browser(house.finance).post(f"/orders/{order.uid}/payment", data=paid).status_code == 303
    work()
    invoice = db.session.scalars(select(Invoice)).one()
    assert all(each in paper_of(invoice.document) for each in said)
    note = issue_credit_note(invoice, rest_of(invoice), origin="back", reason=CreditReason.ERROR, by=SYSTEM)
    db.session.commit()
    work()
    assert all(each in paper_of(stored(note).document) for each in said)


def test_a_period_without_the_required_number_waits_and_is_billed_once_it_is_entered(
    house: House, browser: Browser, at: Callable[[datetime], None]
) -> None:
    """The customer requires one since her order; another customer beside her is billed all the while."""
    entity = db.session.scalars(select(LegalEntity)).one()
    town = a_customer(house.reseller, accepted="dropcloud", kind=CustomerKind.PUBLIC_BODY, name="Commune")
    other = a_customer(house.reseller, accepted="dropcloud", name="Voisine", siren=None)
    product, sales = a_monthly_product(house), browser(house.sales)
    for customer in (town, other):
        form = {"product": product.uid, "quantity": "1", "method": "direct_debit"}
        assert sales.post(f"/customers/{customer.uid}/orders", data=form).status_code == 303
    for order in db.session.scalars(select(Order)):
        order.deliver(by=SYSTEM)
    db.session.commit()
    town.requires_commitment_number = True
    db.session.commit()
    at(datetime(2026, 12, 1, 9, tzinfo=UTC))
    finance, asked = browser(house.finance), {"entity": entity.uid, "month": "2026-12"}
    there = finance.post("/billing/previews", data=asked).location
    work()
    page = seen(finance, there)
    assert "Commune exige un numéro d'engagement sur ses factures" in page and "Montant TTC 24,00 €" in page
    assert finance.post("/billing/runs", data=asked).status_code == 303
    work()
    assert [row.customer_id for row in db.session.scalars(select(Invoice))] == [other.id]
    skip = db.session.scalars(select(BillingSkip)).one()
    assert skip.customer_id == town.id and "numéro d'engagement" in skip.reason

    own = db.session.scalars(select(Subscription).where(Subscription.customer_id == town.id)).one()
    sales, address = browser(house.sales), f"/subscriptions/{own.uid}/references"
    assert sales.post(address, data={"commitment_number": "X" * 51}).status_code == 422
    assert browser(house.reader).post(address, data={}).status_code == 403
    assert sales.post(address, data={"commitment_number": "EJ-2027"}).status_code == 303
    shown = seen(sales, f"/subscriptions/{own.uid}")
    assert "EJ-2027" in shown and "Références d'achat changées" in shown
    assert finance.post("/billing/runs", data=asked).status_code == 303
    work()
    invoice = db.session.scalars(select(Invoice).where(Invoice.customer_id == town.id)).one()
    assert "EJ-2027" in paper_of(invoice.document)
    at(datetime(2027, 1, 4, 9, tzinfo=UTC))
    assert stored(own).commitment_number == "EJ-2027" and clock.today().year == 2027
    assert browser(house.finance).post("/billing/runs", data=asked | {"month": "2027-01"}).status_code == 303
    work()
    second = db.session.scalars(select(Invoice).where(Invoice.customer_id == town.id)).all()[-1]
    assert second.id != invoice.id and "EJ-2027" in paper_of(second.document)
