"""Machines outside the limits of their edition: a word to both houses first, a usage gap after a week."""

from dataclasses import asdict
from datetime import timedelta

from flask_babel import force_locale
from sqlalchemy import func, select

from portal import clock, jobs
from portal.backups.gaps import GapKind, note_gap
from portal.backups.telling import tell_both
from portal.catalogue.offers import shipped_offers
from portal.db import db
from portal.errors import Refused
from portal.i18n import said
from portal.journal import record
from portal.licensing.models import Activation, ActivationKey
from portal.licensing.rules import OVER_DAYS, Edition, Machine, check_edition, check_os, over_until
from portal.licensing.seating import machine_named
from portal.subscriptions.models import Subscription


def edition_of(subscription: Subscription) -> Edition | None:
    """The limits of what was bought; None for an edition without any, or a contract that names none.

    The contract's flag about networks is that about external disks too.

    Source: 000-05.
    """
    offer = shipped_offers().get(subscription.product.code)
    if offer is None or not offer.edition:
        return None
    terms, name = subscription.present_terms, f"edition.{offer.edition}"
    users, disks = terms.find(f"{name}.users"), terms.find(f"{name}.internal_disks")
    network = terms.find(f"{name}.network")
    if users is None or disks is None or network is None:
        return None
    return Edition(subscription.product_name, users.value, disks.value, network.value, network.value)


def see_system(activation: Activation, system: Machine) -> None:
    """What a machine says of itself: the first time that it is outside its edition, both houses are told.

    Source: 000-05.
    """
    before = (activation.system or {}).get("os", "")
    activation.system = asdict(system)
    if system.os != before:
        _see_os(activation, system)
    why = why_outside(activation)
    actor = machine_named(activation.hostname)
    if why is None and activation.outside_since is not None:
        activation.outside_since = None
        record(activation, "inside", by=actor)
    elif why is not None and activation.outside_since is None:
        activation.outside_since = clock.today()
        with force_locale(activation.key.customer.language):
            sentence = said(why)
        record(activation, "outside", by=actor, reason=sentence)
        name = activation.hostname or activation.fingerprint[:12]
        until = over_until(clock.today())
        mails = ("backups/mail_edition.txt", "backups/mail_edition_staff.txt")
        tell_both(activation.key, *mails, machine=name, why=why, until=until)


def _see_os(activation: Activation, system: Machine) -> None:
    """A system that the contract does not name: a word to both houses, once; nothing is cut or counted.

    Source: 000-43.
    """
    subscription = _subscription_of(activation.key)
    named = subscription.present_terms.find("software.systems") if subscription is not None else None
    if named is None:
        return
    try:
        check_os(named.value, system.os, named.clause)
    except Refused as refusal:
        name = activation.hostname or activation.fingerprint[:12]
        with force_locale(activation.key.customer.language):
            sentence = said(refusal)
        record(activation, "other_system", by=machine_named(activation.hostname), reason=sentence)
        mails = ("backups/mail_system.txt", "backups/mail_system_staff.txt")
        tell_both(activation.key, *mails, machine=name, why=refusal, named=named.value)


def _subscription_of(key: ActivationKey) -> Subscription | None:
    query = select(Subscription).where(
        Subscription.order_uid == key.source_uid, Subscription.customer_id == key.customer_id
    )
    return db.session.scalars(query).first()


def why_outside(activation: Activation) -> Refused | None:
    """The first limit that it passes, as it last told of itself; None inside them, or before it told."""
    subscription = _subscription_of(activation.key)
    edition = edition_of(subscription) if subscription is not None else None
    if edition is None or activation.system is None:
        return None
    try:
        check_edition(edition, Machine(**activation.system))
    except Refused as refusal:
        return refusal
    return None


@jobs.periodic("editions.outside", jobs.daily)
def note_outside() -> None:
    """Machines that a week has not brought back inside: one gap for the subscription and its period.

    Source: 000-05.
    """
    last = clock.today() - timedelta(days=OVER_DAYS)
    number = func.count(Activation.id)
    query = (
        select(Subscription, number)
        .join(ActivationKey, ActivationKey.source_uid == Subscription.order_uid)
        .join(Activation, Activation.key_id == ActivationKey.id)
        .where(Activation.outside_since <= last, Activation.released_at.is_(None))
        .where(ActivationKey.revoked_at.is_(None), ActivationKey.customer_id == Subscription.customer_id)
        .group_by(Subscription.id)
    )
    for subscription, machines in db.session.execute(query.order_by(Subscription.id)).all():
        if not subscription.is_over:
            note_gap(subscription, GapKind.EDITION, machines)
