"""The business clock of the load, and the days on which somebody has to be there."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta

from flask import current_app

from portal import clock, jobs
from portal.db import EVERYTHING, commits, db, set_scope
from portal.terms.shipped import CONTRACTS, bundled

MONTHS = 18  # before today, unless the contracts are younger
DUTIES_ON = (0,)  # Monday: what falls due in between is done then
PEOPLE_ON = (0, 3)  # Monday and Thursday: files and statements of the bank

Move = Callable[[date, int, int], None]


@contextmanager
def moved_clock() -> Iterator[Move]:
    """``move(day, hour, minute)`` puts the business clock to an hour of Paris; after the block it is real."""
    real = clock.now

    def move(day: date, hour: int, minute: int) -> None:
        instant = min(datetime.combine(day, time(hour, minute), clock.PARIS), real())
        clock.now = lambda: instant

    try:
        yield move
    finally:
        clock.now = real


def months_before(day: date, months: int) -> date:
    """The first day of the month so many months before a day."""
    number = day.year * 12 + day.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


def begins_on(today: date, months: int = MONTHS) -> date:
    """The first lived day: a working one, on which the contracts that are sold are in force.

    Source: 000-01, 001-02.
    """
    codes = {code for _label, documents in CONTRACTS.values() for code in documents}
    in_force = max(bundled(code).effective_on for code in codes)
    day = max(months_before(today, months), in_force) + timedelta(days=1)
    return next_working_day(day)


def next_working_day(day: date) -> date:
    while day.weekday() > 4:
        day += timedelta(days=1)
    return day


def lived_days(first: date, today: date, wanted: set[date]) -> Iterator[date]:
    """Those on which the portal is looked after, and those on which somebody of the cast does something."""
    day = first
    while day < today:
        if day.weekday() in PEOPLE_ON or day in wanted or has_duties(day, today):
            yield day
        day += timedelta(days=1)


def has_duties(day: date, today: date) -> bool:
    """Does the portal do its duties that day? Each week, as a month begins, and yesterday."""
    begins_month = day == next_working_day(day.replace(day=1))
    return day.weekday() in DUTIES_ON or begins_month or day == today - timedelta(days=1)


@commits
def let_the_portal_work(*, duties: bool = True) -> None:
    """The duties that are due by the clock, then every task that is free, as the worker does them."""
    db.session.commit()
    with current_app.app_context():
        if duties:
            jobs.run_periodic()
        while jobs.drain():
            pass
    set_scope(EVERYTHING)
