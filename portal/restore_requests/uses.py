"""A restore is a use of an account."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import func, select

from portal import clock
from portal.db import db
from portal.endings.unused import last_uses
from portal.engine.models import Vault
from portal.restore_requests.models import RestoreRequest
from portal.subscriptions.models import Subscription


@last_uses()
def last_restores(subscriptions: Sequence[Subscription]) -> dict[str, date]:
    """By the uid of a subscription, the last day (Paris) on which somebody asked for its data.

    Source: 003-19.
    """
    query = (
        select(Vault.subscription_uid, func.max(RestoreRequest.created_at))
        .join(Vault, Vault.id == RestoreRequest.vault_id)
        .where(Vault.subscription_uid.in_([each.uid for each in subscriptions]))
    )
    rows = db.session.execute(query.group_by(Vault.subscription_uid))
    return {uid: clock.paris_day(at) for uid, at in rows}
