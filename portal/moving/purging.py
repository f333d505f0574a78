"""Files that were brought in carry accounts and names: they go by a dated rule, what came of them stays."""

from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import func, select

from portal import blobs, clock, jobs
from portal.db import db
from portal.journal import SYSTEM
from portal.moving.models import RESTS, Moving
from portal.moving.month_models import MonthState, ParallelMonth


@jobs.periodic("moving.purge", jobs.daily)
def purge_files() -> None:
    """Erase the files of what rests for ``MOVING_FILE_DAYS`` days, and of months compared as long ago.

    What nobody took in is given up with its file. Rows, counts and reasons stay.
    """
    before = clock.now() - timedelta(days=int(current_app.config["MOVING_FILE_DAYS"]))
    with blobs.store_faults_told():
        for moving in _resting(before):
            if moving.can("drop"):
                moving.drop(by=SYSTEM)
            _erase(moving)
        for month in _compared(before):
            _erase(month)


def _resting(before: datetime) -> list[Moving]:
    since = func.coalesce(Moving.rests_since, Moving.created_at)
    query = select(Moving).where(Moving.state.in_(RESTS), Moving.file_gone_on.is_(None), since < before)
    return list(db.session.scalars(query.order_by(Moving.id).with_for_update(of=Moving, key_share=True)))


def _compared(before: datetime) -> list[ParallelMonth]:
    here = ParallelMonth.state != MonthState.WORKING, ParallelMonth.file_gone_on.is_(None)
    query = select(ParallelMonth).where(*here, ParallelMonth.created_at < before)
    return list(db.session.scalars(query.order_by(ParallelMonth.id)))


def _erase(row: Moving | ParallelMonth) -> None:
    blobs.erase(row.document)
    row.file_gone_on = clock.today()
