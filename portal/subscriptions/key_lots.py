"""Keys in number: asked for on a page, issued by the worker in steps, each of them whole or not at all."""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from portal import jobs
from portal.accounts.models import Organisation
from portal.actor import Actor, owner_of
from portal.catalogue.models import Product
from portal.db import db
from portal.errors import Refused
from portal.i18n import said
from portal.journal import SYSTEM, record
from portal.licensing.drawing import TOGETHER, insert_drawn
from portal.licensing.lots import KeyLot, LotState, check_number
from portal.licensing.models import ActivationKey
from portal.licensing.pools import pool_of
from portal.licensing.stock import StockKey, StockState
from portal.resellers.reseller import check_may_sell
from portal.subscriptions.key_ends import end_of
from portal.subscriptions.models import Subscription
from portal.subscriptions.seats import check_may_split, own_keys, spare, take_seats

JOB = "keys.issue_lot"


def stock_up(
    reseller: Organisation, product: Product, number: int, seats: int, *, by: Actor, uid: str = ""
) -> KeyLot:
    """Ask for keys of an offer for a reseller's stock; nobody's until they are assigned.

    number: keys. seats: of each. uid: of the form, so that it asks once however often it is sent.
    Raises Refused beyond the limits, and for a reseller who may not sell.

    Source: 000-04, 001-32.
    """
    check_number(number, seats)
    _check_own_keys(product)
    check_may_sell(reseller.org_path)
    return _ask(reseller, product, number, seats, uid=uid, by=by)


def split_keys(subscription: Subscription, number: int, seats: int, *, by: Actor, uid: str = "") -> KeyLot:
    """Ask for so many keys of a running contract, out of the seats that none of its machines holds.

    Raises Refused beyond the limits and the seats that are left.

    Source: 000-04, 000-10, 000-58.
    """
    check_number(number, seats)
    _check_own_keys(subscription.product)
    keys = own_keys(subscription)
    check_may_split(subscription, keys)
    if number * seats > spare(keys):
        take_seats(keys, number * seats, by=by)  # says how many are left
    customer = subscription.customer
    more = {"subscription_uid": subscription.uid, "customer_id": customer.id}
    return _ask(customer.organisation, subscription.product, number, seats, uid=uid, by=by, **more)


def _check_own_keys(product: Product) -> None:
    if not product.has_keys:
        raise Refused(_("Cette offre n'a pas de clé."), field="product")
    if pool_of(product) is not None:
        raise Refused(_("Les clés de cette offre viennent de son éditeur, par fichier."), field="product")


def _ask(
    owner: Organisation, product: Product, number: int, seats: int, *, uid: str, by: Actor, **more: Any
) -> KeyLot:
    known = select(KeyLot).where(KeyLot.uid == uid)
    if uid and (found := db.session.scalars(known).one_or_none()) is not None:
        return found
    lot = KeyLot(
        **({"uid": uid} if uid else {}),
        organisation=owner,
        product_id=product.id,
        number=number,
        seats=seats,
        issued=0,
        state=LotState.WORKING,
        problem="",
        **more,
    )
    db.session.add(lot)
    db.session.flush()
    record(lot, "ask", by=by, count=number, seats=seats)
    jobs.enqueue(JOB, lot.uid, owner, total=number, unit="keys")
    return lot


@jobs.job(JOB)
def issue_lot(claim: jobs.Claim) -> None:
    """The next keys and the number of those that are there, in one transaction with the claim's own step.

    Source: 000-10, 000-58.
    """
    lot = db.session.scalars(select(KeyLot).where(KeyLot.uid == claim.ref)).one()
    while lot.state == LotState.WORKING and lot.issued < lot.number:
        some = min(TOGETHER, lot.number - lot.issued)
        try:
            _issue(lot, some)
            lot.issued += some
        except Refused as refusal:
            db.session.rollback()
            lot.stop(said(refusal), by=SYSTEM)
        claim.step(cursor=str(lot.issued), done=lot.issued, total=lot.number)
    if lot.state == LotState.WORKING:
        lot.finish(by=SYSTEM)


def _issue(lot: KeyLot, count: int) -> None:
    if lot.subscription_uid:
        _issue_of_contract(lot, count)
        return
    first = lot.issued + 1
    same = {"lot_id": lot.id, "product_id": lot.product_id, "seats": lot.seats, "state": StockState.FREE}
    same |= {"order_uid": "", "key_uid": ""}
    rows = [{**same, "place": first + each} for each in range(count)]
    insert_drawn(StockKey, lot.product.key_product, rows, owner=owner_of(lot), what="issue", by=SYSTEM)


def _issue_of_contract(lot: KeyLot, count: int) -> None:
    """Raises Refused where the contract has changed meanwhile."""
    query = select(Subscription).where(Subscription.uid == lot.subscription_uid)
    subscription = db.session.scalars(query.with_for_update(of=Subscription)).one()
    keys = own_keys(subscription)
    check_may_split(subscription, keys)
    take_seats(keys, count * lot.seats, by=SYSTEM)
    end = end_of(subscription)
    same = {
        "customer_id": subscription.customer_id,
        "source_uid": subscription.order_uid,
        "product": subscription.product_name,
        "seats": lot.seats,
        "seats_used": 0,
        "valid_through": end.through,
        "grace_through": end.grace if end.grace > end.through else None,
        "origin": lot.origin,
        "releases": [],
    }
    db.session.flush()
    product = subscription.product.key_product
    insert_drawn(ActivationKey, product, [same] * count, owner=owner_of(lot), what="issue", by=SYSTEM)
