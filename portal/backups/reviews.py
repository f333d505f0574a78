"""Is a contract still sized for what changes? Beyond its limit a person looks at it; nothing is charged."""

from typing import NamedTuple

from sqlalchemy import select

from portal import clock
from portal.backups.health import Outcome
from portal.backups.models import BackupReview, BackupRun, ChangeUnit, ReviewState
from portal.db import db
from portal.engine.rules import needs_review, needs_review_daily
from portal.journal import SYSTEM, record
from portal.terms.stack import Stack

DAILY = "first_backup_daily"


class Change(NamedTuple):
    """What changed, on which base, in one unit."""

    unit: ChangeUnit
    changed: int
    base: int


def look_at_changes(run: BackupRun) -> BackupReview | None:
    """Ask a person to review the contract when a run changed more than the contract was sized for.

    The limit is that of the documents pinned by the machine's subscription (A10). One open review is
    enough: while it waits, later runs add none.

    Source: 002-05, 004-07.
    """
    subscription = run.machine.subscription
    if subscription is None or run.outcome == Outcome.FAILED or _open_review(run) is not None:
        return None
    terms = subscription.terms.on(clock.paris_day(run.ended_at))
    limit = terms.find("backup.change_rate_basis_points")
    if limit is None:
        return None
    daily = _is_daily(terms)
    base = _earlier(run, first=daily)
    last = _earlier(run, first=False)
    if base is None or last is None:
        return None
    days = max((clock.paris_day(run.ended_at) - clock.paris_day(last.ended_at)).days, 1) if daily else None
    for one in _changes(run, base):
        if _is_beyond(one, int(limit.value), days):
            return _ask(run, one, days, int(limit.value), limit.clause)
    return None


def _is_daily(terms: Stack) -> bool:
    since = terms.find("backup.change_rate_since")
    return since is not None and since.value == DAILY


def _changes(run: BackupRun, base: BackupRun) -> tuple[Change, Change]:
    return (
        Change(ChangeUnit.BYTES, run.added_bytes, base.source_bytes),
        Change(ChangeUnit.FILES, run.files_new + run.files_changed, base.files_total),
    )


def _is_beyond(one: Change, limit_bp: int, days: int | None) -> bool:
    if days is None:
        return needs_review(one.changed, one.base, limit_bp)
    return needs_review_daily(one.changed, one.base, limit_bp, days)


def _earlier(run: BackupRun, *, first: bool) -> BackupRun | None:
    """The first backup of the machine, or the last one before this; failed runs saved nothing."""
    query = select(BackupRun).where(
        BackupRun.machine_id == run.machine_id,
        BackupRun.ended_at < run.ended_at,
        BackupRun.outcome != Outcome.FAILED,
    )
    order = BackupRun.ended_at.asc() if first else BackupRun.ended_at.desc()
    return db.session.scalars(query.order_by(order).limit(1)).one_or_none()


def _open_review(run: BackupRun) -> BackupReview | None:
    query = select(BackupReview).where(
        BackupReview.machine_id == run.machine_id, BackupReview.state == ReviewState.OPEN
    )
    return db.session.scalars(query.limit(1)).one_or_none()


def _ask(run: BackupRun, one: Change, days: int | None, limit_bp: int, clause: str) -> BackupReview:
    review = BackupReview(
        organisation=run.machine.customer.organisation,
        machine_id=run.machine_id,
        backup_run_id=run.id,
        unit=one.unit,
        changed=one.changed,
        base=one.base,
        days=days,
        limit_bp=limit_bp,
        clause=clause,
        state=ReviewState.OPEN,
        note="",
    )
    db.session.add(review)
    db.session.flush()
    record(review, "ask", by=SYSTEM)
    return review
