"""Accounts that nobody uses any more: found every day, and offered to a person who decides.

What is written or read is a use: a backup in a vault, a machine that checks in with its key, a restore. Data
that only lie there are none; whether the account shall go in spite of them is the person's to say, and the
line names how much there is.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import joinedload

from portal import clock, jobs
from portal.access import Permission
from portal.actor import Actor
from portal.answers.rules.breaches import inactive_from
from portal.db import db
from portal.endings.models import OPEN, ProviderEnding
from portal.engine.models import Vault, VaultState
from portal.i18n import plain_day, size
from portal.journal import record
from portal.licensing.models import Activation, ActivationKey
from portal.paging import first_of
from portal.panels import Place
from portal.subscriptions.models import GOING_ON, Subscription
from portal.terms.answered import answered
from portal.today import Cost, Kind, Todo, waits

last_uses: Place[Any, dict[str, date]] = Place()
"""By the uid of a subscription, the last day (Paris) of its use: of a room above that knows of other uses."""

_TOGETHER = 500


@jobs.periodic("endings.unused", jobs.daily)
def look_for_unused_accounts() -> None:
    """Note since when an account has not been used, where its contract lets the provider end it for that.

    Source: 003-19.
    """
    after = 0
    query = select(Subscription).where(Subscription.state.in_(GOING_ON)).order_by(Subscription.id)
    while some := first_of(query.where(Subscription.id > after), _TOGETHER):
        after = some[-1].id
        _note([each for each in some if each.present_terms.find("inactivity.months")])


def _note(subscriptions: Sequence[Subscription]) -> None:
    last = last_uses_of(subscriptions)
    for subscription in subscriptions:
        months = subscription.present_terms.get("inactivity.months").value
        used_on = last[subscription.uid]
        unused = used_on if inactive_from(used_on, months) <= clock.today() else None
        if subscription.unused_since != unused:
            subscription.unused_since = unused


def last_uses_of(subscriptions: Sequence[Subscription]) -> dict[str, date]:
    """The last day on which each was used, by its uid; the day of its start where it never was.

    Source: 003-19.
    """
    found = {each.uid: each.started_on for each in subscriptions}
    if not subscriptions:
        return found
    for known in (_backups(subscriptions), _check_ins(subscriptions), *last_uses.shown(subscriptions)):
        for uid, day in known.items():
            found[uid] = max(found[uid], day)
    return found


def _backups(subscriptions: Sequence[Subscription]) -> dict[str, date]:
    query = select(Vault.subscription_uid, func.max(Vault.newest_at)).where(
        Vault.subscription_uid.in_([each.uid for each in subscriptions]), Vault.newest_at.is_not(None)
    )
    return _days(db.session.execute(query.group_by(Vault.subscription_uid)))


def _check_ins(subscriptions: Sequence[Subscription]) -> dict[str, date]:
    by_order = {each.order_uid: each.uid for each in subscriptions}
    query = (
        select(ActivationKey.source_uid, func.max(Activation.last_seen_at))
        .join(Activation.key)
        .where(ActivationKey.source_uid.in_(by_order), Activation.last_seen_at.is_not(None))
    )
    rows = db.session.execute(query.group_by(ActivationKey.source_uid))
    return _days((by_order[order], at) for order, at in rows)


def _days(rows: Iterable[tuple[str, datetime | None]]) -> dict[str, date]:
    return {uid: clock.paris_day(at) for uid, at in rows if at is not None}


def keep_unused(subscription: Subscription, *, by: Actor) -> None:
    """Nobody uses it, and it stays: nobody is asked again until it is used and unused once more."""
    subscription.unused_kept = subscription.unused_since
    record(subscription, "keep_unused", by=by, after=str(subscription.unused_since or ""))


def _unused() -> Select[tuple[Subscription]]:
    running = exists().where(
        ProviderEnding.subscription_id == Subscription.id, ProviderEnding.state.in_(OPEN)
    )
    query = Subscription.visible_to(g.actor).where(
        Subscription.unused_since.is_not(None),
        Subscription.unused_since.is_distinct_from(Subscription.unused_kept),
        Subscription.state.in_(GOING_ON),
        ~running,
    )
    return query.options(joinedload(Subscription.customer))


def _tell(subscription: Subscription) -> Todo:
    since = subscription.unused_since or subscription.started_on
    months = subscription.present_terms.get("inactivity.months")
    stored = select(func.sum(Vault.bytes_stored)).where(
        Vault.subscription_uid == subscription.uid, Vault.state == VaultState.ACTIVE
    )
    kept = db.session.scalar(stored) or 0
    what = _("Sans usage depuis le %(day)s, %(kept)s en coffre", day=plain_day(since), kept=size(kept))
    return Todo(
        what=what,
        who=subscription.customer.name,
        url=url_for(
            "endings.new_ending", uid=subscription.uid, cause="inactivity", since_on=since.isoformat()
        ),
        button=_("Décider"),
        why=answered("inactive_from", inactive_from(since, months.value), None, months),
    )


waits(
    Kind(
        name="contract.unused",
        label=_l("Comptes sans usage"),
        cost=Cost.PEOPLE,
        permission=Permission.CONTRACT_END,
        rows=_unused,
        order=(Subscription.unused_since, Subscription.id),
        tell=_tell,
        everything=lambda: url_for("subscriptions.list_subscriptions"),
        entry="subscriptions.list_subscriptions",
    )
)
