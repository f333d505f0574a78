"""The monthly freeze: on a day of the month that the creditor chose, off unless it did."""

import contextlib
from calendar import monthrange
from datetime import date, timedelta

from sqlalchemy import select

from portal import clock, jobs
from portal.db import db
from portal.deadlines import add_months
from portal.errors import Conflict, Refused
from portal.journal import SYSTEM
from portal.resellers.models import LegalEntity
from portal.sepa.batches.large_freeze import AT_ONCE, ask_freeze, due_count, tell_finance
from portal.sepa.formats.values import Scheme
from portal.sepa.models import freeze_batches

_CATCH_UP_DAYS = 5  # a worker that was off that day still does it, but nobody is surprised weeks later
_SCHEMES: tuple[Scheme, Scheme] = ("CORE", "B2B")


@jobs.periodic("sepa.schedule", jobs.hourly)
def freeze_on_schedule() -> None:
    """Freeze once a month what falls due before the next time, and tell finance."""
    today = clock.today()
    for entity in db.session.scalars(select(LegalEntity).where(LegalEntity.freeze_day.is_not(None))):
        if _is_day(entity.freeze_day or 1, today) and _take_month(entity, today):
            _freeze(entity, add_months(today, 1) - timedelta(days=1))


def _is_day(freeze_day: int, today: date) -> bool:
    day = today.replace(day=min(freeze_day, monthrange(today.year, today.month)[1]))
    return timedelta(0) <= today - day <= timedelta(days=_CATCH_UP_DAYS)


def _take_month(entity: LegalEntity, today: date) -> bool:
    return jobs.first_time(f"sepa.freeze:{entity.uid}", today.strftime("%Y-%m"))


def _freeze(entity: LegalEntity, through: date) -> None:
    for scheme in _SCHEMES:
        with contextlib.suppress(Refused, Conflict):  # nothing is due, or somebody freezes right now
            if (total := due_count(entity, scheme, through)) > AT_ONCE:
                ask_freeze(entity, scheme, through, total=total, by=SYSTEM)
            else:
                tell_finance(entity, freeze_batches(entity, scheme, through, SYSTEM))
