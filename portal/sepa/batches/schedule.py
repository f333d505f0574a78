"""The monthly freeze: on a day of the month that the creditor chose, off unless it did."""

from calendar import monthrange
from datetime import date, timedelta

from sqlalchemy import select

from portal import clock, jobs
from portal.access import Role
from portal.accounts.models import User
from portal.db import db
from portal.deadlines import add_months
from portal.errors import Refused
from portal.journal import SYSTEM
from portal.mail import link, queue_mail
from portal.resellers.models import LegalEntity
from portal.sepa.formats.values import Scheme
from portal.sepa.models import Batch, freeze_batches

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
        try:
            batches = freeze_batches(entity, scheme, through, SYSTEM)
        except Refused:
            continue  # nothing is due
        for batch in batches:
            _tell_finance(entity, batch)


def _tell_finance(entity: LegalEntity, batch: Batch) -> None:
    query = select(User).where(User.organisation_id == entity.organisation_id, User.role == Role.FINANCE)
    for user in db.session.scalars(query.where(User.is_enabled)):
        queue_mail(
            user.email,
            "sepa/mail_frozen.txt",
            about=batch,
            owner=entity.organisation,
            language=user.language or "fr",
            batch=batch,
            entity=entity,
            url=link(f"/sepa/batches/{batch.uid}"),
        )
