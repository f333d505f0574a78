"""Invoices by wire, one customer each."""

from portal import clock
from portal.billing.issue import issue_invoice
from portal.billing.models import Invoice, add_charge, pending_charges
from portal.catalogue.models import Method
from portal.db import db
from portal.journal import SYSTEM
from portal.resellers.models import issuer_for
from tests.builders import House, a_customer


def an_invoice(house: House, name: str, *, cents: int = 12_000) -> Invoice:
    """Of today, VAT included."""
    customer = a_customer(house.reseller, name=name, siren=None)
    add_charge(
        customer,
        origin=f"books:{name}",
        label="Abonnement",
        quantity=1,
        unit_cents=cents,
        includes_vat=True,
        method=Method.WIRE,
    )
    invoice = issue_invoice(
        customer,
        issuer_for(customer),
        pending_charges(customer),
        method=Method.WIRE,
        issued_on=clock.today(),
        due_on=clock.today(),
        by=SYSTEM,
    )
    db.session.commit()
    return invoice
