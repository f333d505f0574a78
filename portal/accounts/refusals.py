"""Who asks for what is not hers: noted in the journal, once an hour for each page, and never without end."""

from datetime import timedelta
from typing import Any

from flask import Response, g, request
from sqlalchemy import select

from portal import clock
from portal.db import AWAY, EVERYTHING, db, let_go, scope
from portal.journal import JournalEntry, record_taking

REFUSED = "refuse_page"  # the verb of the journal
_AGAIN_AFTER = timedelta(hours=1)
_AT_MOST = 30  # lines of one person within that time


def note_refusal(response: Response) -> Response:
    """A line about the acting person's account, for the owner and the auditor."""
    actor, page = g.get("actor"), request.endpoint
    if response.status_code != 403 or actor is None or actor.is_looking or page is None:
        return response
    try:
        with scope(EVERYTHING):  # by a link she may stand in another house than her own
            db.session.rollback()
            _note(actor, page)
    except AWAY:  # the refusal stands, whoever can note it
        let_go()
    return response


def _note(actor: Any, page: str) -> None:
    known = select(JournalEntry.details).where(
        JournalEntry.subject_uid == actor.uid,
        JournalEntry.what == REFUSED,
        JournalEntry.created_at > clock.now() - _AGAIN_AFTER,
    )
    noted = [details["page"] for details in db.session.scalars(known)]
    if page not in noted and len(noted) < _AT_MOST:
        record_taking(actor, REFUSED, by=actor, page=page)
