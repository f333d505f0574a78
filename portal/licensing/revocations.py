"""The signed list of licences whose files are worth nothing any more: made once for what it says."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from portal import clock
from portal.crypto.secrets import keyring
from portal.db import db
from portal.deadlines import start_of_paris_day
from portal.licensing.license_file import sign
from portal.licensing.models import Activation, ActivationKey
from portal.licensing.rules import CHECK_IN_DAYS


@dataclass(frozen=True)
class RevocationList:
    """version: of what it says and of the day; the same version is the same bytes."""

    version: str
    file: bytes


_lock = Lock()
_last: RevocationList | None = None


def revocation_version() -> str:
    """Of the list as it is now, by one look at the database and without a signature."""
    row = db.session.execute(
        _gone(
            func.count(Activation.id),
            func.sum(Activation.id),
            func.min(Activation.uid),
            func.max(Activation.uid),
            func.max(Activation.released_at),
            func.max(ActivationKey.revoked_at),
        )
    ).one()
    ring = keyring()
    said = "|".join(map(str, (*row, clock.today(), ring.license_kid, *sorted(ring.license_withdrawn))))
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def revocation_list(version: str) -> RevocationList:
    """Signed like a licence file, once a process for each version. The caller's scope says whose.

    version: of :func:`revocation_version`, in the same transaction.
    """
    global _last
    with _lock:
        if _last is None or _last.version != version:
            uids = list(db.session.scalars(_gone(Activation.uid).order_by(Activation.id)))
            payload = {"revoked": uids, "issued_at": _issued_at().isoformat(timespec="seconds")}
            payload |= {"withdrawn_keys": sorted(keyring().license_withdrawn)}
            _last = RevocationList(version, sign(payload, keyring().license_key, keyring().license_kid))
        return _last


def _issued_at() -> datetime:
    """The last change, or the beginning of today in Paris: every process writes the same."""
    last = db.session.execute(
        _gone(func.max(Activation.released_at), func.max(ActivationKey.revoked_at))
    ).one()
    return max([start_of_paris_day(clock.today()), *filter(None, last)])


def _gone(*columns: Any) -> Select[Any]:
    """Given back, lost or revoked. Who was to check in long ago is told CHECKIN_OVERDUE by its own file."""
    return select(*columns).select_from(Activation).join(Activation.key).where(_is_over(), _may_still_count())


def _is_over() -> ColumnElement[bool]:
    return or_(Activation.released_at.is_not(None), ActivationKey.revoked_at.is_not(None))


def _may_still_count() -> ColumnElement[bool]:
    since = start_of_paris_day(clock.today() - timedelta(days=CHECK_IN_DAYS))
    seen = func.coalesce(Activation.last_seen_at, Activation.created_at)
    return or_(Activation.is_offline, and_(~Activation.is_offline, seen >= since))
