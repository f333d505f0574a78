"""What is stored on demand, as charges: each month once it is over (facturation à terme échu)."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, extract, func, select

from portal import clock, jobs
from portal.backups.gaps import GapState, note_measure
from portal.backups.models import UsageSample
from portal.billing.models import Charge, Invoice, InvoiceState, charges_due
from portal.billing.rules import bill_on, metered_gb
from portal.customers.models import Customer
from portal.db import db
from portal.deadlines import add_months
from portal.engine.models import Vault, VaultState
from portal.subscriptions.case import MeteredUse, metered_use
from portal.subscriptions.models import Subscription, SubscriptionState


class Month(NamedTuple):
    """What the vaults of a subscription stored in a month. daily_bytes: added up over its measured days.

    days_measured, days_expected: of all its vaults together. mean_bytes: daily_bytes, with each vault's
    missing days at the mean of its measured ones.
    """

    starts_on: date
    daily_bytes: int
    days_measured: int
    days_expected: int
    mean_bytes: int

    @property
    def gb(self) -> int:
        """By what was measured."""
        return metered_gb(self.daily_bytes, self._days)

    @property
    def mean_gb(self) -> int:
        """With the missing days at the mean of the measured ones."""
        return metered_gb(self.mean_bytes, self._days)

    @property
    def _days(self) -> int:
        return monthrange(self.starts_on.year, self.starts_on.month)[1]

    @property
    def ends_on(self) -> date:
        """First day after the month."""
        return add_months(self.starts_on, 1)


@charges_due.connect
def charge_usage(_sender: object, *, customers: Sequence[Customer], until: date) -> None:
    """Owe what the customers' on-demand subscriptions stored in each month that is over.

    A month with days that nobody measured waits until somebody has decided what they count.

    What an interim invoice has billed of it is not owed twice.

    Source: 003-45, 003-46, 003-48.
    """
    wanted = Subscription.customer_id.in_([customer.id for customer in customers])
    for subscription in on_demand(wanted):
        charged = _charged(subscription)
        for month in months_of(subscription):
            if not _is_due(month, until) or _origin(subscription, month) in charged:
                continue
            gb = _decided_gb(subscription, month)
            if gb and (rest := gb - _billed_before(subscription, month)) > 0:
                _charge(subscription, month, rest, of_gb=gb)


@jobs.periodic("usage.measures", jobs.daily)
def note_missing_measures() -> None:
    """Every day: months that are over and have days without a measure wait for somebody's decision."""
    for subscription in on_demand(Subscription.state != SubscriptionState.WITHDRAWN):
        charged = _charged(subscription)
        for month in months_of(subscription):
            if _is_due(month, clock.today()) and _origin(subscription, month) not in charged:
                _decided_gb(subscription, month)


def on_demand(wanted: ColumnElement[bool]) -> list[Subscription]:
    """Those whose volume is billed by what was stored."""
    query = select(Subscription).where(wanted, Subscription.gb_month_cents.is_not(None))
    return list(db.session.scalars(query.order_by(Subscription.customer_id, Subscription.id)))


_MONTHS = 12  # of the mean that an early end is charged by


@metered_use()
def used_on_demand(subscription: Subscription) -> MeteredUse | None:
    """GB of a mean month, to the thousandth, of the last twelve whole ones that were measured; None before
    the first.

    Source: 004-43.
    """
    if subscription.gb_month_cents is None:
        return None
    over = [month for month in months_of(subscription) if month.ends_on <= clock.today()][-_MONTHS:]
    if not over:
        return None
    mean = (Decimal(sum(month.mean_gb for month in over)) / len(over)).quantize(Decimal("0.001"))
    micros = subscription.gb_month_cents * 10_000
    if subscription.includes_vat:
        micros = micros * 10_000 // (10_000 + subscription.vat_basis_points)
    return MeteredUse(mean, micros)


def _decided_gb(subscription: Subscription, month: Month) -> int | None:
    """What the month counts; None while its missing days are undecided. Never nothing for no measure."""
    if month.days_measured >= month.days_expected:
        return month.gb
    extra = (month.mean_gb - month.gb) * (subscription.gb_month_cents or 0)
    gap = note_measure(subscription, month.starts_on, month.days_expected, month.days_measured, extra)
    if gap.state == GapState.OPEN:
        return None
    return month.mean_gb if gap.state == GapState.BILLED else month.gb


