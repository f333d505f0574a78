"""What of a subscription's invoices is paid back, on its page: how much, until when, how far it has come."""

from sqlalchemy import or_, select

from portal.billing.credit_models import Refund
from portal.billing.models import Charge
from portal.db import db
from portal.panels import Panel
from portal.refunds.owed import told
from portal.subscriptions.models import Subscription
from portal.subscriptions.panels import subscription_panel


@subscription_panel(rank=3)
def refunds_of(subscription: Subscription) -> Panel | None:
    """Source: 000-37, 000-54, 001-45; L1, L2."""
    marks = (f"{kind}:{subscription.uid}:" for kind in ("subscription", "change"))
    invoices = select(Charge.invoice_id).where(
        or_(*(Charge.origin.startswith(mark, autoescape=True) for mark in marks)),
        Charge.customer_id == subscription.customer_id,
        Charge.invoice_id.is_not(None),
    )
    query = select(Refund).where(Refund.invoice_id.in_(invoices)).order_by(Refund.id)
    rows = list(db.session.scalars(query))
    return Panel("refunds/_owed.html", {"owed": told(rows)}) if rows else None
