"""Maintenance (travaux planifiés): announced, moved, called off, and left out where told in time."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock, jobs
from portal.accounts.models import Organisation
from portal.actor import Actor
from portal.availability.promises import notice_of, running
from portal.availability.rules import Window
from portal.customers.models import ContactRole, Customer
from portal.db import Tenant, db
from portal.errors import Refused
from portal.incidents.rules import Work, is_announced_in_time, is_excluded_from_downtime
from portal.journal import record
from portal.mail import Mail, queue_mail
from portal.stateful import Stateful, step
from portal.terms.in_force import stack_in_force
from portal.terms.stack import Stack
from portal.wording import N_

TELL = "availability.tell"


class PlannedState(StrEnum):
    ANNOUNCED = "planned_announced"
    CALLED_OFF = "planned_called_off"


P = PlannedState


class PlannedWork(Tenant, Stateful, db.Model):
    """Maintenance of services of one contract, in a window that customers are told of."""

    __tablename__ = "planned_work"
    __table_args__ = (Index("ix_planned_work_window", "starts_at", "id"),)
    seen_from_below: ClassVar[bool] = True

    steps = {"move": step(P.ANNOUNCED, to=P.ANNOUNCED), "call_off": step(P.ANNOUNCED, to=P.CALLED_OFF)}

    contract: Mapped[str] = mapped_column(String(40))
    services: Mapped[list[str]] = mapped_column(JSON)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    words: Mapped[str] = mapped_column(String(200))  # what is done, as customers and the public read it
    state: Mapped[PlannedState] = mapped_column(default=P.ANNOUNCED)
    revision: Mapped[int] = mapped_column(default=1)  # grows with every move; each is announced anew
    why: Mapped[str] = mapped_column(String(300), default="")  # it was moved or called off
    version: Mapped[int] = mapped_column()

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    def shown_state(self) -> str:
        if self.state == P.CALLED_OFF or clock.now() < self.starts_at:
            return self.state.value
        return "planned_over" if self.ends_at <= clock.now() else "planned_under_way"

    @property
    def is_open(self) -> bool:
        """It may still be moved or called off."""
        return self.state == P.ANNOUNCED and clock.now() < self.starts_at

    def move(self, starts_at: datetime, ends_at: datetime, why: str, *, late: bool, by: Actor) -> None:
        """Another window, announced anew to everybody; ``late``: knowing that it counts as downtime."""
        self._check_open(why)
        _check_window(self.contract, starts_at, ends_at, late=late)
        self._take("move", by=by, starts_at=starts_at.isoformat(), reason=why)
        self.starts_at, self.ends_at, self.why, self.revision = starts_at, ends_at, why, self.revision + 1
        _ask(self)

    def call_off(self, why: str, *, by: Actor) -> None:
        """It does not take place; whoever was told is told."""
        self._check_open(why)
        self._take("call_off", by=by, reason=why)
        self.why, self.revision = why, self.revision + 1
        _ask(self)

    def _check_open(self, why: str) -> None:
        if not self.is_open:
            raise Refused(N_("Ces travaux ont commencé, ou sont annulés."))
        if not why.strip():
            raise Refused(N_("Dites pourquoi, les clients le liront."), field="why")


class WorkNotice(Tenant, db.Model):
    """One customer was told of one window; the mail says when it left, and what the relay answered."""

    __tablename__ = "work_notice"
    __table_args__ = (UniqueConstraint("planned_work_id", "customer_id", "revision"),)

    planned_work_id: Mapped[int] = mapped_column(ForeignKey("planned_work.id"), index=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    revision: Mapped[int]
    mail_uid: Mapped[str] = mapped_column(String(16), index=True)

    work: Mapped[PlannedWork] = relationship()
    customer: Mapped[Customer] = relationship()


def plan_work(
    owner: Organisation,
    contract: str,
    services: list[str],
    starts_at: datetime,
    ends_at: datetime,
    words: str,
    *,
    late: bool = False,
    by: Actor,
) -> PlannedWork:
    """Announce maintenance to every customer of these services; mails leave with the commit.

    late: although the contract's notice has passed. Raises Refused without it, and for a wrong window.

    Source: 000-48, 001-33, 003-26.
    """
    if not services:
        raise Refused(N_("Cochez au moins un service."), field="services")
    _check_window(contract, starts_at, ends_at, late=late)
    row = PlannedWork(
        organisation=owner,
        contract=contract,
        services=services,
        starts_at=starts_at,
        ends_at=ends_at,
        words=words,
        state=P.ANNOUNCED,
        revision=1,
        why="",
    )
    db.session.add(row)
    db.session.flush()
    record(row, "announce", by=by, starts_at=starts_at.isoformat(), services=", ".join(services))
    _ask(row)
    return row


def _check_window(contract: str, starts_at: datetime, ends_at: datetime, *, late: bool) -> None:
    if ends_at <= starts_at:
        raise Refused(N_("La fin vient après le début."), field="ends_at")
    if starts_at <= clock.now():
        raise Refused(N_("Des travaux s'annoncent avant leur début."), field="starts_at")
    stack = stack_in_force(contract, clock.today())
    if not late and not is_in_time(stack, clock.now(), starts_at):
        value = notice_of(stack)[2]
        raise Refused(
            N_(
                "Trop tard pour le préavis du contrat (%(clause)s). Choisissez plus tard, "
                "ou annoncez quand même."
            ),
            clause=value.clause if value else "",
            field="starts_at",
        )


def is_in_time(stack: Stack, left_at: datetime | None, starts_at: datetime) -> bool:
    """Would an announcement that leaves then keep the contract's notice?"""
    hours, days, _value = notice_of(stack)
    if left_at is None or not is_announced_in_time(left_at, starts_at, hours):
        return False
    work = Work(clock.paris_day(starts_at), clock.paris_day(left_at), emergency=False)
    return is_excluded_from_downtime(work, days)


