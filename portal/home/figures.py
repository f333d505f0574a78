"""What a role sees first: a few figures, each a link, and the work that waits for it."""

from typing import Any, NamedTuple

from flask import g, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock
from portal.access import GRANTS, Permission, Role
from portal.backups.gaps import GapState, UsageGap
from portal.backups.queries import count_alarms
from portal.billing.models import Invoice, InvoiceState
from portal.customers.models import Customer
from portal.customers.queries import search
from portal.db import db
from portal.paging import Count, count_of
from portal.sepa.models import Collection, CollectionState, Mandate, MandateState
from portal.subscriptions.models import Order, OrderState, Subscription, SubscriptionState


class Figure(NamedTuple):
    number: Count
    label: str
    url: str


def count(model: Any, *conditions: Any) -> Count:
    return count_of(select(model.id).where(*conditions))


def figures() -> list[Figure]:
    """The figures that the actor's role may see; every count is inside the actor's scope."""
    rows = (
        (
            Permission.CUSTOMER_READ,
            lambda: count_of(search(g.actor, "")[0].with_only_columns(Customer.id)),
            _("clients"),
            url_for("customers.list_customers"),
        ),
        (
            Permission.SUBSCRIPTION_READ,
            lambda: count(Subscription, Subscription.state == SubscriptionState.ACTIVE),
            _("abonnements actifs"),
            url_for("subscriptions.list_subscriptions"),
        ),
        (
            Permission.BACKUP_READ,
            lambda: count_alarms(g.actor),
            _("sauvegardes à regarder"),
            url_for("backups.wall"),
        ),
        (
            Permission.ORDER_READ,
            lambda: count(Order, Order.state == OrderState.AWAITING_PAYMENT),
            _("virements attendus"),
            url_for("subscriptions.list_orders", state="awaiting_payment"),
        ),
        (
            Permission.MANDATE_READ,
            lambda: count(Mandate, Mandate.state == MandateState.SENT),
            _("mandats à signer"),
            url_for("sepa.list_mandates", state=MandateState.SENT),
        ),
        (
            Permission.BATCH_READ,
            lambda: count(
                Collection, Collection.batch_id.is_(None), Collection.state == CollectionState.ANNOUNCED
            ),
            _("prélèvements annoncés"),
            url_for("sepa.cockpit"),
        ),
        (
            Permission.BILLING_READ,
            lambda: count(UsageGap, UsageGap.state == GapState.OPEN),
            _("écarts d'usage à décider"),
            url_for("usage_gaps.list_gaps"),
        ),
        (
            Permission.INVOICE_READ,
            lambda: count(Invoice, Invoice.state == InvoiceState.ISSUED, Invoice.due_on < clock.today()),
            _("factures en retard"),
            url_for("billing.list_invoices", state="overdue"),
        ),
    )
    return [
        Figure(counted(), label, url)
        for permission, counted, label, url in rows
        if g.actor.role in GRANTS[permission]
    ]


def own_contracts() -> list[Subscription]:
    """What the customer has subscribed to, for her own home; empty for staff, who start from a customer."""
    if g.actor.role != Role.CUSTOMER:
        return []
    return list(db.session.scalars(Subscription.visible_to(g.actor).order_by(Subscription.id)))
