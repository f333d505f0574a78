"""The key with which the machines of a vault enrol, where the offer sells no keys.

Without one no machine could tell how its backups went, and the wall would know nothing of the vault.
"""

from sqlalchemy import Select, select

from portal import clock, jobs
from portal.actor import Actor
from portal.catalogue.models import Product
from portal.db import db
from portal.engine.models import Vault, VaultState
from portal.journal import SYSTEM
from portal.licensing.models import ActivationKey, issue_key
from portal.subscriptions.key_ends import follow_keys
from portal.subscriptions.models import Subscription

MACHINES = 100  # where no sheet says how many
_NO_EDITION = 0  # of the product in the key's text


def key_for_machines(subscription: Subscription, *, by: Actor) -> None:
    """Give the subscription a key to enrol its machines with, unless it has one.

    It lasts as long as the contract is paid, like any key.

    Source: 002-18, 000-44.
    """
    mine = _keys_of(subscription.order_uid, subscription.customer_id)
    if subscription.product.has_keys or db.session.scalars(mine).first() is not None:
        return
    issue_key(
        subscription.customer,
        product=subscription.product_name,
        product_code=_NO_EDITION,
        seats=MACHINES,
        valid_through=clock.today(),
        source_uid=subscription.order_uid,
        by=by,
    )
    db.session.flush()
    follow_keys(subscription)


def _keys_of(order_uid: str, customer_id: int) -> Select[tuple[ActivationKey]]:
    return select(ActivationKey).where(
        ActivationKey.source_uid == order_uid, ActivationKey.customer_id == customer_id
    )


@jobs.periodic("subscriptions.machine_keys", jobs.daily)
def give_missing_keys() -> None:
    """Vaults that are there without a key for their machines: those of an earlier release too."""
    with_key = select(ActivationKey.id).where(ActivationKey.source_uid == Subscription.order_uid)
    query = (
        select(Subscription)
        .join(Subscription.product)
        .where(~Product.has_keys, ~with_key.exists())
        .where(Subscription.uid.in_(select(Vault.subscription_uid).where(Vault.state == VaultState.ACTIVE)))
    )
    for subscription in db.session.scalars(query.order_by(Subscription.id)):
        key_for_machines(subscription, by=SYSTEM)
