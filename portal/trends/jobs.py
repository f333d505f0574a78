"""Keeping the figures: of this month, of the last one while it may still change, and of those before."""

from sqlalchemy import select

from portal import clock, jobs
from portal.accounts.models import Organisation, OrganisationKind
from portal.db import db
from portal.trends.models import keep, known_months
from portal.trends.work_out import month_of, months_before, work_out

SHOWN = 13  # months: the present one, and a year to compare it with
_STILL_CHANGES = 5  # days of a month during which the one before is worked out again


@jobs.periodic("trends.keep", jobs.hourly)
def keep_figures() -> None:
    today = clock.today()
    months, known = months_before(today, SHOWN), known_months()
    open_ = {month_of(today)} | ({months[-2]} if today.day <= _STILL_CHANGES else set())
    kind = Organisation.kind == OrganisationKind.RESELLER
    resellers = list(db.session.scalars(select(Organisation).where(kind)))
    for month in months:
        if month in open_ or month not in known:
            keep(month, resellers, work_out(month))
