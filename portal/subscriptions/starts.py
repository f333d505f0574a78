"""When the contract of an order begins: what has happened of that which the contract names."""

from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select

from portal import clock
from portal.actor import Actor
from portal.answers.rules.periods import contract_start
from portal.clock import paris_day
from portal.db import db
from portal.engine.models import Vault, VaultOpening
from portal.errors import Refused
from portal.journal import record
from portal.terms.values import Value

# With the payment or the mandate, if nothing is known of it before.
_WITH_PAYMENT = ("confirmation_received", "registration", "order_signed")
BEFORE_PAYMENT = ("first_login", "order_signed")  # what may have happened before


def start_named(order: Any) -> Value | None:
    """What the contract lets an order begin with, where that may be before its payment; else None.

    Source: 004-03.
    """
    basis: Value | None = order.terms.find("start.basis")
    return basis if basis is not None and set(BEFORE_PAYMENT) & set(basis.value) else None


def first_day(order: Any) -> date:
    """First day (Paris) of the contract of an order that is delivered today.

    An order that is paid or mandated is confirmed, registered and, unless that was noted, signed on that
    day. Where the contract lets whichever comes first decide, a signed order form or a first connection
    before the payment begins it, and everything that is counted from the start.

    Source: 000-11, 000-12, 001-10, 004-03.
    """
    basis = order.terms.find("start.basis")
    if basis is None:
        return clock.today()
    happened = dict.fromkeys(_WITH_PAYMENT, clock.today())
    if order.signed_on is not None:
        happened["order_signed"] = order.signed_on
    connected_on = connected_first_on(order)
    if connected_on is not None:
        happened["first_login"] = connected_on
    return contract_start(basis.value, happened, earliest=basis.value[0] not in _WITH_PAYMENT)


def connected_first_on(order: Any) -> date | None:
    """First day (Paris) on which the customer used what was ordered: as noted, or when she first opened a
    vault that belongs to no subscription yet; None as long as she has not.

    Source: 004-03.
    """
    query = (
        select(func.min(VaultOpening.consented_at))
        .join(Vault, Vault.id == VaultOpening.vault_id)
        .where(Vault.customer_id == order.customer_id, Vault.subscription_uid == "")
        .where(VaultOpening.consented_at >= order.created_at)
    )
    opened_at = db.session.scalar(query)
    days = [order.connected_on, paris_day(opened_at) if opened_at else None]
    return min((day for day in days if day is not None), default=None)


def note_start(order: Any, *, signed_on: date | None, connected_on: date | None, by: Actor) -> None:
    """Keep when the order form was signed and the service first used, as Paris days; None: not known.

    Raises Refused once the order is delivered, for a day to come, and for a connection before the order.

    Source: 004-03.
    """
    if not order.can("deliver") or start_named(order) is None:
        raise Refused(_("Le début de ce contrat est déjà fixé."))
    for name, day in (("signed_on", signed_on), ("connected_on", connected_on)):
        if day is not None and day > clock.today():
            raise Refused(_("Ce jour est dans le futur."), field=name)
        if day is not None and day < order.ordered_on:
            raise Refused(_("Ce jour précède la commande."), field=name)
    said = {name: day.isoformat() if day else "" for name, day in (("signed_on", signed_on),)}
    record(order, "note_start", by=by, **said, connected_on=connected_on.isoformat() if connected_on else "")
    order.signed_on, order.connected_on = signed_on, connected_on
