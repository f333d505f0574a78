"""Keeping an uploaded workbook, sealed; nothing of what it says is written."""

import hashlib

from portal.accounts.models import User
from portal.blobs import keep
from portal.db import db, new_uid
from portal.journal import record
from portal.moving.models import Moving, MovingState
from portal.moving.reading import read_workbook

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def deposit(content: bytes, name: str, *, by: User) -> Moving:
    """Where the titles are ours it is judged at once. Raises Refused for what is no workbook."""
    found = read_workbook(content, {}, heads_only=True)
    moving = Moving(
        uid=new_uid(),
        organisation=by.organisation,
        state=MovingState.HEADS,
        name=name,
        sha256=hashlib.sha256(content).hexdigest(),
        by_user_id=by.id,
        heads={},
        counts={},
        faults=0,
        refusal="",
    )
    moving.document = keep(
        content, owner=by.organisation, subject=moving, kind="moving", filename=name, media_type=_XLSX
    )
    db.session.add(moving)
    db.session.flush()
    record(moving, "upload", by=by)
    if not any(each.missing({}) for each in found):
        moving.name_heads({}, by=by)
    return moving
