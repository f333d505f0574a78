"""Late invoices of each contract."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from portal.billing.issue import issue_invoice
from portal.billing.models import Invoice, add_charge, pending_charges
from portal.catalogue.models import Method
from portal.db import db
from portal.journal import SYSTEM
from portal.resellers.models import issuer_for
from portal.subscriptions.models import Subscription
from tests.builders import House

DUE = date(2025, 5, 31)


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 11, tzinfo=UTC)


def an_invoice(
    subscription: Subscription, *, cents: int = 120_000, due_on: date = DUE, number: int = 1
) -> Invoice:
    """Of a period of this contract, VAT included, by wire."""
    customer = subscription.customer
    subscription.method = Method.WIRE
    add_charge(
        customer,
        origin=f"subscription:{subscription.uid}:{due_on.replace(day=number)}",
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
        issued_on=date(due_on.year, due_on.month, 1),
        due_on=due_on,
        by=SYSTEM,
    )
    db.session.commit()
    return invoice


def of_contract(
    make: Callable[..., Subscription], house: House, *, due_on: date = DUE, **values: Any
) -> Invoice:
    invoice = {key: values.pop(key) for key in ("cents",) if key in values}
    started = date(2025, 1, 1)
    subscription = make(house, started_on=started, billed_before=date(2027, 6, 1), **values)
    return an_invoice(subscription, due_on=due_on, **invoice)
