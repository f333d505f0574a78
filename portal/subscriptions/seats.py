"""Seats of one contract, moved between its keys: their sum never becomes more than it pays for."""

from collections.abc import Iterable

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select

from portal.actor import Actor
from portal.db import db
from portal.errors import Refused
from portal.journal import record
from portal.licensing.models import ActivationKey
from portal.subscriptions.models import GOING_ON, Order, Subscription
from portal.subscriptions.stopping import service_stopped_on


def own_keys(subscription: Subscription) -> list[ActivationKey]:
    """The keys made for its order alone that work, which nobody else changes until the commit."""
    query = select(ActivationKey).where(
        ActivationKey.source_uid == subscription.order_uid,
        ActivationKey.customer_id == subscription.customer_id,
        ActivationKey.revoked_at.is_(None),
        ActivationKey.origin == "",
    )
    query = query.order_by(ActivationKey.id).with_for_update()
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def tried_key(order: Order) -> ActivationKey | None:
    """The key that was tried before this order, and goes on with it.

    Source: 000-09.
    """
    query = select(ActivationKey).where(
        ActivationKey.source_uid == order.uid, ActivationKey.customer_id == order.customer_id
    )
    return db.session.scalars(query).first()


def spare(keys: Iterable[ActivationKey]) -> int:
    """Seats that no machine holds."""
    return sum(max(key.seats - key.seats_used, 0) for key in keys)


def check_may_split(subscription: Subscription, keys: list[ActivationKey]) -> None:
    """Raises Refused for a contract whose keys may not become others now.

    Source: 000-10, 003-15.
    """
    if subscription.state not in GOING_ON or subscription.is_over:
        raise Refused(_("Ce contrat se termine : ses clés ne changent plus."))
    if any(key.held_at is not None for key in keys):
        raise Refused(_("Les clés de ce contrat sont suspendues : leur paiement manque."))
    if service_stopped_on(subscription) is not None:
        raise Refused(_("Le prestataire a suspendu ce service : ses clés ne changent plus."))


def take_seats(keys: list[ActivationKey], seats: int, *, by: Actor) -> None:
    """So many seats that no machine holds leave these keys, for others of the same contract.

    Raises Refused where there are fewer.

    Source: 000-58, 002-18.
    """
    free = spare(keys)
    if seats > free:
        sentence = ngettext(
            "Il reste %(num)d poste libre dans ce contrat.",
            "Il reste %(num)d postes libres dans ce contrat.",
            free,
        )
        raise Refused(sentence, field="number")
    for key in reversed(keys):
        some = min(max(key.seats - key.seats_used, 0), seats)
        if some:
            set_seats(key, key.seats - some, by=by)
            seats -= some


def set_seats(key: ActivationKey, seats: int, *, by: Actor) -> None:
    """The journal says how many there were. Source: 000-58."""
    if key.seats != seats:
        record(key, "set_seats", by=by, before=str(key.seats), after=str(seats))
        key.seats = seats


def fit_seats(keys: list[ActivationKey], seats: int, *, by: Actor) -> None:
    """The contract pays for so many seats: more go to its first key, fewer leave the latest keys first.

    Source: 000-58.
    """
    more = seats - sum(key.seats for key in keys)
    if more > 0:
        set_seats(keys[0], keys[0].seats + more, by=by)
    for key in reversed(keys):
        if more < 0:
            some = min(key.seats, -more)
            set_seats(key, key.seats - some, by=by)
            more += some
