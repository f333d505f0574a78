"""Machines that fell silent: told once, in the morning, one mail a customer and one a house."""

from collections import defaultdict

from sqlalchemy import Select, or_, select

from portal import clock, jobs
from portal.accounts.models import User
from portal.backups.anomalies import staff_of
from portal.backups.health import MAY_BE_LATE
from portal.backups.models import Machine
from portal.backups.signals import machine_silent
from portal.customers.models import ContactRole, Customer
from portal.db import db
from portal.engine.models import mail_contact
from portal.mail import link, queue_mail

MORNING = 8  # o'clock in Paris: nobody is woken by what has been silent for two schedules


def _slot() -> str:
    """The day, once its morning has come."""
    now = clock.now().astimezone(clock.PARIS)
    return f"{now:%Y-%m-%d}" if now.hour >= MORNING else ""


@jobs.periodic("backups.silence", _slot)
def tell_of_silence() -> None:
    """A machine that reports again and falls silent again is told again."""
    if not _slot():
        return
    by_customer: dict[Customer, list[Machine]] = defaultdict(list)
    by_person: dict[User, list[Machine]] = defaultdict(list)
    for machine in db.session.scalars(_silent()):
        machine.silent_told = machine.due_by
        machine_silent.send(machine)
        by_customer[machine.customer].append(machine)
    for customer, machines in by_customer.items():
        _tell_customer(customer, machines)
        for user in staff_of(customer):
            by_person[user] += machines
    for user, machines in by_person.items():
        _tell_staff(user, machines)


def _silent() -> Select[Machine]:
    untold = or_(Machine.silent_told.is_(None), Machine.silent_told != Machine.due_by)
    late = (Machine.standing.in_(MAY_BE_LATE), Machine.due_by < clock.now(), untold)
    return select(Machine).where(*late).order_by(Machine.due_by, Machine.id)


def _tell_customer(customer: Customer, machines: list[Machine]) -> None:
    queue_mail(
        mail_contact(customer, ContactRole.INCIDENT),
        "backups/mail_silent.txt",
        about=machines[0],
        owner=customer.organisation,
        language=customer.language,
        machines=machines,
        page=link("/backups?state=late"),
    )


def _tell_staff(user: User, machines: list[Machine]) -> None:
    queue_mail(
        user,
        "backups/mail_silent_staff.txt",
        about=machines[0],
        owner=user.organisation,
        language=user.language or "fr",
        machines=machines,
        page=link("/backups?state=late"),
    )
