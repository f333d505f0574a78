"""The keys of an order by mail: when they come later than its payment, and once more when somebody asks."""

from collections.abc import Iterable

from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock
from portal.actor import Actor
from portal.customers.models import ContactRole
from portal.db import db
from portal.errors import Refused
from portal.journal import record
from portal.licensing.models import ActivationKey, LicenseRefused
from portal.mail import queue_mail
from portal.subscriptions.models import Order, Subscription


def keys_of_order(order_uid: str) -> list[ActivationKey]:
    """Those that are not revoked, the oldest first."""
    query = select(ActivationKey).where(
        ActivationKey.source_uid == order_uid, ActivationKey.revoked_at.is_(None)
    )
    return list(db.session.scalars(query.order_by(ActivationKey.id)))


def send_keys(order: Order, keys: list[ActivationKey], *, again: bool) -> None:
    """To the customer's technical contact, who installs them."""
    query = select(Subscription).where(
        Subscription.order_uid == order.uid, Subscription.customer_id == order.customer_id
    )
    queue_mail(
        order.customer.contact(ContactRole.TECHNICAL),
        "subscriptions/mail_keys_sent.txt",
        about=order,
        owner=order.customer.organisation,
        language=order.customer.language,
        urgent=True,
        keys=keys,
        again=again,
        order=order,
        subscription=db.session.scalars(query).one(),
        entity=order.legal_entity,
    )


def check_readable(keys: Iterable[ActivationKey]) -> None:
    """Raises Refused for keys that are not handed out: held for their payment, suspended or over.

    Source: 000-10, 003-15.
    """
    try:
        for key in keys:
            key.check_free()
            key.check_usable(clock.today())
    except LicenseRefused as refusal:
        raise Refused(refusal.message) from refusal


def send_again(order: Order, *, by: Actor) -> int:
    """All keys of an order once more; returns how many. Raises Refused while they are held.

    Source: 000-10, 000-19.
    """
    keys = keys_of_order(order.uid)
    if not keys:
        raise Refused(_("Cette commande n'a pas de clé qui serve."))
    check_readable(keys)
    record(order, "keys_again", by=by, count=len(keys))
    send_keys(order, keys, again=True)
    return len(keys)