def _ask(row: PlannedWork) -> None:
    owner = db.session.get_one(Organisation, row.organisation_id)
    jobs.enqueue(TELL, f"{row.uid}:{row.revision}", owner, unit="customers")


def concerned(row: PlannedWork) -> list[Customer]:
    """Whose services they are at the day of the work; of work called off: who was told before."""
    if row.state == P.CALLED_OFF:
        told = select(WorkNotice.customer_id).where(WorkNotice.planned_work_id == row.id)
        query = select(Customer).where(Customer.id.in_(told))
    else:
        day = clock.paris_day(row.starts_at)
        mine = running(row.contract, day, day + timedelta(days=1)).subquery()
        query = select(Customer).where(Customer.id.in_(select(mine.c.customer_id)))
    return list(db.session.scalars(query.order_by(Customer.id)))


def tell_of_work(customer: Customer, row: PlannedWork) -> None:
    """Once for each customer and window; asked again, nothing more leaves.

    Source: 000-48, 001-33, 003-26.
    """
    values = {"planned_work_id": row.id, "customer_id": customer.id, "revision": row.revision}
    known = select(WorkNotice.id).filter_by(**values)
    if db.session.scalar(known) is not None:
        return
    template = "mail_called_off.txt" if row.state == P.CALLED_OFF else "mail_planned.txt"
    mail = queue_mail(
        customer.contact(ContactRole.INCIDENT),
        f"availability/{template}",
        about=row,
        owner=customer.organisation,
        language=customer.language,
        work=row,
        customer=customer,
        moved=row.revision > 1,
    )
    db.session.add(WorkNotice(organisation=customer.organisation, mail_uid=mail.uid, **values))


def left_out(
    stack: Stack, customer: Customer, service: str, since: datetime, until: datetime
) -> list[Window]:
    """Windows that do not count for a customer: their announcement to her left in time.

    Source: 003-26, 000-48, 001-33.
    """
    query = (
        select(PlannedWork, Mail.sent_at)
        .join(WorkNotice, WorkNotice.planned_work_id == PlannedWork.id)
        .join(Mail, Mail.uid == WorkNotice.mail_uid)
        .where(
            PlannedWork.contract == stack.name,
            PlannedWork.state == P.ANNOUNCED,
            PlannedWork.starts_at < until,
            PlannedWork.ends_at > since,
            WorkNotice.customer_id == customer.id,
            WorkNotice.revision == PlannedWork.revision,
        )
    )
    return [
        (row.starts_at, row.ends_at)
        for row, sent_at in db.session.execute(query)
        if service in row.services and is_in_time(stack, sent_at, row.starts_at)
    ]


def told_of(row: PlannedWork) -> list[tuple[Customer, Mail, bool]]:
    """Who was told of the present window, by which mail, and whether that left in time."""
    query = (
        select(WorkNotice, Mail)
        .join(Mail, Mail.uid == WorkNotice.mail_uid)
        .where(WorkNotice.planned_work_id == row.id, WorkNotice.revision == row.revision)
        .order_by(WorkNotice.id)
    )
    stack = stack_in_force(row.contract, clock.today())
    found: Iterable[Any] = db.session.execute(query)
    return [(note.customer, mail, is_in_time(stack, mail.sent_at, row.starts_at)) for note, mail in found]
