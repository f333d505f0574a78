"""What a reseller bills of a month: its customers' contracts, under its own references."""

from datetime import date
from itertools import groupby
from typing import Any

from sqlalchemy import or_
from sqlalchemy.orm import joinedload, selectinload

from portal import clock
from portal.answers.rules.periods import last_usable_day
from portal.backups.metering import months_of
from portal.db import db
from portal.deadlines import add_months
from portal.partners.fields import money
from portal.subscriptions.changes import sold_on
from portal.subscriptions.models import Subscription, SubscriptionState
from portal.wholesale.models import WholesaleLine


def month_of(text: str) -> date | None:
    """The first day of a month such as ``2026-11``; None for what is none, before 2000, or to come."""
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        return None
    return first if len(text) == 7 and date(2000, 1, 1) <= first <= clock.today() else None


def usage_in(actor: Any, first: date) -> list[dict[str, Any]]:
    """Each customer with the contracts that ran on a day of the month, as they were on its last day of it.

    Of the month that runs, as it stands today. Customers come by their names.
    """
    end = add_months(first, 1)
    query = Subscription.visible_to(actor).where(
        Subscription.started_on < end,
        or_(Subscription.ends_on.is_(None), Subscription.ends_on > first),
        Subscription.state != SubscriptionState.WITHDRAWN,
    )
    query = query.options(
        joinedload(Subscription.customer),
        joinedload(Subscription.product),
        selectinload(Subscription.price_steps),
        selectinload(Subscription.amendments),
        selectinload(Subscription.changes),
    )
    rows = list(db.session.scalars(query))
    bought = bought_in(actor, first)
    rows.sort(key=lambda row: (row.customer.name_folded, row.customer_id, row.id))
    return [
        {
            "customer": {"uid": customer.uid, "name": customer.name},
            "partner_reference": customer.partner_reference,
            "lines": [_line(row, first, end) | {"wholesale_net": money(bought.get(row.uid))} for row in own],
        }
        for customer, own in ((key, list(group)) for key, group in groupby(rows, lambda row: row.customer))
    ]


def bought_in(actor: Any, first: date) -> dict[str, int]:
    """Cents without VAT, by contract, that the reseller's bulk invoices of a month hold (annex lines)."""
    query = WholesaleLine.visible_to(actor).where(WholesaleLine.month == f"{first:%Y-%m}")
    sums: dict[str, int] = {}
    for line in db.session.scalars(query):
        sums[line.subscription_uid] = sums.get(line.subscription_uid, 0) + line.net_cents
    return sums


def _line(row: Subscription, first: date, end: date) -> dict[str, Any]:
    since = max(first, row.held_since or row.started_on)
    until = last_usable_day(min(end, row.ends_on or end))
    sold = sold_on(row, until)
    return {
        "subscription": row.uid,
        "product": sold.product_name,
        "unit": row.product.unit_name,
        "quantity": sold.quantity,
        "unit_price": money(sold.unit_cents),
        "price_includes_vat": row.includes_vat,
        "billing_months": row.billing_months,
        "from_day": since,
        "through_day": until,
        "volume_gb": row.volume_gb,
        "metered_gb": _metered(row, first),
    }


def _metered(row: Subscription, first: date) -> int | None:
    """GB that an on-demand contract stored in the month, as they are billed (003-45); None for another."""
    if row.gb_month_cents is None:
        return None
    return next((month.gb for month in months_of(row) if month.starts_on == first), 0)
