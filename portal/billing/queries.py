"""Invoices that other rooms ask for."""

from typing import Any

from sqlalchemy import Select, exists, select

from portal.access import RESELLER
from portal.billing.models import Invoice, InvoiceState
from portal.customers.models import Customer
from portal.db import db
from portal.resellers.issuing import run_by


def unpaid_invoices(customer: Customer) -> list[Invoice]:
    """What was issued to her and is not paid, the oldest first."""
    query = select(Invoice).where(Invoice.customer_id == customer.id, Invoice.state == InvoiceState.ISSUED)
    return list(db.session.scalars(query.order_by(Invoice.due_on, Invoice.id)))


def about_invoices_run_by(model: Any, actor: Any) -> Select[Any]:
    """The rows of a table with ``invoice_id`` about invoices of issuers whose months this person runs."""
    query: Select[Any] = model.visible_to(actor)
    return query.where(model.invoice_id.in_(_own(actor))) if actor.role in RESELLER else query


def customers_run_by(actor: Any) -> Select[tuple[Customer]]:
    """The customers whose debts this person follows.

    For people of a reseller: those whom their own issuer has invoiced, and who owe nothing to another one.
    Who owes to two houses is reminded of all in one letter a day, and stays with the provider, who sees both.
    """
    query: Select[tuple[Customer]] = Customer.visible_to(actor)
    if actor.role not in RESELLER:
        return query
    hers = Invoice.customer_id == Customer.id
    owed_elsewhere = exists().where(
        hers, Invoice.state == InvoiceState.ISSUED, Invoice.id.not_in(_own(actor))
    )
    return query.where(exists().where(hers, Invoice.id.in_(_own(actor))), ~owed_elsewhere)


def _own(actor: Any) -> Select[Any]:
    return run_by(Invoice, actor).with_only_columns(Invoice.id)
