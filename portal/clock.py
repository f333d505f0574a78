"""The only place that reads the clock. Tests and the demonstration's past replace :func:`now`."""

import time
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(UTC)


def today() -> date:
    """The present day in Paris, which is the day that contracts and invoices mean."""
    return now().astimezone(PARIS).date()


def paris_day(at: datetime) -> date:
    """The Paris day of an aware instant."""
    return at.astimezone(PARIS).date()


def machine_ms() -> int:
    """Milliseconds since 1970 by this machine, for leases: a moved business clock must not free one."""
    return int(time.time() * 1000)
