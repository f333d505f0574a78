"""What is stored on demand, as charges: each month once it is over (facturation à terme échu)."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import extract, func, select

from portal import clock
from portal.backups.models import UsageSample
from portal.billing.models import Charge, charges_due
from portal.billing.rules import bill_on, metered_gb
from portal.customers.models import Customer
from portal.db import db
from portal.deadlines import add_months
from portal.engine.models import Vault
from portal.subscriptions.models import Subscription


class Month(NamedTuple):
    """What the vaults of a subscription stored in a month. daily_bytes: added up over its measured days."""

    starts_on: date
    daily_bytes: int
    days_measured: int

    @property
    def gb(self) -> int:
        return metered_gb(self.daily_bytes, monthrange(self.starts_on.year, self.starts_on.month)[1])

    @property
    def ends_on(self) -> date:
        """First day after the month."""
        return add_months(self.starts_on, 1)


@charges_due.connect
def charge_usage(_sender: object, *, customers: Sequence[Customer], until: date) -> None:
    """Owe what the customers' on-demand subscriptions stored in each month that is over.

    Source: 003-45, 003-48.
    """
    query = select(Subscription).where(
        Subscription.customer_id.in_([customer.id for customer in customers]),
        Subscription.gb_month_cents.is_not(None),
    )
    for subscription in db.session.scalars(query.order_by(Subscription.customer_id, Subscription.id)):
        charged = _charged(subscription)
        for month in months_of(subscription):
            if _is_due(month, until) and month.gb and _origin(subscription, month) not in charged:
                _charge(subscription, month)


def _is_due(month: Month, until: date) -> bool:
    """The month is over, and the run goes that far."""
    on = bill_on(month.starts_on, month.ends_on, fixed_term=False)
    return on <= clock.today() and month.starts_on <= until


def months_of(subscription: Subscription) -> list[Month]:
    """The measured months of a subscription, from its first day to its last, the oldest first."""
    year, month = extract("year", UsageSample.sampled_on), extract("month", UsageSample.sampled_on)
    query = (
        select(year, month, func.sum(UsageSample.bytes_stored), func.count(UsageSample.sampled_on.distinct()))
        .join(Vault, Vault.id == UsageSample.vault_id)
        .where(Vault.subscription_uid == subscription.uid, UsageSample.sampled_on >= subscription.started_on)
        .group_by(year, month)
        .order_by(year, month)
    )
    if subscription.ends_on is not None:
        query = query.where(UsageSample.sampled_on < subscription.ends_on)
    return [Month(date(int(y), int(m), 1), int(size), days) for y, m, size, days in db.session.execute(query)]


def _origin(subscription: Subscription, month: Month) -> str:
    return f"usage:{subscription.uid}:{month.starts_on:%Y-%m}"


def _charged(subscription: Subscription) -> set[str]:
    query = select(Charge.origin).where(
        Charge.customer_id == subscription.customer_id, Charge.origin.startswith(f"usage:{subscription.uid}:")
    )
    return set(db.session.scalars(query))


def _charge(subscription: Subscription, month: Month) -> None:
    due = subscription.terms.on(month.starts_on).find("billing.usage_due")
    with force_locale(subscription.customer.language):
        label = _(
            "%(product)s, volume gardé en %(month)s, en Go (moyenne du mois, %(days)d jours mesurés)",
            product=subscription.product_name,
            month=f"{month.starts_on:%m/%Y}",
            days=month.days_measured,
        )
    subscription.owe(
        origin=_origin(subscription, month),
        label=label,
        quantity=month.gb,
        clause=due.clause if due else "",
        unit_cents=subscription.gb_month_cents or 0,
    )
