"""How often somebody may ask: counted in windows, in the database, for all processes."""

from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import delete, or_

from portal import clock
from portal.accounts.throttle import LoginThrottle, throttle_row
from portal.db import commits, db


@commits
def count_within(subject: str, *, most: int, seconds: int) -> int:
    """Count one more of ``subject`` (80 characters at most); 0, or the seconds until it is welcome again.

    A window begins with the first of its kind, and lasts so many seconds, whatever comes in it.
    """
    now = clock.now()
    row = throttle_row(subject)
    if row.blocked_until is None or row.blocked_until <= now:
        row.failures, row.blocked_until = 0, now + timedelta(seconds=seconds)
    row.failures += 1
    over, ends_at = row.failures > most, row.blocked_until
    db.session.commit()
    return ceil((ends_at - now).total_seconds()) if over else 0


def forget_floods(before: datetime) -> None:
    """Drop the counters that ended before an instant (UTC)."""
    ended = or_(LoginThrottle.blocked_until < before, LoginThrottle.blocked_until.is_(None))
    quiet = or_(LoginThrottle.counted_at < before, LoginThrottle.counted_at.is_(None))
    db.session.execute(delete(LoginThrottle).where(LoginThrottle.created_at < before, ended, quiet))
