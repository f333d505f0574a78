"""What orders and subscriptions hang together with."""

from collections.abc import Iterator
from itertools import chain

from flask import g, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal.access import Permission
from portal.billing.models import Charge, Invoice
from portal.customers.models import Customer
from portal.db import db
from portal.engine.models import Vault
from portal.notes import takes_notes
from portal.paging import first_of
from portal.panels import Related, relates
from portal.subscriptions.models import Order, Subscription

_NEWEST = 6  # invoices that a subscription's page names; its customer's list has them all

takes_notes(Customer, Permission.CUSTOMER_READ, "customers.show_customer")
takes_notes(Vault, Permission.VAULT_READ, "vaults.show_vault")
takes_notes(Order, Permission.ORDER_READ, "subscriptions.show_order")
takes_notes(Subscription, Permission.SUBSCRIPTION_READ, "subscriptions.show_subscription")


def as_related(subscription: Subscription) -> Related:
    address = url_for("subscriptions.show_subscription", uid=subscription.uid)
    return Related(_("Abonnement"), subscription.label, address)


def _order(order: Order) -> Related:
    words = f"{order.number} : {order.quantity} × {order.product_name}"
    return Related(_("Commande"), words, url_for("subscriptions.show_order", uid=order.uid))


def _invoice(invoice: Invoice) -> Related:
    return Related(_("Facture"), invoice.number, url_for("billing.show_invoice", uid=invoice.uid))


@relates(Order, Permission.SUBSCRIPTION_READ)
def begun_by(order: Order) -> Iterator[Related]:
    query = Subscription.visible_to(g.actor).where(Subscription.order_uid == order.uid)
    return map(as_related, db.session.scalars(query))


@relates(Order, Permission.INVOICE_READ)
def invoices_of_order(order: Order) -> Iterator[Related]:
    query = Invoice.visible_to(g.actor).where(Invoice.order_uid == order.uid)
    return map(_invoice, db.session.scalars(query.order_by(Invoice.id)))


@relates(Subscription, Permission.ORDER_READ)
def order_of(subscription: Subscription) -> Iterator[Related]:
    query = Order.visible_to(g.actor).where(Order.uid == subscription.order_uid)
    return map(_order, db.session.scalars(query))


@relates(Subscription, Permission.INVOICE_READ)
def invoices_of(subscription: Subscription) -> Iterator[Related]:
    """The newest of those that carry a period of it."""
    carried = select(Charge.invoice_id).where(
        Charge.customer_id == subscription.customer_id,
        Charge.origin.startswith(f"subscription:{subscription.uid}:", autoescape=True),
    )
    query = Invoice.visible_to(g.actor).where(Invoice.id.in_(carried)).order_by(Invoice.id.desc())
    return map(_invoice, first_of(query, _NEWEST))


@relates(Subscription, Permission.VAULT_READ)
def vaults_of_subscription(subscription: Subscription) -> Iterator[Related]:
    query = Vault.visible_to(g.actor).where(Vault.subscription_uid == subscription.uid)
    found = db.session.scalars(query.order_by(Vault.id))
    return (Related(_("Coffre"), vault.name, url_for("vaults.show_vault", uid=vault.uid)) for vault in found)


@relates(Vault, Permission.SUBSCRIPTION_READ)
def subscription_of(vault: Vault) -> Iterator[Related]:
    query = Subscription.visible_to(g.actor).where(Subscription.uid == vault.subscription_uid)
    return map(as_related, db.session.scalars(query))


@relates(Invoice, Permission.ORDER_READ)
def order_of_invoice(invoice: Invoice) -> Iterator[Related]:
    query = Order.visible_to(g.actor).where(Order.uid == (invoice.order_uid or ""))
    return map(_order, db.session.scalars(query))


@relates(Invoice, Permission.SUBSCRIPTION_READ)
def subscriptions_of_invoice(invoice: Invoice) -> Iterator[Related]:
    """Those whose periods it carries."""
    origins = db.session.scalars(select(Charge.origin).where(Charge.invoice_id == invoice.id))
    parts = (origin.split(":") for origin in origins)
    kinds = {"subscription", "usage", "change"}
    uids = list(chain.from_iterable(each[1:2] for each in parts if each[0] in kinds))
    query = Subscription.visible_to(g.actor).where(Subscription.uid.in_(uids))
    return map(as_related, db.session.scalars(query.order_by(Subscription.id)))
