"""Invoices that other rooms ask for."""

from sqlalchemy import select

from portal.billing.models import Invoice, InvoiceState
from portal.customers.models import Customer
from portal.db import db


def unpaid_invoices(customer: Customer) -> list[Invoice]:
    """What was issued to her and is not paid, the oldest first."""
    query = select(Invoice).where(Invoice.customer_id == customer.id, Invoice.state == InvoiceState.ISSUED)
    return list(db.session.scalars(query.order_by(Invoice.due_on, Invoice.id)))
