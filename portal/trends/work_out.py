"""One month's figures, worked out from the records themselves: a few statements for all resellers."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select

from portal import clock
from portal.backups.health import ALARMS, Health
from portal.backups.models import Machine, UsageSample
from portal.backups.queries import state_column
from portal.billing.models import Invoice
from portal.customers.models import Customer
from portal.db import db
from portal.engine.models import Vault, VaultState
from portal.sepa.models import Collection, CollectionState, Mandate
from portal.sepa.models.collection import UNPRESENTED
from portal.subscriptions.models import Subscription, SubscriptionState
from portal.trends.models import Name

Found = dict[Name, dict[int, int]]  # by reseller's number


def month_of(day: date) -> str:
    return f"{day:%Y-%m}"


def months_before(day: date, count: int) -> list[str]:
    """So many months up to that of this day, the oldest first; each counted from the same day."""
    number = day.year * 12 + day.month - 1
    return [f"{each // 12:04}-{each % 12 + 1:02}" for each in range(number - count + 1, number + 1)]


def bounds(month: str) -> tuple[date, date]:
    """The first day of a month, and the first one behind it."""
    first = date.fromisoformat(f"{month}-01")
    return first, (first + timedelta(days=32)).replace(day=1)


def work_out(month: str) -> Found:
    """Every figure of a month, by reseller; what nobody can know of a past month is left out."""
    first, behind = bounds(month)
    return {
        name: {reseller_id: int(value or 0) for reseller_id, value in db.session.execute(query)}
        for name, query in _queries(first, behind)
    }


def _queries(first: date, behind: date) -> Iterator[tuple[Name, Select[Any]]]:
    inside = and_(Invoice.issued_on >= first, Invoice.issued_on < behind)
    yield Name.REVENUE, _by_reseller(func.sum(Invoice.net_cents), Invoice).where(inside)
    yield Name.MRR, _by_reseller(func.sum(_monthly()), Subscription).where(*_runs_on(_last_day(behind)))
    began = and_(Subscription.started_on >= first, Subscription.started_on < behind)
    yield Name.BEGUN, _by_reseller(func.count(), Subscription).where(began)
    ended = and_(Subscription.ends_on >= first, Subscription.ends_on < behind)
    yield Name.LOST, _by_reseller(func.count(), Subscription).where(ended)
    due = and_(Collection.due_on >= first, Collection.due_on < behind, Collection.state.not_in(UNPRESENTED))
    yield Name.DEBITS, _of_debits().where(due)
    yield Name.RETURNED, _of_debits().where(due, Collection.state == CollectionState.RETURNED)
    if first <= clock.today() < behind:
        yield from _of_now()
    else:
        yield Name.STORED, _stored(first, behind)


def _by_reseller(figure: Any, model: Any) -> Select[Any]:
    """Of a table that names its customer."""
    query = select(Customer.reseller_id, figure).select_from(model)
    return query.join(Customer, Customer.id == model.customer_id).group_by(Customer.reseller_id)


def _of_debits() -> Select[Any]:
    return _by_reseller(func.count(), Mandate).join(Collection, Collection.mandate_id == Mandate.id)


def _last_day(behind: date) -> date:
    return min(behind - timedelta(days=1), clock.today())


def _runs_on(day: date) -> tuple[ColumnElement[bool], ...]:
    return (
        Subscription.started_on <= day,
        or_(Subscription.ends_on.is_(None), Subscription.ends_on > day),
        Subscription.state != SubscriptionState.WITHDRAWN,
    )


def _monthly() -> Any:
    """A month's fee without VAT, in cents, rounded down."""
    inside = case((Subscription.includes_vat, Subscription.vat_basis_points), else_=0)
    gross = Subscription.quantity * Subscription.unit_cents * 10_000
    return gross // ((10_000 + inside) * Subscription.billing_months)


def _of_now() -> Iterator[tuple[Name, Select[Any]]]:
    stored = _by_reseller(func.sum(Vault.bytes_stored), Vault)
    yield Name.STORED, stored.where(Vault.state == VaultState.ACTIVE)
    watched = _by_reseller(func.count(), Machine).where(Machine.standing != Health.UNWATCHED)
    yield Name.MACHINES, watched
    yield Name.ALARMS, watched.where(state_column().in_([state.value for state in ALARMS]))


def _stored(first: date, behind: date) -> Select[Any]:
    """By the last measure of each vault within the month."""
    inside = UsageSample.sampled_on >= first, UsageSample.sampled_on < behind
    last = select(UsageSample.vault_id, func.max(UsageSample.sampled_on).label("day")).where(*inside)
    newest = last.group_by(UsageSample.vault_id).subquery()
    query = _by_reseller(func.sum(UsageSample.bytes_stored), Vault)
    query = query.join(UsageSample, UsageSample.vault_id == Vault.id)
    same = and_(newest.c.vault_id == UsageSample.vault_id, newest.c.day == UsageSample.sampled_on)
    return query.join(newest, same)
