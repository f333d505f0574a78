"""What a day erases by itself: whatever the table of retention leaves to it, and nothing a day early."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select, String, UniqueConstraint, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock, jobs
from portal.accounts.models import Organisation, OrganisationKind, SignIn
from portal.accounts.throttle import LoginThrottle
from portal.backups.anomalies import AnomalyState, BackupAnomaly
from portal.backups.models import BackupIncident, BackupReview, BackupRun, ReviewState
from portal.blobs import erase
from portal.db import Tenant, db
from portal.deadlines import start_of_paris_day
from portal.mail import Mail
from portal.paging import chunk_of
from portal.privacy.erasing import GONE, STEP, Erasure, erase_more
from portal.privacy.requests import PersonRequest, RequestState
from portal.privacy.retention import table
from portal.reversibility.choosing import HandoverChoice
from portal.reversibility.models import CaseState, ReversibilityCase
from portal.sepa.models import Mandate, MandateState
from portal.tickets.models import NOT_CLOSED, Ticket

EXPIRE = "privacy.retention"
NOBODY = "erased@erased.invalid"
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
    yield from _tickets(owner)
    yield from _choices(owner)
    yield from _reports(owner)
    yield from _accounts_of_mandates(owner)
    query = select(Erasure).where(Erasure.next_on <= clock.today(), Erasure.held_why == "")
    for found in db.session.scalars(query.order_by(Erasure.id)).all():
        while gone := erase_more(found):
            _count(owner, "mail", gone)
            yield
    yield from _mails(owner)


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


def _mails(owner: Organisation) -> Iterator[None]:
    """But for those to a person whose erasure is held for a case. Source: C. civ. 2224."""
    held = select(Erasure.email).where(Erasure.held_why != "")
    query = select(Mail).where(Mail.recipient != NOBODY, func.lower(Mail.recipient).not_in(held))
    for rows in _old(query, Mail, Mail.created_at, "mail"):
        for row in rows:
            row.recipient, row.subject, row.body, row.reply_to = NOBODY, GONE, GONE, None
        _count(owner, "mail", len(rows))
        yield


def _tickets(owner: Organisation) -> Iterator[None]:
    """What was written in a closed ticket goes; its number, kind and hours stay. Source: C. civ. 2224."""
    query = select(Ticket).where(Ticket.subject != GONE, Ticket.state.not_in(NOT_CLOSED))
    query = query.where(Ticket.closed_at.is_not(None))
    for rows in _old(query, Ticket, Ticket.closed_at, "ticket"):
        for row in rows:
            row.subject, row.caller, row.caller_check, row.report_text, row.told_to = GONE, "", "", "", ""
            for message in row.messages:
                message.text, message.by_label, message.message_id = GONE, GONE, ""
                for document in message.files:
                    erase(document)
        _count(owner, "ticket", len(rows))
        yield


def _choices(owner: Organisation) -> Iterator[None]:
    """Machines, folders and persons of a choice, once its case is over. Source: C. civ. 2224."""
    over = (CaseState.ERASED, CaseState.CANCELLED)
    query: Any = select(HandoverChoice, ReversibilityCase.erased_at)
    query = query.join(ReversibilityCase, ReversibilityCase.id == HandoverChoice.case_id)
    query = query.where(ReversibilityCase.state.in_(over), HandoverChoice.offered_sealed.is_not(None))
    rule, today, last = table()["handover_choice"], clock.today(), 0
    old = HandoverChoice.created_at < start_of_paris_day(rule.kept_since(today) + _SLACK)
    while rows := chunk_of(query.where(old, HandoverChoice.id > last).order_by(HandoverChoice.id), STEP):
        last = rows[-1][0].id
        ends = ((row, clock.paris_day(erased_at or row.until)) for row, erased_at in rows)
        due = [row for row, day in ends if rule.erased_from(day) <= today]
        for row in due:
            row.forget()
        if due:
            _count(owner, "handover_choice", len(due))
            yield


def _reports(owner: Organisation) -> Iterator[None]:
    """Reports of machines with what they led to, but for what a person still has to look at.

    Source: C. civ. 2224.
    """
    open_ones = (
        select(BackupReview.backup_run_id).where(BackupReview.state == ReviewState.OPEN),
        select(BackupAnomaly.backup_run_id).where(BackupAnomaly.state == AnomalyState.OPEN),
    )
    query = select(BackupRun).where(*(BackupRun.id.not_in(each) for each in open_ones))
    for rows in _old(query, BackupRun, BackupRun.created_at, "machine_report"):
        ids = [row.id for row in rows]
        for model in (BackupIncident, BackupReview, BackupAnomaly):
            db.session.execute(delete(model).where(model.backup_run_id.in_(ids)))
        gone: Any = db.session.execute(delete(BackupRun).where(BackupRun.id.in_(ids)))
        _count(owner, "machine_report", gone.rowcount)  # what another task of another day took is its own
        yield


def _accounts_of_mandates(owner: Organisation) -> Iterator[None]:
    """The account and the signer's address of a mandate on which nothing may be debited any more.

    The chain of its signature stays as it was written: the database itself lets nobody change it.

    Source: CMF L133-24 (13 months).
    """
    over = (MandateState.REVOKED, MandateState.REFUSED)
    query = select(Mandate).where(Mandate.state.in_(over), Mandate.iban_sealed.is_not(None))
    rule, today, last = table()["mandate"], clock.today(), 0
    while rows := chunk_of(query.where(Mandate.id > last).order_by(Mandate.id), STEP):
        last = rows[-1].id
        due = [row for row in rows if rule.erased_from(_last_day(row)) <= today]
        for row in due:
            row.iban, row.signer_email = None, None
        if due:
            _count(owner, "mandate", len(due))
            yield


def _last_day(row: Mandate) -> date:
    """Of its last debit, its end, its signature or its making, whichever came last."""
    days = (row.last_presented_on, row.revoked_on, row.signed_on, clock.paris_day(row.created_at))
    return max(day for day in days if day is not None)


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
