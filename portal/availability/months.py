"""The month of the services of a subscription or a contract: one answer for pages, credits and mails."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from flask import g
from sqlalchemy import func

from portal import clock
from portal.availability.models import NEVER_COUNTED, measures_of, outage_query, outages_of
from portal.availability.planned import left_out
from portal.availability.promises import Promise, promises_of, promises_to
from portal.availability.rules import Known, ProbeDay, ServiceDay, is_only_typed, known_percent, service_month
from portal.db import db
from portal.deadlines import add_months, start_of_paris_day
from portal.errors import Refused
from portal.incidents.credits import Outage as Span
from portal.subscriptions.models import Subscription
from portal.terms.in_force import stack_in_force
from portal.terms.stack import Stack
from portal.wording import N_


@dataclass(frozen=True, slots=True)
class ServiceMonth:
    """A service in a month. percent: over what is known, None where nothing is."""

    promise: Promise
    days: list[ServiceDay]
    percent: Decimal | None

    @property
    def missing(self) -> int:
        return sum(day.known is Known.MISSING for day in self.days)

    @property
    def is_only_typed(self) -> bool:
        """No probe looked: the percent comes of the outages that people wrote down."""
        return self.percent is not None and is_only_typed(self.days)

    @property
    def counted(self) -> Decimal:
        return sum((day.counted for day in self.days), Decimal(0))

    @property
    def excluded(self) -> Decimal:
        return sum((day.excluded for day in self.days), Decimal(0))

    @property
    def is_below(self) -> bool:
        promised = self.promise.percent
        return promised is not None and self.percent is not None and self.percent < promised


def read_month(text: str) -> date:
    """The first day of a month such as "2026-12". Raises Refused for another text, and for one to come."""
    try:
        first = datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 (a month has no zone)
    except ValueError as error:
        raise Refused(N_("Écrivez le mois comme 2026-12.")) from error
    if first > clock.today():
        raise Refused(N_("Ce mois n'a pas commencé."))
    return first


def months_of_subscription(subscription: Subscription, month: date) -> list[ServiceMonth]:
    """Each service that her contract names, in one month, as it counts for her.

    Source: 001-23, 003-26, 003-27, 003-75.
    """
    stack = subscription.terms.on(month)
    first = max(subscription.started_on, subscription.held_since or subscription.started_on)
    before = min(clock.today(), subscription.ends_on or clock.today())
    promises = promises_to(subscription, month)
    return _months(stack, promises, month, subscription, first=first, before=before)


def months_of_contract(contract: str, month: date) -> list[ServiceMonth]:
    """Each service of a contract, as all its customers have it: without what was excluded for one of them."""
    stack = stack_in_force(contract, clock.today())
    return _months(stack, promises_of(stack), month, None, first=month, before=clock.today())


def _months(
    stack: Stack,
    promises: list[Promise],
    month: date,
    subscription: Subscription | None,
    *,
    first: date,
    before: date,
) -> list[ServiceMonth]:
    after = add_months(month, 1)
    since, until = start_of_paris_day(month), start_of_paris_day(after)
    customer = subscription.customer if subscription else None
    outages = outages_of(stack.name, since, until, customer.id if customer else None)
    probes: dict[str, dict[date, ProbeDay]] = defaultdict(dict)
    for each in measures_of(stack.name, month, after):
        probes[each.service][each.day] = ProbeDay(each.minutes_up, each.minutes_measured)
    found = []
    for promise in promises:
        mine = [each for each in outages if promise.service in each.services]
        urgent = bool(stack.number("maintenance.emergency_excluded"))
        spans = [(each, Span(each.starts_at, each.ends_at or clock.now())) for each in mine]
        windows = [
            (span.starts_at, span.ends_at) for each, span in spans if urgent and each.cause in NEVER_COUNTED
        ]
        if customer is not None:
            windows += left_out(stack, customer, promise.service, since, until)
        days = service_month(
            month,
            [span for _each, span in spans],
            windows,
            probes[promise.service],
            grace_minutes=promise.grace_minutes,
            first=first,
            before=before,
        )
        found.append(ServiceMonth(promise, days, known_percent(days)))
    return found


def failed_in(contract: str, month: date) -> bool:
    """Was a service of this contract out at a time of that month, for anybody, or seen down by a probe?"""
    after = add_months(month, 1)
    outages = outage_query(contract, start_of_paris_day(month), start_of_paris_day(after))
    if db.session.scalars(outages).first() is not None:
        return True
    return any(each.minutes_up < each.minutes_measured for each in measures_of(contract, month, after))


def previous_month(day: date) -> date:
    """First day of the month before."""
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)


def earlier_month(day: date, since: date | None) -> date | None:
    """The month before, unless it lies before a day since which there is something to say."""
    before = previous_month(day)
    return before if since is not None and before >= since.replace(day=1) else None


def begun_on(contract: str) -> date | None:
    """The first day of the oldest subscription of a contract that who looks may see."""
    seen = Subscription.visible_to(g.actor).where(Subscription.terms_stack == contract)
    first: date | None = db.session.scalar(seen.with_only_columns(func.min(Subscription.started_on)))
    return first
