"""Failed sign-ins slow down who guesses, and nobody else.

Three counters, in the database for all processes: of the account, of the address, of a device on which the
person has signed in before. Such a device answers for itself alone: neither what others try on her account
nor what her colleagues mistype behind the same address makes her wait. Each counter runs out by itself, so
that no pause is for good; one account adds at most five to its address, so that one person closes no office.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import String, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.crypto.secrets import token_hash
from portal.db import Row, db, new_uid
from portal.jobs import insert_once


class LoginThrottle(Row, db.Model):
    """How often something failed, or was asked for."""

    __tablename__ = "login_throttle"
    __table_args__ = (UniqueConstraint("subject"),)

    subject: Mapped[str] = mapped_column(String(80))  # "account:<hash>", "address:<ip>", "device:<hash>", …
    failures: Mapped[int] = mapped_column(default=0)
    blocked_until: Mapped[datetime | None]
    counted_at: Mapped[datetime | None]  # from here on the counter runs out


@dataclass(frozen=True, slots=True)
class _Limit:
    """free: failures without a pause. most: the counter goes no higher. fades: until one is forgotten."""

    free: int
    most: int
    fades: timedelta


_FREE = 5
_LIMITS = {
    "account": _Limit(_FREE, 12, timedelta(minutes=5)),  # empty again an hour after the last failure
    "device": _Limit(_FREE, 12, timedelta(minutes=5)),
    "address": _Limit(25, 32, timedelta(minutes=2)),
    "verify": _Limit(25, 32, timedelta(minutes=2)),
}
_FIRST_PAUSE, _LONGEST_PAUSE = 15, 900  # seconds


def _account(email: str) -> str:
    return f"account:{token_hash(email.strip().lower())[:32]}"


def _device(email: str, device: str) -> str:
    return f"device:{token_hash(f'{email.strip().lower()}|{device}')[:32]}"


def _subjects(email: str, address: str, device: str) -> list[str]:
    return [_device(email, device)] if device else [_account(email), f"address:{address}"]


def seconds_blocked(email: str, address: str, device: str = "") -> int:
    """How long this try must still wait, in seconds; 0 when it need not.

    device: the name of a device on which this account has signed in before; "" for any other.
    """
    return _wait_of(_subjects(email, address, device))


def _wait_of(subjects: list[str]) -> int:
    rows = db.session.scalars(select(LoginThrottle).where(LoginThrottle.subject.in_(subjects)))
    waits = [row.blocked_until - clock.now() for row in rows if row.blocked_until]
    return max([0, *(int(wait.total_seconds()) + 1 for wait in waits if wait > timedelta(0))])


def note_failure(email: str, address: str, device: str = "") -> None:
    """Count a failed try; after a few, each one doubles the pause (at most 15 minutes)."""
    if device:
        _count(_device(email, device))
    elif _count(_account(email)) <= _FREE:
        _count(f"address:{address}")


def throttle_row(subject: str) -> LoginThrottle:
    """The counter of a subject, made if need be, locked until the end of the transaction."""
    query = select(LoginThrottle).where(LoginThrottle.subject == subject)
    row = db.session.scalars(query.with_for_update()).one_or_none()
    if row is None:  # several may find so at once
        values = {"uid": new_uid(), "created_at": clock.now(), "subject": subject, "failures": 0}
        insert_once(LoginThrottle, values, ["subject"])
        row = db.session.scalars(query.with_for_update()).one()
    return row


def _count(subject: str) -> int:
    """One failure more; how many count now."""
    row, limit = throttle_row(subject), _LIMITS[subject.split(":", 1)[0]]
    row.failures = min(_left(row, limit) + 1, limit.most)
    row.counted_at = clock.now()
    excess = row.failures - limit.free
    if excess >= 0:
        pause = min(_FIRST_PAUSE * 2**excess, _LONGEST_PAUSE)
        row.blocked_until = clock.now() + timedelta(seconds=pause)
    return row.failures


def _left(row: LoginThrottle, limit: _Limit) -> int:
    """What has not run out of a counter. One of before it was dated has run out long ago."""
    if row.counted_at is None:
        return 0
    return max(0, row.failures - int((clock.now() - row.counted_at) / limit.fades))


def forget_failures(email: str, device: str = "") -> None:
    """She has signed in: her own counters begin anew."""
    hers = [_account(email), *([_device(email, device)] if device else [])]
    db.session.execute(delete(LoginThrottle).where(LoginThrottle.subject.in_(hers)))


def count_verification(address: str) -> int:
    """Seconds that this address must wait before it may check another file; else counts this one, and 0."""
    subject = f"verify:{address}"
    wait = _wait_of([subject])
    if not wait:
        _count(subject)
    return wait
