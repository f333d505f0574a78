"""The clocks of a personal data breach and of the requests of persons, as pure functions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.customers.rules import breach_notice_due_at

NEAR = timedelta(hours=12)  # a clock that ends within them is pressing
BY_LAW = ("email",)  # where no contract names a channel, what can be proved


@dataclass(frozen=True, slots=True)
class Promised:
    """What one contract says of a breach. hours: None where it says none; clauses: ids."""

    hours: int | None
    channels: tuple[str, ...]
    clauses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Duty:
    """What is owed to one customer. due_at: UTC; None where only the law speaks, « sans retard indu »."""

    due_at: datetime | None
    channels: tuple[str, ...]
    clauses: tuple[str, ...]
    hours: int | None = None  # of the contract, by the clock


def duty_under(promises: Iterable[Promised], known_at: datetime) -> Duty:
    """Of several contracts of one customer the shortest clock counts, and every channel that one names.

    known_at: instant of the discovery, in UTC: hours run by the clock, also when Paris changes its hour.

    Source: 001-40, 003-58, regulation (EU) 2016/679, art. 33 (2).
    """
    promised = list(promises)
    hours = [each.hours for each in promised if each.hours is not None]
    channels = tuple(dict.fromkeys(name for each in promised for name in each.channels)) or BY_LAW
    clauses = tuple(dict.fromkeys(name for each in promised for name in each.clauses))
    if not hours:
        return Duty(None, channels, clauses)
    return Duty(breach_notice_due_at(known_at, min(hours)), channels, clauses, min(hours))


def authority_due_at(known_at: datetime, hours: int) -> datetime:
    """The last instant to notify the supervisory authority; known_at in UTC, hours of the law.

    Source: regulation (EU) 2016/679, art. 33 (1).
    """
    return known_at + timedelta(hours=hours)


def missing_channels(duty: Duty, told_at: Mapping[str, datetime]) -> list[str]:
    """The channels by which the customer has not been told yet. told_at: first time by channel, UTC.

    Source: 001-40, 003-58.
    """
    return [name for name in duty.channels if name not in told_at]


def clock_look(due_at: datetime, done_at: datetime | None, now: datetime) -> str:
    """How a clock stands: kept, missed (also when it was done later), near or running; all in UTC.

    Source: 001-40, 003-58, regulation (EU) 2016/679, art. 33.
    """
    if done_at is not None:
        return "breach_clock_kept" if done_at <= due_at else "breach_clock_missed"
    if now > due_at:
        return "breach_clock_missed"
    return "breach_clock_near" if due_at - now <= NEAR else "breach_clock_running"
