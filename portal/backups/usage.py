"""What a subscription uses, beside what was bought; what is owed for it: :mod:`gaps`, :mod:`metering`."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, func, select

from portal import clock
from portal.backups.models import Machine
from portal.backups.trend import Trend, usage_trend
from portal.db import db
from portal.engine.models import Vault
from portal.licensing.models import Activation, ActivationKey
from portal.subscriptions.models import Subscription
from portal.terms.values import Value

SEEN_DAYS = 31


@dataclass(frozen=True)
class Usage:
    """Machines and volume of one subscription."""

    machines_seen: int  # that ended a run within the last 31 days
    machines_activated: int
    seats: int
    bytes_stored: int | None  # None before a vault was measured
    trend: Trend | None
    clause: Value | None  # what the contract says of installations

    @property
    def is_over(self) -> bool:
        return max(self.machines_seen, self.machines_activated) > self.seats


def usage_of(subscription: Subscription) -> Usage:
    """Source: 000-58, 002-18."""
    own = (
        select(Machine.id)
        .join(Machine.activation)
        .join(Activation.key)
        .where(ActivationKey.source_uid == subscription.order_uid, Activation.released_at.is_(None))
    )
    recent = Machine.ended_at > clock.now() - timedelta(days=SEEN_DAYS)
    query = select(Vault).where(Vault.subscription_uid == subscription.uid)
    vaults = list(db.session.scalars(query))
    measured = [vault.bytes_stored for vault in vaults if vault.bytes_stored is not None]
    return Usage(
        machines_seen=_count(own.where(recent)),
        machines_activated=_count(own),
        seats=subscription.quantity,
        bytes_stored=sum(measured) if measured else None,
        trend=usage_trend(vaults),
        clause=subscription.present_terms.find("seats.unit"),
    )


def _count(query: Select[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
