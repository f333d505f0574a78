"""What a day erases by itself: addresses of sign-ins, old requests, the rest of erased persons."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock, jobs
from portal.accounts.models import Organisation, OrganisationKind, SignIn
from portal.accounts.throttle import LoginThrottle
from portal.db import Tenant, db
from portal.deadlines import start_of_paris_day
from portal.paging import chunk_of
from portal.privacy.erasing import GONE, STEP, Erasure, erase_more
from portal.privacy.requests import PersonRequest, RequestState
from portal.privacy.retention import table

EXPIRE = "privacy.retention"
_SLACK = timedelta(days=3)  # months have different lengths; each record is looked at by its own day


class Expired(Tenant, db.Model):
    """How many records of one kind went on one day."""

    __tablename__ = "expired_record"
    __table_args__ = (UniqueConstraint("day", "kind"),)

    day: Mapped[date]
    kind: Mapped[str] = mapped_column(String(40))
    count: Mapped[int] = mapped_column(default=0)


def ask_to_expire() -> None:
    """The task of a day. Source: regulation (EU) 2016/679, art. 5 (1) (e)."""
    query = select(Organisation).where(Organisation.kind == OrganisationKind.PROVIDER)
    for owner in chunk_of(query.order_by(Organisation.id), 1):
        jobs.enqueue(EXPIRE, clock.today().isoformat(), owner, unit="records")


def expire_steps(owner: Organisation) -> Iterator[None]:
    """One step of work after another, each to be committed; asked again, what is gone is passed over.

    Source: regulation (EU) 2016/679, art. 5 (1) (e); 2021-1362.
    """
    yield from _sign_ins(owner)
    yield from _attempts(owner)
    yield from _requests(owner)
    query = select(Erasure).where(Erasure.next_on <= clock.today(), Erasure.held_why == "")
    for found in db.session.scalars(query.order_by(Erasure.id)).all():
        while gone := erase_more(found):
            _count(owner, "mail", gone)
            yield


def _sign_ins(owner: Organisation) -> Iterator[None]:
    known = (SignIn.address != "") | (SignIn.browser != "")
    for rows in _old(select(SignIn).where(known), SignIn, SignIn.last_seen_at, "sign_in_address"):
        for row in rows:
            row.address = row.browser = ""
        _count(owner, "sign_in_address", len(rows))
        yield


def _attempts(owner: Organisation) -> Iterator[None]:
    query = select(LoginThrottle)
    for rows in _old(query, LoginThrottle, LoginThrottle.counted_at, "sign_in_attempt"):
        for row in rows:
            db.session.delete(row)
        _count(owner, "sign_in_attempt", len(rows))
        yield


def _requests(owner: Organisation) -> Iterator[None]:
    held = select(Erasure.request_id).where((Erasure.held_why != "") | (Erasure.email != ""))
    query = select(PersonRequest).where(
        PersonRequest.state != RequestState.OPEN, PersonRequest.name != GONE, PersonRequest.id.not_in(held)
    )
    for rows in _old(query, PersonRequest, PersonRequest.received_at, "person_request"):
        for row in rows:
            row.email, row.name, row.words, row.answer = f"{row.uid.lower()}@erased.invalid", GONE, "", ""
        _count(owner, "person_request", len(rows))
        yield


def _old(query: Select[Any], model: Any, at: Any, kind: str) -> Iterator[list[Any]]:
    """Portions of what is kept no more today, in the order of the rows."""
    rule, today, last = table()[kind], clock.today(), 0
    before = start_of_paris_day(rule.kept_since(today) + _SLACK)
    while rows := chunk_of(query.where(at < before, model.id > last).order_by(model.id), STEP):
        last = rows[-1].id
        days = [(row, clock.paris_day(getattr(row, at.key))) for row in rows]
        if due := [row for row, day in days if rule.erased_from(day) <= today]:
            yield due


def _count(owner: Organisation, kind: str, number: int) -> None:
    query = select(Expired).where(Expired.day == clock.today(), Expired.kind == kind)
    row = db.session.scalars(query).one_or_none()
    if row is None:
        row = Expired(organisation=owner, day=clock.today(), kind=kind, count=0)
        db.session.add(row)
    row.count += number
    db.session.flush()
