"""Which services a contract names, what it promises for each, and who has them."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, or_, select

from portal.availability.rules import service_of
from portal.catalogue.offers import shipped_offers
from portal.subscriptions.models import Subscription, SubscriptionState
from portal.terms.in_force import stack_in_force
from portal.terms.shipped import CONTRACTS
from portal.terms.stack import Stack
from portal.terms.values import Value

WHOLE = "service"  # of a contract that promises no level: the service as a whole


@dataclass(frozen=True, slots=True)
class Promise:
    """One service of a contract. percent: what is promised, None where nothing is."""

    service: str
    percent: Decimal | None
    clause: str
    grace_minutes: int


def promises_of(stack: Stack) -> list[Promise]:
    """The services of a contract's table, by their names there, or the service as a whole.

    Source: 001-23, 003-61, 003-62, 003-63, 003-64, 003-65, 003-66, 003-67, 003-69.
    """
    found = [
        Promise(name, Decimal(value.value), value.clause, stack.number(f"sla.{name}.grace_minutes"))
        for key, value in stack.values.items()
        if (name := service_of(key))
    ]
    return found or [Promise(WHOLE, None, "", 0)]


def promises_to(subscription: Subscription, on: date) -> list[Promise]:
    """The services of one customer; a level that her contract names for another offer is none of hers.

    on: Paris day whose version of her terms counts.

    Source: 001-23 (A8), 003-61 to 003-69.
    """
    promises = promises_of(subscription.terms.on(on))
    return [
        each if _is_hers(each, subscription) else replace(each, percent=None, clause="") for each in promises
    ]


def _is_hers(promise: Promise, subscription: Subscription) -> bool:
    offers = [each.code for each in shipped_offers().values() if each.clause == promise.clause]
    return not offers or subscription.product.code in offers


def services_by_contract(on: date) -> dict[str, list[Promise]]:
    return {name: promises_of(stack_in_force(name, on)) for name in CONTRACTS}


def notice_of(stack: Stack) -> tuple[int, int, Value | None]:
    """How early maintenance must be announced: real hours, calendar days, and the value that says so.

    Source: 000-48, 001-33, 003-26.
    """
    hours, days = stack.find("maintenance.notice_hours"), stack.find("maintenance.excluded_if_told_days")
    if days is not None:
        return 0, int(days.value), days
    return (int(hours.value) if hours else 0), 0, hours


def running(contract: str, first: date, before: date) -> Select[Any]:
    """The subscriptions of a contract that run on a day between the two."""
    return select(Subscription).where(
        Subscription.terms_stack == contract,
        Subscription.state != SubscriptionState.WITHDRAWN,
        Subscription.started_on < before,
        or_(Subscription.ends_on.is_(None), Subscription.ends_on > first),
    )
