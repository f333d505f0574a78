"""Operators are told by mail 90 and 30 days before a certificate ends."""

from sqlalchemy import select

from portal import clock, jobs
from portal.access import Role
from portal.accounts.models import User
from portal.certificates.models import ALERT_DAYS, HostingCertificate
from portal.certificates.today import ending
from portal.customers.rules import certificate_alert_days
from portal.db import db
from portal.mail import link, queue_mail


@jobs.periodic("certificates.alerts", jobs.daily)
def tell_of_ends() -> None:
    """Once for each day of alert that has come, also when the day itself was missed.

    Source: 001-01, 002-22.
    """
    today = clock.today()
    coming = ending().where(HostingCertificate.valid_through >= today).order_by(HostingCertificate.id)
    for row in db.session.scalars(coming).all():
        begun = [day for day in certificate_alert_days(row.fact, ALERT_DAYS) if day <= today]
        if begun and (row.told_on is None or row.told_on < begun[-1]):
            row.told_on = today
            tell_operators(row)


def tell_operators(row: HostingCertificate) -> None:
    query = select(User).where(
        User.role == Role.OPERATOR, User.works(), User.organisation_id == row.organisation_id
    )
    for user in db.session.scalars(query.order_by(User.id)):
        queue_mail(
            user,
            "certificates/mail_ending.txt",
            about=row,
            owner=user.organisation,
            language=user.language or "fr",
            certificate=row,
            days=(row.valid_through - clock.today()).days,
            page=link(f"/certificates/{row.uid}"),
        )
