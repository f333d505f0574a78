"""Days of a trial and of a sign-up that nobody confirmed."""

from datetime import date, datetime, timedelta


def last_day(start: date, days: int) -> date:
    """The last day of so many days that begin after ``start``, itself not counted; all days of Paris.

    Source: 000-09; C. civ. 2228 and 2229 (a delay is counted in whole days, without the first).
    """
    return start + timedelta(days=days)


def erased_before(now: datetime, days: int) -> datetime:
    """What was asked for before this instant (UTC) and never confirmed is erased now.

    Source: GDPR art. 5(1)(e).
    """
    return now - timedelta(days=days)
