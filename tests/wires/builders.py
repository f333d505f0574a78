"""What is owed by wire, and the bank's statements that tell what came in."""

import io
from typing import Any

from flask.testing import FlaskClient

from portal.billing.issue import issue_invoice
from portal.billing.models import Invoice, add_charge, pending_charges
from portal.catalogue.models import Method
from portal.customers.models import Customer
from portal.db import db
from portal.journal import SYSTEM
from portal.subscriptions.models import Order
from portal.subscriptions.ordering import place_order
from portal.wires.models import IncomingTransfer
from tests.builders import House, a_customer, work
from tests.sepa.people import the_entity
from tests.sepa.raw_bank_files import assert_valid, camt, details, entry
from tests.subscriptions.builders import a_product

PAYER_IBAN = "FR1420041010050500013M02606"


def an_invoice(customer: Customer, cents: int = 12_000, number: int = 1, **values: Any) -> Invoice:
    """Owed by wire, issued on 23 November and due in December 2026."""
    add_charge(
        customer,
        origin=f"test:{customer.uid}:{number}",
        label="Abonnement",
        quantity=1,
        unit_cents=cents,
        includes_vat=True,
        method=Method.WIRE,
    )
    days = {"issued_on": values.get("issued_on"), "due_on": values.get("due_on")}
    invoice = issue_invoice(
        customer, the_entity(), pending_charges(customer), method=Method.WIRE, by=SYSTEM, **days
    )
    db.session.commit()
    return invoice


def an_order(house: House, customer: Customer | None = None) -> Order:
    """Three licences at 59.88: 179.64 by wire."""
    order = place_order(customer or a_customer(house.reseller), a_product(house), 3, Method.WIRE, by=SYSTEM)
    db.session.commit()
    return order


def wire(
    cents: int,
    text: str = "",
    *,
    payer: str = "SARL BOULANGERIE MARTIN",
    iban: str = PAYER_IBAN,
    reference: str = "V1",
    on: str = "2026-12-07",
    end_to_end: str = "NOTPROVIDED",
    **values: Any,
) -> str:
    """One entry: a transfer that was credited."""
    about = details(cents, end_to_end=end_to_end, text=text, payer=payer, payer_iban=iban)
    return entry(
        cents, about, **{"side": "CRDT", "code": "RCDT/ESCT", "reference": reference, "on": on, **values}
    )


def upload(client: FlaskClient, *entries: str, message: str = "M1", version: str = "camt.053.001.08") -> str:
    """Import a statement through the page, let the worker do its part; the address of the file's page."""
    data = camt(*entries, message=message, version=version)
    assert_valid(data)
    form = {"entity": the_entity().uid, "file": (io.BytesIO(data), f"{message}.xml")}
    answer = client.post("/sepa/returns", data=form)
    assert answer.status_code == 303, answer.text
    work()
    db.session.rollback()
    return answer.location


def transfers() -> list[IncomingTransfer]:
    db.session.rollback()
    query = db.select(IncomingTransfer).order_by(IncomingTransfer.id)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def the_transfer() -> IncomingTransfer:
    (row,) = transfers()
    return row
