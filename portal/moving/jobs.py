"""The worker's part: judging a workbook, taking it in, taking it back."""

from typing import Any

from flask_babel import force_locale
from sqlalchemy import delete, select

from portal import jobs
from portal.accounts.models import User
from portal.blobs import content_of
from portal.db import db
from portal.errors import Refused
from portal.i18n import said
from portal.moving.checking import files_of, world_of
from portal.moving.judging import Wrong, judge
from portal.moving.models import Moving, MovingFault, MovingState
from portal.moving.reading import Found, read_workbook
from portal.moving.taking import take_customer, take_series
from portal.moving.undoing import undo

TOGETHER = 10  # customers taken in in one transaction
_EVERY = 100  # rows between two words of progress


def _moving(claim: jobs.Claim) -> Moving:
    return db.session.scalars(select(Moving).where(Moving.uid == claim.ref)).one()


def _language(user: User) -> str:
    return user.language or "fr"


def read_of(moving: Moving) -> list[Found]:
    return read_workbook(content_of(moving.document), moving.heads)


@jobs.job("moving.check")
def check_workbook(claim: jobs.Claim) -> None:
    moving = _moving(claim)
    if moving.state != MovingState.CHECKING:
        return
    with force_locale(_language(moving.by_user)):
        try:
            found = read_of(moving)
            total = sum(len(each.rows) for each in found)
            claim.step(done=0, total=total)
            wrong = judge(found, world_of(moving.by_user), lambda done: _tell(claim, done, total))
        except Refused as refusal:
            found, wrong = [], [Wrong("", 0, said(refusal))]
        db.session.execute(delete(MovingFault).where(MovingFault.moving_id == moving.id))
        db.session.add_all(_fault(moving, each) for each in wrong)
        number = sum(not each.is_remark for each in wrong)
        moving.judged(number, {each.sheet.key: len(each.rows) for each in found})


def _tell(claim: jobs.Claim, done: int, total: int) -> None:
    if done % _EVERY == 0:
        claim.step(done=done, total=total)


def _fault(moving: Moving, wrong: Wrong) -> MovingFault:
    return MovingFault(
        organisation=moving.organisation,
        moving_id=moving.id,
        sheet=wrong.sheet,
        row=wrong.row,
        reason=wrong.reason[:300],
        is_remark=wrong.is_remark,
    )


@jobs.job("moving.take")
def take_workbook(claim: jobs.Claim) -> None:
    """Goes on behind the last portion that was committed, whoever was killed in between."""
    moving = _moving(claim)
    if moving.state != MovingState.TAKING:
        return
    with force_locale(_language(moving.by_user)):
        try:
            _take(moving, claim)
        except Refused as refusal:
            db.session.rollback()  # of this portion; those before it are committed
            _moving(claim).stop(said(refusal))


def _take(moving: Moving, claim: jobs.Claim) -> None:
    by: Any = moving.by_user
    found = read_of(moving)
    rows, world = files_of(found), world_of(by)
    sheets = {each.sheet.key: each.rows for each in found}
    for row in sheets.get("series", []):
        take_series(moving, row, world, by=by)
    customers = sheets["customers"]
    for start in range(int(claim.cursor or 0), len(customers), TOGETHER):
        for row in customers[start : start + TOGETHER]:
            take_customer(moving, row, rows.get(row["reference"].casefold(), []), world, by=by)
        done = min(start + TOGETHER, len(customers))
        claim.step(cursor=str(done), done=done, total=len(customers))
    moving.finish()


@jobs.job("moving.undo")
def undo_moving(claim: jobs.Claim) -> None:
    """All of it, or nothing and why."""
    moving = _moving(claim)
    if moving.state != MovingState.UNDOING:
        return
    with force_locale(_language(moving.by_user)):
        try:
            undo(moving, by=moving.by_user)
        except Refused as refusal:
            moving.keep(said(refusal), by=moving.by_user)
