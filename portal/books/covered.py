"""Which days an invoiced charge is for: its period, the rest of one, or those of what a reseller bought."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import selectinload

from portal import clock
from portal.backups.gaps import UsageGap
from portal.billing.models import Charge, Invoice
from portal.books.rules import Stretch, allocate
from portal.catalogue.models import Product
from portal.db import db
from portal.deadlines import add_months
from portal.panels import Place
from portal.resellers.models import LegalEntity
from portal.subscriptions.changes import ChangeKind, SubscriptionChange, billed_period
from portal.subscriptions.models import Subscription
from portal.subscriptions.periods import consumed_before

# Of a charge that stands for others: each of those, and its cents as the weight.
charges_within: Place[Charge, Sequence[tuple[Charge, int]]] = Place()
_UID = 16  # characters
_DATED = {"subscription:": _UID + 1, "change:": 2 * (_UID + 1)}  # characters between the mark and the day
_UNDATED = ("wholesale:", "usage-gap:")  # their days are asked of what they name


def invoiced_ahead(entity: LegalEntity, on: date) -> Select[Any]:
    """The invoiced charges of an entity whose days may reach beyond a day; some of them do not."""
    longest = db.session.scalar(select(func.max(Product.billing_months))) or 1
    since = add_months(on, -max(longest, 1))
    query = select(Charge).join(Invoice, Invoice.id == Charge.invoice_id)
    query = query.where(Invoice.legal_entity_id == entity.id, Invoice.issued_on <= on)
    return query.where(or_(*_dated(since), *_undated(add_months(since, -1)))).order_by(Charge.id)


def _dated(since: date) -> list[ColumnElement[bool]]:
    return [
        and_(
            Charge.origin.startswith(mark, autoescape=True),
            func.substr(Charge.origin, len(mark) + before + 1, 10) >= since.isoformat(),
        )
        for mark, before in _DATED.items()
    ]


def _undated(since: date) -> list[ColumnElement[bool]]:
    return [
        and_(Charge.origin.startswith(mark, autoescape=True), Invoice.issued_on >= since) for mark in _UNDATED
    ]


class Known:
    """What some charges name, read at once."""

    def __init__(self, charges: Sequence[Charge]) -> None:
        named = [each.origin.split(":") for each in charges]
        uids = {parts[1] for parts in named if f"{parts[0]}:" in _DATED}
        query = select(Subscription).where(Subscription.uid.in_(uids))
        query = query.options(selectinload(Subscription.changes))
        self.subscriptions = {row.uid: row for row in db.session.scalars(query)}
        changed = {parts[2] for parts in named if parts[0] == "change"}
        changes = select(SubscriptionChange).where(SubscriptionChange.uid.in_(changed))
        self.changes = {row.uid: row for row in db.session.scalars(changes)}


def stretches_of(charge: Charge, known: Known) -> list[Stretch]:
    """The days of a charge; none for what is not billed by days."""
    kind, uid, *rest = charge.origin.split(":")
    if kind == "subscription":
        return _period(charge, known.subscriptions[uid], date.fromisoformat(rest[0]))
    if kind == "change":
        change = known.changes.get(rest[0])
        if change is not None:
            return _changed(change, rest[1])
        return _period(charge, known.subscriptions[uid], date.fromisoformat(rest[1]))
    if kind == "usage-gap":
        gap = db.session.scalars(select(UsageGap).where(UsageGap.uid == uid)).one()
        return [Stretch(_cents(charge), gap.period_on, gap.period_ends_on)]
    return [part for whole in charges_within.shown(charge) for part in _within(whole)]


def _cents(charge: Charge) -> int:
    return charge.quantity * charge.unit_cents


def _period(charge: Charge, subscription: Subscription, start: date) -> list[Stretch]:
    end = consumed_before(subscription, start, billed_period(subscription, start).ends_on)
    return [Stretch(_cents(charge), start, end)]


def _changed(change: SubscriptionChange, day: str) -> list[Stretch]:
    """A further quantity has the rest of a period; another length begins, and gives back what it replaces."""
    pieces = [each for each in change.pieces if change.kind == ChangeKind.LENGTH or each["starts_on"] == day]
    return [
        Stretch(each["cents"], *(date.fromisoformat(each[name]) for name in ("starts_on", "ends_on")))
        for each in pieces
    ]


def _within(parts: Sequence[tuple[Charge, int]]) -> list[Stretch]:
    """The days of a charge that stands for others, by what each of those weighs."""
    known, found = Known([charge for charge, _cents_of_it in parts]), []
    for charge, cents in parts:
        own = stretches_of(charge, known) or [Stretch(1, *[clock.paris_day(charge.created_at)] * 2)]
        shares = allocate(cents, [each.cents for each in own])
        found += [each._replace(cents=share) for share, each in zip(shares, own, strict=True)]
    return found


def reaches_beyond(stretches: Sequence[Stretch], on: date) -> bool:
    """Is any of its days later than this one?"""
    return any(each.ends_on > on + timedelta(1) for each in stretches)
