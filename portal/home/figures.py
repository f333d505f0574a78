"""What a role sees first: a few figures, each a link, and the work that waits for it."""

from collections.abc import Callable
from typing import Any, NamedTuple

from flask import g, url_for
from flask_babel import ngettext
from sqlalchemy import Select, or_, select

from portal import clock
from portal.access import Permission, granted, holds
from portal.backups.gaps import GapState, UsageGap
from portal.backups.queries import count_alarms
from portal.billing.models import Invoice, InvoiceState
from portal.customers.models import Customer
from portal.customers.queries import search
from portal.db import db
from portal.obligations.models import Obligation, Standing, stands
from portal.paging import Count, count_of
from portal.resellers.issuing import run_by
from portal.sepa.models import Collection, CollectionState, Mandate, MandateState
from portal.subscriptions.models import Order, OrderState, Subscription, SubscriptionState


class Figure(NamedTuple):
    number: Count
    label: str
    url: str


def count(model: Any, *conditions: Any) -> Count:
    return count_of(select(model.id).where(*conditions))


Told = Callable[[int], str]


def figures() -> list[Figure]:
    """The figures that the actor's role may see; every count is inside the actor's scope."""
    rows: tuple[tuple[Permission, Callable[[], Count], Told, str], ...] = (
        (
            Permission.CUSTOMER_READ,
            lambda: count_of(search(g.actor, "")[0].with_only_columns(Customer.id)),
            lambda n: ngettext("client", "clients", n),
            url_for("customers.list_customers"),
        ),
        (
            Permission.SUBSCRIPTION_READ,
            lambda: count(Subscription, *_runs()),
            lambda n: ngettext("abonnement en cours", "abonnements en cours", n),
            url_for("subscriptions.list_subscriptions"),
        ),
        (
            Permission.BACKUP_READ,
            lambda: count_alarms(g.actor),
            lambda n: ngettext("sauvegarde à regarder", "sauvegardes à regarder", n),
            url_for("backups.wall"),
        ),
        (
            Permission.ORDER_READ,
            lambda: count(Order, Order.state == OrderState.AWAITING_PAYMENT),
            lambda n: ngettext("virement attendu", "virements attendus", n),
            url_for("subscriptions.list_orders", state="awaiting_payment"),
        ),
        (
            Permission.MANDATE_READ,
            lambda: count(Mandate, Mandate.state == MandateState.SENT),
            lambda n: ngettext("mandat à signer", "mandats à signer", n),
            url_for("sepa.list_mandates", state=MandateState.SENT),
        ),
        (
            Permission.BATCH_READ,
            lambda: count_of(_announced()),
            lambda n: ngettext("prélèvement annoncé", "prélèvements annoncés", n),
            url_for("sepa.cockpit"),
        ),
        (
            Permission.BILLING_READ,
            lambda: count(UsageGap, UsageGap.state == GapState.OPEN),
            lambda n: ngettext("écart d'usage à décider", "écarts d'usage à décider", n),
            url_for("usage_gaps.list_gaps", state=GapState.OPEN.value),
        ),
        (
            Permission.OBLIGATION_READ,
            lambda: count(Obligation, stands(Standing.MISSED)),
            lambda n: ngettext("engagement manqué", "engagements manqués", n),
            url_for("obligations.list_obligations", state=Standing.MISSED.value),
        ),
        (
            Permission.INVOICE_READ,
            lambda: count(Invoice, Invoice.state == InvoiceState.ISSUED, Invoice.due_on < clock.today()),
            lambda n: ngettext("facture en retard", "factures en retard", n),
            url_for("billing.list_invoices", state="overdue"),
        ),
    )
    own = [row for row in rows if holds(g.actor, row[0])]
    counted = [(number(), told, url) for _permission, number, told, url in own]
    return [Figure(number, told(int(number)), url) for number, told, url in counted]


def _announced() -> Select[Any]:
    """The debits that are to leave, of the issuers whose months the actor runs."""
    waits = Collection.batch_id.is_(None), Collection.state == CollectionState.ANNOUNCED
    return run_by(Collection, g.actor).where(*waits).with_only_columns(Collection.id)


def _runs() -> tuple[Any, ...]:
    """Of subscriptions that run today, notice given or not."""
    goes_on = or_(Subscription.ends_on.is_(None), Subscription.ends_on > clock.today())
    return Subscription.state != SubscriptionState.WITHDRAWN, goes_on


def own_contracts() -> list[Subscription]:
    """What the customer has subscribed to and has not ended; empty for staff, who start from a customer."""
    if not (g.actor.is_customer and granted(g.actor, Permission.SUBSCRIPTION_READ)):
        return []
    goes_on = or_(Subscription.ends_on.is_(None), Subscription.ends_on > clock.today())
    hers = Subscription.visible_to(g.actor).where(goes_on, Subscription.state != SubscriptionState.WITHDRAWN)
    return list(db.session.scalars(hers.order_by(Subscription.id)))
