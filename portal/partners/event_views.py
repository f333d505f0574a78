"""What happened, as the journal tells it to who may read it."""

from typing import Any

from flask import g
from marshmallow import fields

from portal.access import Permission, requires
from portal.i18n import translated
from portal.journal import JournalEntry
from portal.partners.fields import Asked, Instant, Outgoing, listed, uid
from portal.partners.reading import page_after
from portal.partners.views import bp
from portal.words.events import event_text


class EventsAsked(Asked):
    record = uid(metadata={"description": "Only of the record with this uid."})


class EventOut(Outgoing):
    uid = fields.String(required=True)
    created_at = Instant(required=True)
    kind = fields.String(required=True)
    record = fields.String(required=True)
    what = fields.String(required=True)
    text = fields.String(required=True)
    before = fields.String(required=True, allow_none=True)
    after = fields.String(required=True, allow_none=True)
    by = fields.String(required=True)


def shape(row: JournalEntry) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("uid", "created_at", "what", "before", "after")} | {
        "kind": row.subject_kind,
        "record": row.subject_uid,
        "text": event_text(row),
        "by": translated(row.by_label),
    }


@bp.get("/events")
@requires(Permission.JOURNAL_READ)
@bp.arguments(EventsAsked, location="query")
@bp.response(200, listed("Events", EventOut))
def list_events(asked: dict[str, Any]) -> Any:
    """The journal, the oldest line first: the last cursor is where to go on from the next time."""
    query = JournalEntry.visible_to(g.actor)
    if wanted := asked.get("record"):
        query = query.where(JournalEntry.subject_uid == wanted)
    page = page_after(query, JournalEntry.id, asked)
    return {"data": [shape(row) for row in page["rows"]], "next_cursor": page["next_cursor"]}
