"""What becomes of a reseller's stock: kept for an order, a customer's key, back while never activated."""

from datetime import date

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select

from portal.actor import Actor
from portal.db import EVERYTHING, db, scope
from portal.errors import Refused
from portal.journal import SYSTEM, record
from portal.licensing.models import Activation, ActivationKey
from portal.licensing.stock import StockKey, StockState
from portal.paging import chunk_of
from portal.subscriptions.key_ends import end_of, follow_keys
from portal.subscriptions.models import Order, Subscription, order_dropped
from portal.subscriptions.order_states import WAITING
from portal.subscriptions.seats import check_may_split, own_keys, set_seats, take_seats, tried_key

MOST = 500  # keys that one form takes out of the stock


def free_by_seats(reseller_id: int, product_id: int) -> dict[int, int]:
    """How many free keys of an offer a reseller holds, by the seats of each."""
    query = (
        select(StockKey.seats, db.func.count(StockKey.id))
        .where(StockKey.organisation_id == reseller_id, StockKey.product_id == product_id)
        .where(StockKey.state == StockState.FREE)
        .group_by(StockKey.seats)
    )
    with scope(EVERYTHING):
        found = db.session.execute(query.order_by(StockKey.seats)).all()
    return {seats: count for seats, count in found if count}


def _take(reseller_id: int, product_id: int, number: int, seats: int) -> list[StockKey]:
    """The oldest free ones, which nobody else takes until the commit. Raises Refused for too few."""
    if not 1 <= number <= MOST:
        raise Refused(_("Entre 1 et %(most)d clés à la fois.", most=MOST), field="number")
    query = select(StockKey).where(
        StockKey.organisation_id == reseller_id,
        StockKey.product_id == product_id,
        StockKey.seats == seats,
        StockKey.state == StockState.FREE,
    )
    query = query.order_by(StockKey.id).with_for_update(of=StockKey, skip_locked=True)
    found = chunk_of(query.execution_options(populate_existing=True), number)
    if len(found) < number:
        sentence = ngettext(
            "Le stock a %(num)d clé libre de ce nombre de postes.",
            "Le stock a %(num)d clés libres de ce nombre de postes.",
            len(found),
        )
        raise Refused(sentence, field="number")
    return found


def reserved_for(order: Order) -> list[StockKey]:
    """Keys of the stock that this order will be delivered with."""
    query = select(StockKey).where(StockKey.order_uid == order.uid, StockKey.state == StockState.RESERVED)
    with scope(EVERYTHING):
        return list(db.session.scalars(query.order_by(StockKey.id)))


def reserve_for_order(order: Order, number: int, seats: int, *, by: Actor) -> None:
    """An order that waits is to be delivered with keys of its reseller's stock: they work once it is paid.

    Raises Refused for an order that does not wait, and for more seats than it buys.

    Source: 000-10, 000-58.
    """
    if order.state not in WAITING or not order.product.has_keys:
        raise Refused(_("Cette commande n'attend pas de clé."))
    if tried_key(order) is not None:
        raise Refused(_("Cette commande continue avec la clé de son essai : elle n'en prend pas au stock."))
    held = sum(row.seats for row in reserved_for(order))
    if held + number * seats > order.quantity:
        raise Refused(
            ngettext(
                "Cette commande achète %(num)d poste en tout.",
                "Cette commande achète %(num)d postes en tout.",
                order.quantity,
            ),
            field="number",
        )
    for row in _take(order.customer.reseller_id, order.product_id, number, seats):
        row.reserve(order.uid, by=by)
    record(order, "reserve_stock", by=by, count=number, seats=seats)


@order_dropped.connect
def let_go_of(order: Order) -> None:
    """It is cancelled, or nobody has paid it: its keys are free again."""
    rows = reserved_for(order)
    with scope(EVERYTHING):
        for row in rows:
            row.let_go(by=SYSTEM)
        db.session.flush()


def activate_reserved(order: Order, through: date, *, by: Actor) -> list[ActivationKey]:
    """The order is paid: the keys that were kept for it are its customer's.

    through: last day of its first paid period (Paris).

    Source: 000-10, 000-56.
    """
    rows = reserved_for(order)
    with scope(EVERYTHING):
        keys = [_become(row, order, order.product_name, through, by=by) for row in rows]
        db.session.flush()
    return keys


def _become(row: StockKey, order: Order, product: str, through: date, *, by: Actor) -> ActivationKey:
    customer = order.customer
    key = ActivationKey(
        organisation=customer.organisation,
        customer_id=customer.id,
        source_uid=order.uid,
        product=product,
        seats=row.seats,
        seats_used=0,
        valid_through=through,
        origin=f"stock:{row.uid}",
    )
    key.code = row.code
    db.session.add(key)
    record(key, "from_stock", by=by)
    row.assign(order.uid, key.uid, by=by)
    return key


def assign_to_contract(subscription: Subscription, number: int, seats: int, *, by: Actor) -> None:
    """Keys of the stock become those of a running contract, for seats that none of its machines holds.

    They end with what is paid of it. Raises Refused for fewer seats than that.

    Source: 000-10, 000-56, 000-58.
    """
    keys = own_keys(subscription)
    check_may_split(subscription, keys)
    rows = _take(subscription.customer.reseller_id, subscription.product_id, number, seats)
    take_seats(keys, number * seats, by=by)
    order = db.session.scalars(select(Order).where(Order.uid == subscription.order_uid)).one()
    through = end_of(subscription).through
    for row in rows:
        _become(row, order, subscription.product_name, through, by=by)
    record(subscription, "from_stock", by=by, count=number, seats=seats)
    follow_keys(subscription)


def take_back(row: StockKey, *, by: Actor) -> None:
    """A key that never activated a machine is stock again; its seats go back to its contract's own key.

    The customer's key stops for good, and the stock's has a new code: she has read the former one.
    Raises Refused for one that was used, and while her contract has no other key.

    Source: 000-58.
    """
    query = select(ActivationKey).where(ActivationKey.uid == row.key_uid).with_for_update()
    key = db.session.scalars(query.execution_options(populate_existing=True)).one()
    if db.session.scalar(select(db.func.count(Activation.id)).where(Activation.key_id == key.id)):
        raise Refused(_("Cette clé a déjà activé une machine : elle reste à son client."))
    if key.revoked_at is None:
        _hand_on_seats(key, by=by)
        key.revoke(by=by)
    row.give_back(by=by)


def _hand_on_seats(key: ActivationKey, *, by: Actor) -> None:
    query = select(Subscription).where(
        Subscription.order_uid == key.source_uid, Subscription.customer_id == key.customer_id
    )
    subscription = db.session.scalars(query).one()
    others = own_keys(subscription)
    if others:
        set_seats(others[0], others[0].seats + key.seats, by=by)
    elif not subscription.is_over:
        raise Refused(
            _("Ce contrat en cours n'a pas d'autre clé : ses postes payés seraient perdus pour le client.")
        )
