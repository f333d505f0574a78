"""Coming changes are found days before; every running contract is asked at both dates, and those that differ
are kept.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from sqlalchemy import Select, or_, select

from portal import clock, jobs
from portal.accounts.models import Organisation, OrganisationKind
from portal.contracts.models import concerned
from portal.db import commits, db, reading
from portal.journal import JournalEntry
from portal.law_days.asking import Differing, asked, compared
from portal.law_days.models import LawDay, LawDayContract, LawDayKind, LawDayState
from portal.paging import chunk_of
from portal.subscriptions.amendments import with_amendments
from portal.subscriptions.models import GOING_ON, Subscription, SubscriptionState
from portal.terms.ahead import look_ahead, turning_days
from portal.terms.in_force import contracts_with, pinned_stack
from portal.terms.models import TermsState, TermsVersion
from portal.terms.stack import Stack
from portal.terms.statutes import RULES

FIND = "law_days.find"
_STEP = 20  # contracts asked between two commits
_EVERY = 7  # days; between two times that all are asked, those alone that began or that something happened to
_RUNNING = (*GOING_ON, SubscriptionState.NOTICE_GIVEN)


def look_at_the_days() -> None:
    """Find what comes, have the contracts asked once a day, and close what has come.

    Source: L1 to L13; 003-04; regulation (EU) 2023/2854, art. 29.
    """
    query = select(Organisation).where(Organisation.kind == OrganisationKind.PROVIDER)
    for owner in chunk_of(query.order_by(Organisation.id), 1):
        for key, kind, day, version in _coming():
            known = select(LawDay.id).where(LawDay.organisation_id == owner.id, LawDay.key == key)
            if db.session.scalar(known) is None:
                row = LawDay(organisation=owner, key=key, kind=kind, day=day, version=version)
                db.session.add(row)
        db.session.flush()
    for row in db.session.scalars(select(LawDay).where(LawDay.state == LawDayState.COMING)).all():
        if row.day <= clock.today() or _is_withdrawn(row):
            row.close()
            continue
        ask_to_find(row)


def ask_to_find(row: LawDay) -> None:
    """One task a day, so that contracts that began meanwhile are asked too."""
    owner = db.session.get_one(Organisation, row.organisation_id)
    jobs.enqueue(FIND, f"{row.uid}:{clock.today().isoformat()}", owner, unit="contracts")


def _coming() -> Iterator[tuple[str, LawDayKind, date, str]]:
    today = clock.today()
    through = today + timedelta(days=look_ahead().days)
    for day in turning_days(RULES, today, through):
        yield f"law:{day.isoformat()}", LawDayKind.LAW, day, ""
    query = select(TermsVersion).where(
        TermsVersion.state == TermsState.PUBLISHED,
        TermsVersion.effective_on > today,
        TermsVersion.effective_on <= through,
    )
    for version in db.session.scalars(query.order_by(TermsVersion.id)):
        if version.effective_on is not None:
            yield f"terms:{version.version}", LawDayKind.TERMS, version.effective_on, version.version


def _is_withdrawn(row: LawDay) -> bool:
    version = _version_of(row)
    return row.kind == LawDayKind.TERMS and (version is None or version.state != TermsState.PUBLISHED)


def _version_of(row: LawDay) -> TermsVersion | None:
    query = select(TermsVersion).where(TermsVersion.version == row.version)
    return db.session.scalars(query).one_or_none() if row.version else None


def running_on(row: LawDay) -> Select[tuple[Subscription]]:
    """The contracts that run on its day, in the order in which they are asked."""
    query = select(Subscription).where(
        Subscription.state.in_(_RUNNING), or_(Subscription.ends_on.is_(None), Subscription.ends_on > row.day)
    )
    version = _version_of(row)
    if version is not None:
        query = query.where(Subscription.terms_stack.in_(contracts_with(version.code)))
    return query.order_by(Subscription.id)


def find_steps(row: LawDay, after: int) -> Iterator[int]:
    """Ask the contracts behind an id, some at a time; gives the last id of what is to be committed.

    All of them at first and every seventh day until a week before, in between those that something happened
    to. They are asked while the database is only read: nobody who writes waits for an answer of the engine.
    """
    whom = running_on(row) if _all_are_due(row) else _touched(row)
    while judged := _judged(row, whom, after):
        after = judged[-1][0]
        for subscription_id, differs in judged:
            _keep(row, subscription_id, differs=differs)
        db.session.flush()
        yield after
    row.looked_at = clock.now()
    yield after


def _all_are_due(row: LawDay) -> bool:
    """Were all asked before the last of the days on which all are? Those are counted back from its day."""
    if row.looked_at is None:
        return True
    today = clock.today()
    last = today - timedelta(days=-(row.day - today).days % _EVERY)
    return clock.paris_day(row.looked_at) < last


def _touched(row: LawDay) -> Select[tuple[Subscription]]:
    """Of those, the ones that began or stand in the journal since the day before they were asked."""
    since = (row.looked_at or clock.now()) - timedelta(days=1)  # some were asked long before the last
    events = select(JournalEntry.id).where(
        JournalEntry.subject_uid == Subscription.uid, JournalEntry.created_at > since
    )
    return running_on(row).where(or_(Subscription.created_at > since, events.exists()))


@commits
def _judged(row: LawDay, whom: Select[tuple[Subscription]], after: int) -> list[tuple[int, bool]]:
    """Some contracts behind an id, and whether each answers otherwise."""
    db.session.rollback()
    with reading():
        rows = chunk_of(whom.where(Subscription.id > after), _STEP)
        judged = [(each.id, bool(differing(row, each))) for each in rows]
        db.session.rollback()
    return judged


def _keep(row: LawDay, subscription_id: int, *, differs: bool) -> None:
    values = {"law_day_id": row.id, "subscription_id": subscription_id}
    known = db.session.scalars(select(LawDayContract).filter_by(**values)).one_or_none()
    if differs and known is None:
        owner = db.session.get_one(Organisation, row.organisation_id)
        db.session.add(LawDayContract(organisation=owner, mail_uid="", **values))
    elif known is not None and not differs and not known.mail_uid:
        db.session.delete(known)


def differing(row: LawDay, subscription: Subscription) -> list[Differing]:
    """What this contract answers otherwise, asked on the day before and on the day, or in both versions."""
    version = _version_of(row)
    if row.kind == LawDayKind.LAW:
        eve = max(row.day - timedelta(days=1), subscription.started_on)
        return compared(asked(subscription, eve), asked(subscription, row.day))
    if version is None or subscription not in concerned(subscription.customer, version):
        return []
    return in_version(subscription, version.code, version.version, row.day)


def in_version(subscription: Subscription, code: str, version: str, on: date) -> list[Differing]:
    """What would differ for this contract in another version of one of its documents, asked on one day.

    Source: 003-04, 003-05; 004-02.
    """
    on = max(on, subscription.started_on)
    follow = stack_with(subscription, code, version)
    return compared(asked(subscription, on), asked(subscription, on, follow))


def stack_with(subscription: Subscription, code: str, version: str) -> Stack:
    """Its contract with another version of one document; what was signed for it stays signed."""
    versions = [version if each.startswith(f"{code}-") else each for each in subscription.terms_versions]
    return with_amendments(pinned_stack(subscription.terms_stack, versions), subscription.amendments)
