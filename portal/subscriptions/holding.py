"""Why a customer cannot be put away: what runs, waits or is owed."""

from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock
from portal.billing.queries import unpaid_invoices
from portal.customers.models import Acceptance, Customer
from portal.customers.panels import holding, relying
from portal.db import db
from portal.engine.models import Vault, VaultState
from portal.subscriptions.models import Order, OrderState, Subscription, subscriptions_of
from portal.subscriptions.order_states import WAITING


def _runs(subscription: Subscription) -> bool:
    return subscription.shown_state() not in ("ended", "retracted")


@holding(rank=10)
def running(customer: Customer) -> str | None:
    alive = [each for each in subscriptions_of(customer) if _runs(each)]
    return _("l'abonnement « %(label)s » court encore", label=alive[0].label) if alive else None


@holding(rank=20)
def ordered(customer: Customer) -> str | None:
    query = select(Order.id).where(Order.customer_id == customer.id, Order.state.in_(WAITING))
    return _("une commande attend") if db.session.scalars(query.limit(1)).first() else None


@holding(rank=30)
def owed(customer: Customer) -> str | None:
    invoices = unpaid_invoices(customer)
    return _("la facture %(number)s n'est pas payée", number=invoices[0].number) if invoices else None


@holding(rank=40)
def stored(customer: Customer) -> str | None:
    query = select(Vault.id).where(Vault.customer_id == customer.id, Vault.state == VaultState.ACTIVE)
    return _("un coffre garde encore des données") if db.session.scalars(query.limit(1)).first() else None


@relying()
def ordered_under(row: Acceptance) -> str | None:
    """An order that was placed under this very text, and not cancelled."""
    query = select(Order).where(
        Order.customer_id == row.customer_id,
        Order.state.not_in((OrderState.CANCELLED, OrderState.LAPSED, OrderState.REFUSED)),
    )
    hers = (order for order in db.session.scalars(query) if row in order.proofs)
    found = next(hers, None)
    if found is None:
        return None
    return _("la commande du %(day)s s'appuie dessus", day=f"{clock.paris_day(found.created_at):%d/%m/%Y}")