def _is_due(month: Month, until: date) -> bool:
    """The month is over, and the run goes that far."""
    on = bill_on(month.starts_on, month.ends_on, fixed_term=False)
    return on <= clock.today() and month.starts_on <= until


def months_of(subscription: Subscription) -> list[Month]:
    """The months of a subscription that have a vault, from its first day to its last, the oldest first."""
    months: dict[date, list[int]] = {}
    query = select(Vault).where(Vault.subscription_uid == subscription.uid).order_by(Vault.id)
    for vault in db.session.scalars(query):
        for first, size, measured, expected in _months_of_vault(subscription, vault):
            sums = months.setdefault(first, [0, 0, 0, 0])
            mean = size * expected // measured if measured else 0
            for at, value in enumerate((size, measured, expected, mean)):
                sums[at] += value
    return [Month(first, *sums) for first, sums in sorted(months.items())]


def _months_of_vault(subscription: Subscription, vault: Vault) -> list[tuple[date, int, int, int]]:
    """First day, bytes added up, days measured and days to measure of each month of one vault."""
    hers_from = subscription.held_since or subscription.started_on
    year, month = extract("year", UsageSample.sampled_on), extract("month", UsageSample.sampled_on)
    query = (
        select(
            year, month, func.sum(UsageSample.bytes_stored), func.count(), func.min(UsageSample.sampled_on)
        )
        .where(UsageSample.vault_id == vault.id, UsageSample.sampled_on >= hers_from)
        .group_by(year, month)
        .order_by(year, month)
    )
    end = subscription.ends_on or date.max
    rows = {
        date(int(y), int(m), 1): (int(size), days, first)
        for y, m, size, days, first in db.session.execute(query.where(UsageSample.sampled_on < end))
    }
    born = min([clock.paris_day(vault.created_at), *(first for _size, _days, first in rows.values())])
    if vault.state != VaultState.ACTIVE:  # nobody measures it any more
        end = min(end, _last_measured(vault, born) + timedelta(days=1))
    start, months = max(born, hers_from), []
    first = start.replace(day=1)
    while first < min(end, clock.today() + timedelta(days=1)):
        behind = add_months(first, 1)
        expected = (min(behind, end) - max(first, start)).days
        size, days, _first = rows.get(first, (0, 0, first))
        months.append((first, size, days, expected))
        first = behind
    return months


def _last_measured(vault: Vault, otherwise: date) -> date:
    query = select(func.max(UsageSample.sampled_on)).where(UsageSample.vault_id == vault.id)
    return db.session.scalar(query) or otherwise


def _origin(subscription: Subscription, month: Month) -> str:
    return f"usage:{subscription.uid}:{month.starts_on:%Y-%m}"


def interim_origin(subscription: Subscription, month: date) -> str:
    """Of what was billed while the month was running. month: its first day."""
    return f"usage-interim:{subscription.uid}:{month:%Y-%m}"


def _billed_before(subscription: Subscription, month: Month) -> int:
    """GB of the month on an interim invoice, unless a credit note took it back."""
    query = select(func.coalesce(func.sum(Charge.quantity), 0)).join(Invoice, Invoice.id == Charge.invoice_id)
    own = Charge.origin == interim_origin(subscription, month.starts_on)
    return int(db.session.scalar(query.where(own, Invoice.state != InvoiceState.CREDITED)) or 0)


def _charged(subscription: Subscription) -> set[str]:
    query = select(Charge.origin).where(
        Charge.customer_id == subscription.customer_id, Charge.origin.startswith(f"usage:{subscription.uid}:")
    )
    return set(db.session.scalars(query))


def _charge(subscription: Subscription, month: Month, gb: int, *, of_gb: int) -> None:
    """gb: what is owed now, of_gb: what the month counts."""
    due = subscription.terms.on(month.starts_on).find("billing.usage_due")
    with force_locale(subscription.customer.language):
        label = _(
            "%(product)s, volume gardé en %(month)s, en Go (moyenne du mois, %(days)d jours mesurés)",
            product=subscription.product_name,
            month=f"{month.starts_on:%m/%Y}",
            days=month.days_measured,
        )
        if gb < of_gb:
            words = {"all": of_gb, "before": of_gb - gb}
            label = f"{label}, {_('%(all)d Go, moins %(before)d Go déjà facturés', **words)}"
    subscription.owe(
        origin=_origin(subscription, month),
        label=label,
        quantity=gb,
        clause=due.clause if due else "",
        unit_cents=subscription.gb_month_cents or 0,
    )
