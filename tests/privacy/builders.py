"""A breach that is written, and touches a customer; a person who asks for her data."""

from datetime import date, datetime, timedelta
from typing import Any

from portal import clock
from portal.accounts.models import Organisation
from portal.customers.models import Customer
from portal.db import db
from portal.journal import SYSTEM
from portal.privacy.models import Breach, BreachCustomer, open_breach
from portal.privacy.requests import Asked, PersonRequest, enter_request
from portal.privacy.subprocessors import (
    Entry,
    SubProcessor,
    SubProcessorChange,
    plan_change,
    register_present,
)

WRITTEN = {  # in no language: pages of both show them
    "nature": "S12: 40 x A",
    "contact": "Ada, dpo@portail.example",
    "consequences": "C: A1, A2",
    "measures": "M: K9",
}


def a_breach(provider: Organisation, customer: Customer, known_at: datetime | None = None) -> Breach:
    row = open_breach(provider, "S12", known_at or clock.now(), by=SYSTEM)
    row.write(WRITTEN, by=SYSTEM)
    values: dict[str, Any] = {"breach_id": row.id, "customer_id": customer.id, "found_by": ""}
    db.session.add(BreachCustomer(organisation=customer.organisation, **values))
    db.session.commit()
    return row


def a_request(
    provider: Organisation, email: str = "lea@autre.example", kind: Asked = Asked.ACCESS, **values: Any
) -> PersonRequest:
    values = {"language": "fr", **values}
    row = enter_request(provider, email, "Léa Roux", kind, "A4", clock.now(), by=SYSTEM, **values)
    db.session.commit()
    return row


def a_processor(provider: Organisation, name: str = "Hébergeur SA", covers: str = "numspot") -> SubProcessor:
    entry = Entry(name, "FR", "S3", (covers,))
    row = register_present(provider, entry, date(2025, 2, 1), date(2025, 1, 1), "B7", by=SYSTEM)
    db.session.commit()
    return row


def a_change(provider: Organisation, covers: str = "numspot", **values: Any) -> SubProcessorChange:
    """In thirty days, with twenty to object."""
    today = clock.today()
    days = today + timedelta(days=30), today + timedelta(days=20)
    row = plan_change(provider, Entry("Nuage GmbH", "DE", "S4", (covers,)), *days, by=SYSTEM, **values)
    db.session.commit()
    return row
