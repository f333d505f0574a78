"""How often somebody may ask: counted in windows, in the database, for all processes."""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import delete, or_

from portal import clock
from portal.accounts.throttle import LoginThrottle, throttle_row
from portal.connections import reading_only
from portal.db import commits, db, writing

_LOT_MOST, _HELD_MOST = 32, 10_000  # questions that a process counts alone; subjects that it remembers


def count_within(subject: str, *, most: int, seconds: int) -> int:
    """Count one more of ``subject`` (80 characters at most); 0, or the seconds until it is welcome again.

    A window begins with the first of its kind, and lasts so many seconds, whatever comes in it.
    """
    told, ends_at = _counted(subject, 1, seconds)
    return _wait(ends_at) if told > most else 0


def count_in_lots(subject: str, *, most: int, seconds: int) -> int:
    """Like :func:`count_within`, for what asks all day long: most of it is counted in this process alone.

    A process tells the database each sixteenth of ``most`` (32 at once at most), and whatever it has itself
    counted above ``most``: with several of them somebody may have so many questions more for each.
    """
    lot = max(1, min(most // 16, _LOT_MOST))
    with _guard:
        held = _held.setdefault(subject, _Held(told=0, alone=0, ends_at=clock.now()))
        is_over = held.ends_at <= clock.now()
        held.alone += 1
        waiting = held.alone
        if not is_over and waiting < lot and held.told + waiting <= most:
            return 0
        held.alone = 0
    if reading_only.get():
        db.session.rollback()  # a transaction that has read cannot wait for its turn to write, on SQLite
    with writing():
        told, ends_at = _counted(subject, waiting, seconds)
    with _guard:
        _held[subject] = _Held(told=told, alone=held.alone, ends_at=ends_at)
        if len(_held) > _HELD_MOST:
            _forget_ended()
    return _wait(ends_at) if told > most else 0


@dataclass(slots=True)
class _Held:
    """What this process knows of a subject: the count of all when it last asked, and its own since."""

    told: int
    alone: int
    ends_at: datetime


_guard = threading.Lock()
_held: dict[str, _Held] = {}


def _forget_ended() -> None:
    now = clock.now()
    for subject in [subject for subject, held in _held.items() if held.ends_at <= now]:
        del _held[subject]


@commits
def _counted(subject: str, some: int, seconds: int) -> tuple[int, datetime]:
    """How many count in the present window with these, and when (UTC) it ends."""
    now = clock.now()
    row = throttle_row(subject)
    if row.blocked_until is None or row.blocked_until <= now:
        row.failures, row.blocked_until = 0, now + timedelta(seconds=seconds)
    row.failures += some
    told, ends_at = row.failures, row.blocked_until
    db.session.commit()
    return told, ends_at


def _wait(ends_at: datetime) -> int:
    return ceil((ends_at - clock.now()).total_seconds())


def forget_floods(before: datetime) -> None:
    """Drop the counters that ended before an instant (UTC)."""
    ended = or_(LoginThrottle.blocked_until < before, LoginThrottle.blocked_until.is_(None))
    quiet = or_(LoginThrottle.counted_at < before, LoginThrottle.counted_at.is_(None))
    db.session.execute(delete(LoginThrottle).where(LoginThrottle.created_at < before, ended, quiet))


def left_of(subject: str, *, most: int, seconds: int) -> tuple[int, int]:
    """How many more are welcome in the present window of :func:`count_in_lots`, and the seconds to its end.

    As this process knows it: others may have counted since it last told the database.
    """
    with _guard:
        held = _held.get(subject)
    if held is None or held.ends_at <= clock.now():
        return most, seconds
    return max(most - held.told - held.alone, 0), max(_wait(held.ends_at), 0)
